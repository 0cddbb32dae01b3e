extension ExplorerPage {
  /// The page as a whole.
  static let pageScript: StaticString = #"""
    const tabs = { cell: ['Cell', showCell], heads: ['Heads', showHeads], neuron: ['Neuron', showNeuron], search: ['Search', showSearch] };
    let answer = null;
    let figures = [];
    const masked = [];

    /** The text with the mask in place of a token, by its bytes. */
    function maskToken(column) {
      const span = answer.spans[answer.maps[0].reading.positions[column]], mask = model().mask;
      if (!span) return;
      const bytes = new TextEncoder().encode(state.text), decoder = new TextDecoder();
      const there = decoder.decode(bytes.slice(span[0], span[1]));
      if (there === mask && masked.length) { update({ text: masked.pop() }); return; }
      if (there === mask) return;
      masked.push(state.text);
      update({ text: decoder.decode(bytes.slice(0, span[0])) + mask + decoder.decode(bytes.slice(span[1])) });
    }

    async function showMaps() {
      if (state.text === '') {
        answer = null;
        figures = [];
        $('maps').replaceChildren(el('p', { className: 'soft' }, 'Type a text.'));
        return;
      }
      const start = performance.now();
      answer = await call('lens', lensRequest());
      const canMask = model().mask !== null && !state.each;
      figures = [];
      const shown = answer.maps.map((entry, index) => [entry, index])
        // Without the changes first; what matters is what they do.
        .sort((a, b) => answer.difference ? b[1] - a[1] : 0);
      const add = (map, reading, options = {}) => {
        const made = figure(map, {
          name: map.title + ', ' + map.subtitle,
          choose: (row, column) => update({ cell: map.rows[row] + '@' + reading.positions[column], tab: 'cell' }),
          column: options.masks ? (name, column) => el('button', { type: 'button', onclick: () => maskToken(column),
            title: 'Put ' + model().mask + ' here' }, name) : null });
        made.map = map;
        made.reading = reading;
        figures.push(made);
      };
      add(shown[0][0].map, shown[0][0].reading, { masks: canMask && !beside() });
      if (answer.difference) add(answer.difference, shown[0][0].reading);
      shown.slice(1).forEach(([entry]) => add(entry.map, entry.reading));
      $('maps').replaceChildren(...figures, model().head === 'embedding' ? el('p', { className: 'soft' }, 'This model has no head '
        + 'over the vocabulary: its states are read through its token embedding.') : '');
      markChosen();
      const count = answer.maps[0].reading.ids.length;
      say(count + (count === 1 ? ' token, ' : ' tokens, ') + Math.round(performance.now() - start) + ' ms');
      document.body.dataset.drawn = String(Number(document.body.dataset.drawn || 0) + 1);
      if (model().classes && state.changes.length === 0) {
        const decision = await call('decision', { model: model().name, text: state.text });
        $('maps').append(figure(decision.map, { name: 'The decision at each level', choose: () => {} }));
      }
    }

    function markChosen() {
      const cell = chosen();
      for (const figure of figures) {
        const row = cell ? figure.map.rows.indexOf(cell.level) : -1;
        const column = cell ? figure.reading.positions.indexOf(cell.position) : -1;
        if (row >= 0 && column >= 0) figure.table.mark(row, column);
      }
    }

    function showTab() {
      for (const [name, [title]] of Object.entries(tabs)) {
        const isOn = name === state.tab;
        $('tab-' + name).setAttribute('aria-selected', String(isOn));
        $('tab-' + name).tabIndex = isOn ? 0 : -1;
        $('panel-' + name).hidden = !isOn;
      }
      return tabs[state.tab][1]();
    }

    function showControls() {
      const own = model();
      for (const key of ['text', 'second', 'target', 'versus']) if ($(key).value !== state[key]) $(key).value = state[key];
      for (const key of ['each', 'tuned', 'sublayers']) $(key).checked = state[key];
      for (const key of ['model', 'show']) $(key).value = state[key];
      $('beside').value = state.beside;
      $('each-label').hidden = own.mask === null;
      $('tuned-label').hidden = !own.tuned;
      $('versus').disabled = state.target === '';
      $('clear-changes').hidden = state.changes.length === 0;
      $('change-list').replaceChildren(...state.changes.map(change => el('li', {}, el('span', { className: 'mono', title: change }, change),
        el('button', { type: 'button', 'aria-label': 'Remove ' + change,
          onclick: () => update({ changes: state.changes.filter(other => other !== change) }) }, '\u00d7'))));
      document.title = own.name + ': ' + (state.text.slice(0, 40) || 'Graft explorer');
    }

    /** Changes the state and draws again what depends on it. */
    function update(changes) {
      const before = JSON.stringify(lensRequest()), had = written();
      put(changes);
      if (written() === had) return;
      refresh(JSON.stringify(lensRequest()) !== before);
    }

    function refresh(mapsToo = true) {
      fail('');
      showControls();
      if (mapsToo) attempt(showMaps); else markChosen();
      attempt(showTab);
    }

    function later(work, milliseconds) {
      let timer = 0;
      return () => { clearTimeout(timer); timer = setTimeout(work, milliseconds); };
    }

    function connect() {
      $('tabs').replaceChildren(...Object.entries(tabs).map(([name, [title]]) => el('button', { type: 'button', role: 'tab',
        id: 'tab-' + name, 'aria-controls': 'panel-' + name, onclick: () => update({ tab: name }) }, title)));
      $('tabs').addEventListener('keydown', event => {
        const names = Object.keys(tabs), step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (!step) return;
        const name = names[(names.indexOf(state.tab) + step + names.length) % names.length];
        update({ tab: name });
        $('tab-' + name).focus();
      });
      const texts = () => update({ text: $('text').value, second: $('second').value, target: $('target').value,
        versus: $('versus').value });
      const soon = later(texts, 250);
      for (const id of ['text', 'second', 'target', 'versus']) {
        $(id).addEventListener('input', soon);
        $(id).addEventListener('keydown', event => {
          if (event.key !== 'Enter' || event.shiftKey) return;
          event.preventDefault();
          texts();
        });
      }
      for (const id of ['each', 'tuned', 'sublayers']) $(id).addEventListener('change', () => update({ [id]: $(id).checked }));
      for (const id of ['beside', 'show']) $(id).addEventListener('change', () => update({ [id]: $(id).value }));
      $('model').addEventListener('change', () => update({ model: $('model').value, changes: [], cell: '', head: '', neuron: '' }));
      $('prompt').addEventListener('submit', event => event.preventDefault());
      $('change-form').addEventListener('submit', event => {
        event.preventDefault();
        const text = $('change').value.trim();
        if (text !== '') addChange(text);
        $('change').value = '';
      });
      $('clear-changes').addEventListener('click', () => update({ changes: [] }));
      $('copy-link').addEventListener('click', () => copy(location.href, 'Link copied'));
      $('copy-command').addEventListener('click', () => { if (answer) copy(answer.command, 'Command copied'); });
      for (const format of ['svg', 'pdf', 'png', 'json']) {
        $('save-' + format).addEventListener('click', () => attempt(async () => {
          fail('');
          await save('export', lensRequest({ top: 10, format }));
        }));
      }
      window.addEventListener('hashchange', () => {
        state = read(location.hash.slice(1));
        if (!models.some(model => model.name === state.model)) state.model = models[0].name;
        refresh();
      });
    }

    async function begin() {
      const about = await call('models', {});
      models = about.models;
      hasAtlas = about.atlas;
      $('model').append(...models.map(model => el('option', { value: model.name }, model.name)));
      $('beside').append(el('option', { value: '' }, 'nothing'), el('option', { value: 'second' }, 'the second text'),
        ...models.map(model => el('option', { value: 'model:' + model.name }, model.name)));
      $('show').append(el('option', { value: '' }, 'what fits'), ...about.statistics.map(name => el('option', { value: name }, name)));
      state = read(location.hash.slice(1));
      if (!models.some(model => model.name === state.model)) state.model = models[0].name;
      if (location.hash === '') state.text = model().mask === null ? 'This movie was a complete waste of' : 'the acting is ' + model().mask + ' .';
      connect();
      refresh();
    }

    attempt(begin);

    """#
}
