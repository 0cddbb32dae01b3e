extension ExplorerPage {
  /// What is shown, as it stands behind "#" in the address.
  static let stateScript: StaticString = #"""
    /** One letter or word for each part of the state; a link restores it. The token is never a part of it. */
    const defaults = { model: '', text: '', second: '', beside: '', show: '', target: '', versus: '', each: false, tuned: false,
      sublayers: false, changes: [], cell: '', tab: 'cell', head: '', neuron: '', words: '' };
    let state = { ...defaults };
    let models = [];
    const modelNamed = name => models.find(model => model.name === name) || models[0];
    const model = () => modelNamed(state.model);

    function written() {
      const parts = new URLSearchParams();
      for (const [key, value] of Object.entries(state)) {
        if (Array.isArray(value)) value.forEach(one => parts.append(key, one));
        else if (value !== defaults[key]) parts.set(key, value === true ? '1' : value);
      }
      return parts.toString();
    }

    function read(fragment) {
      const parts = new URLSearchParams(fragment);
      const next = { ...defaults, changes: parts.getAll('changes').slice(0, 32) };
      for (const key of Object.keys(defaults)) {
        if (key === 'changes' || !parts.has(key)) continue;
        next[key] = typeof defaults[key] === 'boolean' ? parts.get(key) === '1' : parts.get(key);
      }
      return next;
    }

    /** Changes the state and the address. - returns: whether anything is another. */
    function put(changes) {
      const before = written();
      state = { ...state, ...changes };
      const after = written();
      if (before === after) return false;
      history.replaceState(null, '', '#' + after);
      return true;
    }

    /** Of the text as it is asked about everywhere. */
    function prompt(extra = {}) {
      const own = model();
      return {
        model: own.name, text: state.text, target: state.target, versus: state.target === '' ? '' : state.versus,
        mask_each: state.each && own.mask !== null, changes: state.changes, ...extra,
      };
    }

    /** What is shown beside the text: nothing, the second text, or another model. */
    function beside() {
      if (state.beside === '') return null;
      if (state.beside === 'second') return state.second === '' ? null : { text: state.second };
      return { model: state.beside.slice('model:'.length) };
    }

    function lensRequest(extra = {}) {
      const request = prompt({
        show: state.show, sublayers: state.sublayers, top: state.text.length > 600 ? 3 : 10, ...extra });
      const other = beside();
      if (other) request.beside = other;
      request.tuned = state.tuned && model().tuned && other === null;
      return request;
    }

    """#
}
