extension ExplorerPage {
  /// Heat maps as grids.
  static let mapScript: StaticString = #"""
    function legend(map, statistic) {
      const ramp = el('span', { className: 'ramp', 'aria-hidden': 'true' });
      for (let shade = 0; shade < 33; shade++) ramp.append(el('span', { className: statistic.palette + shade }));
      return el('div', { className: 'scale', title: statistic.explanation },
        el('b', {}, statistic.legend), el('span', { className: 'ends' }, statistic.dark, ramp, statistic.bright),
        statistic.signed ? el('span', { className: 'soft' }, '0 in the middle') : null,
        statistic.missing ? el('span', { className: 'soft' }, 'grey: no value') : null,
        map.marks.length && map.markMeaning ? el('span', { className: 'mark' }, map.markMeaning) : null);
    }

    /**
     * A map as a grid: arrow keys, Home, End, Page Up and Page Down move, Enter and Space choose.
     * options: choose(row, column), column(index) for a button in the foot, selected(row, column), name.
     */
    function grid(map, options) {
      const statistic = map.statistics[map.shown], width = map.columns.length;
      const marks = new Set(map.marks);
      const cells = [];
      const body = el('tbody');
      map.rows.forEach((name, row) => {
        const line = el('tr', {}, el('th', { scope: 'row' }, name));
        for (let column = 0; column < width; column++) {
          const place = row * width + column, shade = statistic.shades[place], text = map.texts[place];
          const cell = document.createElement('td');
          cell.textContent = text;
          cell.className = (shade === null ? (text === '' ? '' : 'qn') : statistic.palette + shade) + (marks.has(place) ? ' m' : '');
          cell.tabIndex = -1;
          cells.push(cell);
          line.append(cell);
        }
        body.append(line);
      });
      const foot = el('tr', {}, el('td'));
      map.columns.forEach((name, column) => {
        foot.append(el('th', { scope: 'col', title: name }, options.column ? options.column(name, column) : name));
      });
      const table = el('table', { className: 'cells', role: 'grid', 'aria-label': options.name || map.title }, body,
        el('tfoot', {}, foot));
      let current = 0;
      const focus = place => {
        if (cells[current]) cells[current].tabIndex = -1;
        current = place;
        cells[place].tabIndex = 0;
      };
      const mark = (row, column) => cells.forEach((cell, place) => {
        if (place === row * width + column) { cell.setAttribute('aria-selected', 'true'); focus(place); }
        else if (cell.hasAttribute('aria-selected')) cell.removeAttribute('aria-selected');
      });
      if (cells.length) focus(0);
      const at = event => cells.indexOf(event.target.closest('td'));
      table.addEventListener('click', event => {
        const place = at(event);
        if (place < 0) return;
        focus(place);
        options.choose(Math.floor(place / width), place % width);
      });
      table.addEventListener('mouseover', event => {
        const place = at(event);
        if (place < 0) return;
        const value = statistic.values[place];
        cells[place].title = map.rows[Math.floor(place / width)] + ', ' + map.columns[place % width] + ': ' + map.texts[place]
          + ', ' + statistic.name + ' ' + (value === null ? 'none' : value.toFixed(statistic.decimals));
      });
      table.addEventListener('keydown', event => {
        if (event.target.tagName !== 'TD') return;
        const row = Math.floor(current / width), column = current % width;
        const steps = { ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1], ArrowUp: [row - 1, column],
          ArrowDown: [row + 1, column], Home: [row, 0], End: [row, width - 1], PageUp: [0, column],
          PageDown: [map.rows.length - 1, column] };
        if (event.key === 'Enter' || event.key === ' ') {
          event.preventDefault();
          options.choose(row, column);
          return;
        }
        const step = steps[event.key];
        if (!step) return;
        event.preventDefault();
        if (step[0] < 0 || step[0] >= map.rows.length || step[1] < 0 || step[1] >= width) return;
        focus(step[0] * width + step[1]);
        cells[current].focus();
      });
      table.mark = mark;
      return table;
    }

    function figure(map, options) {
      const table = grid(map, options);
      const whole = el('figure', { className: 'map' }, el('div', { className: 'title' }, map.title),
        el('p', { className: 'note' }, map.subtitle), legend(map, map.statistics[map.shown]),
        el('div', { className: 'plane' }, table));
      whole.table = table;
      return whole;
    }

    """#
}
