extension ExplorerPage {
  /// A cell: its tokens, who makes the logit there, and what can be changed.
  static let cellScript: StaticString = #"""
    /** "L3@5": the level and the place of the chosen cell; null without one. */
    function chosen() {
      const match = /^(.+)@(\d+)$/.exec(state.cell);
      return match ? { level: match[1], position: Number(match[2]) } : null;
    }

    const layerOf = level => level === 'embed' ? -1 : Number(/^L(\d+)/.exec(level)[1]);

    function addChange(text) {
      if (!state.changes.includes(text)) update({ changes: [...state.changes, text] });
    }

    /** Buttons that change a site. */
    function actions(site, title, position, more = []) {
      const only = el('input', { type: 'checkbox' });
      const place = () => only.checked ? site + '@' + position : site;
      const button = (label, change) => el('button', { type: 'button', onclick: () => addChange(change()) }, label);
      const patch = button('Patch from second text', () => place() + '=from:' + state.second);
      patch.disabled = state.second === '';
      if (patch.disabled) patch.title = 'Type a second text first.';
      return el('div', { className: 'actions', role: 'group', 'aria-label': 'Change ' + site }, el('b', {}, title),
        button('Zero', () => place() + '=zero'), button('Mean', () => place() + '=mean'), patch, ...more,
        position === null ? null : el('label', { className: 'check' }, only, 'at this token only'));
    }

    async function showCell() {
      const panel = $('panel-cell'), cell = chosen();
      if (!cell) {
        panel.replaceChildren(el('p', { className: 'soft' },
          'Choose a cell of the map: by a click, or with the arrow keys and Enter.'));
        return;
      }
      const own = state.cell;
      const [lens, parts] = await Promise.all([
        call('lens', prompt({ positions: [cell.position], top: 10, sublayers: state.sublayers }), 'cell'),
        model().is_checkpoint ? call('attribution', prompt({ position: cell.position })) : null]);
      if (state.cell !== own) return;
      const reading = lens.maps[lens.maps.length - 1].reading;
      const level = reading.levels.find(level => level.level === cell.level) || reading.levels[reading.levels.length - 1];
      const place = level.places[0];
      const display = lens.maps[0].map.columns[0];
      const facts = ['entropy ' + place.entropy.toFixed(2), 'KL to final ' + place.kl_to_final.toFixed(2),
        'rank of the final answer ' + place.final_rank];
      if (place.truth) facts.push('true token: rank ' + place.truth.rank + ', P ' + Math.exp(place.truth.logprob).toFixed(4));
      if (place.target) facts.push('target: rank ' + place.target.rank + ', P ' + Math.exp(place.target.logprob).toFixed(4));
      const layer = layerOf(cell.level);
      const content = [
        el('h2', { id: 'cell-title' }, level.level + ' at token ' + cell.position + ' ' + display),
        el('p', { className: 'facts' }, facts.join('; ')),
        bars(place.top.map(item => ({ label: shownAs(lens, item), value: item.probability,
          hint: 'Follow this token', use: () => update({ target: shownAs(lens, item) }) })), 4),
      ];
      if (parts) content.push(...attributionParts(parts, cell));
      content.push(el('h3', {}, 'Change this state'), actions(level.level, level.level, cell.position));
      const neurons = el('div', {});
      if (layer >= 0) content.push(el('h3', {}, 'Most active neurons of block ' + layer + ' here'), neurons);
      panel.replaceChildren(...content);
      if (layer < 0) return;
      const found = await call('neurons', prompt({ layer, position: cell.position }));
      neurons.replaceChildren(bars(found.neurons.map(neuron => ({ label: neuron.name, value: neuron.activation,
        hint: 'Show this neuron', use: () => update({ neuron: neuron.name, tab: 'neuron' }) })), 2));
    }

    /** The parts of a logit as a map, and what can be done with the one that is chosen. */
    function attributionParts(answer, cell) {
      const map = answer.map, bar = el('div', {});
      const choose = (row, column) => {
        table.mark(row, column);
        const name = map.rows[row], part = map.columns[column];
        const site = /^L\d+$/.test(name) && part !== 'rest' ? (part === 'mlp' ? name + '.mlp' : name + part) : null;
        if (!site) {
          bar.replaceChildren(el('p', { className: 'facts' }, part === 'rest'
            ? 'Embeddings, biases and shifts of norms; they cannot be changed one by one.' : 'Nothing is here.'));
          return;
        }
        const value = map.statistics[0].values[row * map.columns.length + column];
        const look = part === 'mlp' ? [] : [el('button', { type: 'button',
          onclick: () => update({ head: site, tab: 'heads' }) }, 'Look at it')];
        bar.replaceChildren(actions(site, site + ' ' + (value === null ? '' : signed(value, 3)), cell.position, look));
      };
      const table = grid(map, { choose, name: answer.title });
      return [el('h3', {}, 'Who makes the ' + answer.title),
        el('p', { className: 'facts' }, signed(answer.attribution.logit, 3) + ' in all. Choose a part to change it.'),
        el('div', { className: 'plane' }, table), bar];
    }

    """#
}
