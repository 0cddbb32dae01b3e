extension ExplorerPage {
  /// Heads: all of them small, one in full.
  static let attentionScript: StaticString = #"""
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    /** The palettes of the heat maps, read from the style sheet that colours them. */
    const palettes = {};
    function palette(name) {
      if (!palettes[name]) {
        const probe = el('span', { hidden: true });
        document.body.append(probe);
        palettes[name] = Array.from({ length: 33 }, (_, shade) => {
          probe.className = name + shade;
          return getComputedStyle(probe).backgroundColor.match(/\d+/g).map(Number);
        });
        probe.remove();
      }
      return palettes[name];
    }

    /** Draws rows of places from 0 to 1 on a canvas, one pixel each. */
    function draw(canvas, rows, columns, colors, place) {
      canvas.width = columns;
      canvas.height = rows;
      const context = canvas.getContext('2d'), image = context.createImageData(columns, rows);
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          const color = colors[Math.round(Math.min(1, Math.max(0, place(row, column))) * 32)];
          image.data.set([color[0], color[1], color[2], 255], 4 * (row * columns + column));
        }
      }
      context.putImageData(image, 0, 0);
    }

    async function showHeads() {
      const panel = $('panel-heads');
      if (state.text === '') return;
      const all = await call('attention', prompt());
      const body = el('tbody');
      const most = Math.max(...all.heads.map(heads => heads.length));
      all.heads.map((heads, layer) => [heads, layer]).reverse().forEach(([heads, layer]) => {
        const line = el('tr', {}, el('th', { scope: 'row' }, 'L' + layer));
        heads.forEach((text, head) => {
          const name = 'L' + layer + 'H' + head, canvas = el('canvas', { 'aria-hidden': 'true' });
          draw(canvas, all.side, all.side, palette('q'), (row, column) => digits.indexOf(text[row * all.side + column]) / 63);
          line.append(el('td', {}, el('button', { type: 'button', 'aria-label': 'Head ' + name,
            'aria-pressed': String(name === state.head), title: name, onclick: () => update({ head: name }) }, canvas)));
        });
        body.append(line);
      });
      const head = el('tr', {}, el('td'), ...Array.from({ length: most }, (_, i) => el('th', { scope: 'col' }, 'H' + i)));
      const detail = el('div', { id: 'head-detail' });
      panel.replaceChildren(el('h2', {}, 'Attention of all heads'),
        el('p', { className: 'facts' }, 'Rows attend to columns, the first token at the top left; bright is more.'),
        el('div', { className: 'scroll' }, el('table', { className: 'thumbs' }, body, el('tfoot', {}, head))), detail);
      if (state.head === '') {
        detail.append(el('p', { className: 'soft' }, 'Choose a head.'));
      } else if (model().is_checkpoint) {
        await showHead(detail);
      }
    }

    async function showHead(detail) {
      const name = state.head;
      const found = await call('head', prompt({ head: name }));
      if (state.head !== name) return;
      const tokens = found.tokens, count = tokens.length;
      let row = count - 1;
      const cell = chosen();
      if (cell && cell.position < count) row = cell.position;
      const most = found.effective.flat().reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
      const raw = el('canvas', { role: 'img', 'aria-label': 'Raw attention of ' + name }),
        effective = el('canvas', { role: 'img', 'aria-label': 'Effective attention of ' + name });
      draw(raw, count, count, palette('q'), (i, j) => found.raw[i][j]);
      draw(effective, count, count, palette('d'), (i, j) => 0.5 + found.effective[i][j] / most / 2);
      const strip = el('div', { className: 'tokens', role: 'group', 'aria-label': 'The token that attends' });
      const list = el('div', {});
      const attend = index => {
        row = index;
        Array.from(strip.children).forEach((button, place) => button.setAttribute('aria-pressed', String(place === row)));
        const order = found.raw[row].map((value, place) => [value, place]).sort((a, b) => b[0] - a[0] || a[1] - b[1]).slice(0, 8);
        list.replaceChildren(el('table', { className: 'list' },
          el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, tokens[row] + ' attends to'), el('th', { scope: 'col' }, 'raw'),
            el('th', { scope: 'col' }, 'effective'))),
          el('tbody', {}, ...order.map(([value, place]) => el('tr', {}, el('td', { className: 'mono' }, place + ' ' + tokens[place]),
            el('td', {}, value.toFixed(4)), el('td', {}, found.effective[row][place].toFixed(4)))))));
      };
      tokens.forEach((token, index) => strip.append(el('button', { type: 'button', onclick: () => attend(index) }, token)));
      for (const canvas of [raw, effective]) {
        canvas.addEventListener('click', event => {
          const box = canvas.getBoundingClientRect();
          attend(Math.min(count - 1, Math.floor((event.clientY - box.top) / box.height * count)));
        });
        canvas.addEventListener('mousemove', event => {
          const box = canvas.getBoundingClientRect();
          const i = Math.min(count - 1, Math.max(0, Math.floor((event.clientY - box.top) / box.height * count)));
          const j = Math.min(count - 1, Math.max(0, Math.floor((event.clientX - box.left) / box.width * count)));
          canvas.title = tokens[i] + ' to ' + tokens[j] + ': ' + (canvas === raw ? found.raw : found.effective)[i][j].toFixed(4);
        });
      }
      const labels = className => count > 40 ? null
        : el('div', { className, 'aria-hidden': 'true' }, ...tokens.map(token => el('span', {}, token)));
      const matrix = (title, canvas) => el('div', {}, el('h3', {}, title),
        el('div', { className: 'matrix mono' }, labels(''), canvas, labels('below')));
      const pairs = el('div', { className: 'two' });
      const unchanged = state.changes.length ? ' These two are without the changes.' : '';
      detail.replaceChildren(el('h2', {}, 'Head ' + name), actions(name, name, cell ? cell.position : null),
        el('div', { className: count > 12 && count <= 40 ? 'matrices stacked' : 'matrices' }, matrix('Raw', raw),
          matrix('Effective', effective)),
        el('p', { className: 'facts' }, 'rank ' + found.rank + ', null space ' + found.null_dimension + ', null share '
          + found.null_share.toFixed(3) + (found.correlation === null ? '' : ', correlation ' + found.correlation.toFixed(3)) + '.'
          + unchanged),
        strip, list, el('h3', {}, 'Strongest pairs of its parameters'), pairs);
      attend(row);
      for (const [matrix, title] of [['vo', 'W_VO: reads, writes'], ['qk', 'W_QK: attends, attended to']]) {
        const column = el('div', {}, el('h3', {}, title), el('p', { className: 'soft' }, '\u2026'));
        pairs.append(column);
        const answer = await call('pairs', { model: model().name, head: name, matrix }, 'pairs');
        column.lastChild.replaceWith(el('table', { className: 'list' }, el('tbody', {}, ...answer.pairs.map(pair => el('tr', {},
          el('td', { className: 'mono' }, shownAs(answer, pair.row)), el('td', { className: 'mono' }, shownAs(answer, pair.column)),
          el('td', { className: 'number' }, pair.score.toFixed(2)))))));
      }
    }

    """#
}
