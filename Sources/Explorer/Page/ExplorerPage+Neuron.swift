extension ExplorerPage {
  /// A neuron, and the search in an atlas.
  static let neuronScript: StaticString = #"""
    async function showNeuron() {
      const panel = $('panel-neuron');
      const input = el('input', { size: 10, value: state.neuron, placeholder: 'L2:10', spellcheck: false });
      const form = el('form', { className: 'line', autocomplete: 'off', onsubmit: event => {
        event.preventDefault();
        update({ neuron: input.value.trim() });
      } }, el('label', {}, 'Neuron', input), el('button', {}, 'Show'));
      const content = el('div', {});
      panel.replaceChildren(form, content);
      if (state.neuron === '') {
        content.append(el('p', { className: 'soft' }, 'Block and number, as in L2:10; a chosen cell lists those most active in it.'));
        return;
      }
      const found = await call('neuron', prompt({ neuron: state.neuron }));
      const most = found.activations.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
      const strip = el('div', { className: 'tokens' }, ...found.activations.map((value, place) => el('span', {
        className: 'd' + Math.round(16 + value / most * 16), title: place + ' ' + found.tokens[place] + ': ' + value.toFixed(3) },
        found.tokens[place] + ' ' + value.toFixed(2))));
      const tokens = items => bars(items.slice(0, 12).map(item => ({ label: shownAs(found, item), value: item.score })), 2);
      const [key, value] = found.vectors;
      content.replaceChildren(el('h2', {}, 'Neuron ' + found.name), el('h3', {}, 'Activation at each token'), strip,
        el('h3', {}, 'Key: what it reads'), el('div', { className: 'two' }, tokens(key.highest), tokens(key.lowest)),
        el('h3', {}, 'Value: what it writes'), el('div', { className: 'two' }, tokens(value.highest), tokens(value.lowest)));
    }

    let hasAtlas = false;

    async function showSearch() {
      const panel = $('panel-search');
      if (!hasAtlas) {
        panel.replaceChildren(el('p', { className: 'soft' }, 'There is no atlas. Build one with graft atlas build, and start with --atlas.'));
        return;
      }
      const input = el('input', { size: 18, value: state.words, spellcheck: false });
      const form = el('form', { className: 'line', autocomplete: 'off', onsubmit: event => {
        event.preventDefault();
        update({ words: input.value.trim() });
      } }, el('label', {}, 'Words', input), el('button', {}, 'Search'));
      const content = el('div', {});
      panel.replaceChildren(form, content);
      if (state.words === '') return;
      const found = await call('search', { words: state.words });
      content.replaceChildren(el('p', { className: 'facts' }, found.model + ': ' + found.count + ' places'),
        el('table', { className: 'list' }, el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'place'),
          el('th', { scope: 'col' }, 'kind'), el('th', { scope: 'col' }, 'rank'), el('th', { scope: 'col' }, 'where'))),
        el('tbody', {}, ...found.matches.map(match => {
          const opens = /^L\d+H\d+$/.test(match.name) ? { head: match.name, tab: 'heads' }
            : /^L\d+:\d+$/.test(match.name) ? { neuron: match.name, tab: 'neuron' } : null;
          return el('tr', {}, el('td', {}, opens
            ? el('button', { type: 'button', onclick: () => update(opens) }, match.name) : match.name),
            el('td', {}, match.kind), el('td', { className: 'number' }, String(match.places[0].rank)),
            el('td', { className: 'mono' }, match.places.slice(0, 3).map(place => place.text).join(', ')));
        }))));
    }

    """#
}
