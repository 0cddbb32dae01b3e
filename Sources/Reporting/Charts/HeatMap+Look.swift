extension HeatMap {
  static let styleSheet: StaticString = """
    .heat { position: relative; left: 50%; transform: translateX(-50%); width: max-content; min-width: 100%;
      max-width: calc(100vw - 3rem); overflow: visible; }
    .beside { position: relative; left: 50%; transform: translateX(-50%); width: max-content; min-width: 100%;
      max-width: calc(100vw - 3rem); display: grid; grid-template-columns: repeat(auto-fit, minmax(26rem, 1fr)); gap: 2rem; }
    .beside .heat { left: 0; transform: none; width: auto; min-width: 0; max-width: 100%; margin-inline: 0; }
    @media (max-width: 60rem) { .beside { grid-template-columns: minmax(0, 1fr); } }
    .heat .plane { overflow: auto; max-height: 70vh; }
    .heat p { margin: 0.2rem 0; max-width: none; }
    .heat .title { font-weight: 600; }
    .heat .soft { margin-bottom: 0.6rem; color: var(--soft); font-size: 0.875rem; }
    .heat table { border-collapse: separate; border-spacing: 1px; font: 0.75rem/1.2 ui-monospace, 'SF Mono', Menlo, Consolas,
      'DejaVu Sans Mono', monospace; }
    .heat td, .heat th { padding: 0.3rem 0.45rem; border: 0; text-align: center; min-width: 3rem; max-width: 8.5rem;
      overflow: hidden; text-overflow: ellipsis; }
    .heat td + td:not(.number), .heat th + th:not(.number) { padding-left: 0.45rem; }
    .heat th[scope=row] { position: sticky; left: 0; z-index: 1; background: var(--paper); text-align: right;
      min-width: 0; font-weight: 400; color: var(--soft); }
    .heat .m { position: relative; font-weight: 700; }
    .heat .m::after { content: ''; position: absolute; top: 0; right: 0; border: 4px solid;
      border-color: currentColor currentColor transparent transparent; }
    .heat .blank { background: transparent; }
    .heat tfoot th, .heat tfoot td { position: sticky; bottom: 0; z-index: 2; background: var(--paper); }
    .heat .corner { left: 0; z-index: 3; min-width: 0; }
    .heat td[tabindex] { cursor: default; }
    .heat td:hover, .heat td:focus { outline: 3px solid var(--mark); outline-offset: -1px; z-index: 2; }
    .switch { display: flex; flex-wrap: wrap; gap: 0.35rem; }
    .switch button { padding: 0.3rem 0.75rem; border: 1px solid var(--rule); border-radius: 1rem; font: inherit;
      font-size: 0.875rem; background: var(--field); color: var(--ink); cursor: pointer; }
    .switch button[aria-pressed=true] { background: var(--ink); color: var(--paper); border-color: var(--ink); }
    .switch button:focus-visible { outline: 3px solid var(--blue); outline-offset: 1px; }
    .scale [hidden] { display: none; }
    .none::before { content: ''; display: inline-block; margin: 0 0.35rem 0 0.5rem; width: 14px; height: 14px;
      vertical-align: -2px; background: #e6e8eb; border: 1px solid var(--rule); }
    .meaning::before { content: ''; display: inline-block; margin: 0 0.35rem 0 1rem; border: 5px solid;
      border-color: currentColor currentColor transparent transparent; }
    .explanation { margin: 0.25rem 0 0.6rem; min-height: 1.5em; font-size: 0.8125rem; color: var(--soft); }
    .behind { position: fixed; right: 1rem; bottom: 1rem; z-index: 5; width: 21rem; max-width: calc(100vw - 2rem);
      padding: 0.8rem 1rem; border: 1px solid var(--rule); border-radius: 8px; background: var(--paper);
      box-shadow: 0 4px 24px rgb(0 0 0 / 0.25); font-size: 0.8125rem; pointer-events: none; }
    .behind.left { right: auto; left: 1rem; }
    .behind b { display: block; margin-bottom: 0.3rem; }
    .behind .line { display: grid; grid-template-columns: 7.5rem 1fr 3.6rem; gap: 0.5rem; align-items: center;
      font-variant-numeric: tabular-nums; }
    .behind .line span:first-child { overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
      font-family: ui-monospace, Menlo, Consolas, monospace; }
    .behind .line span:last-child { text-align: right; }
    .behind .bar { height: 0.6rem; background: var(--blue); border-radius: 1px; min-width: 1px; }
    .behind .below { background: var(--mark); }
    .behind .values { margin: 0.5rem 0 0; padding-top: 0.4rem; border-top: 1px solid var(--rule); color: var(--soft); }
    @media print { .behind, .switch { display: none; } .heat .plane { overflow: visible; max-height: none; } .heat td, .ramp span { print-color-adjust: exact; } }

    """

  /// Recolours a heat map when a statistic is chosen, moves through it by arrow keys, Home, End, Page Up and Page Down,
  /// and shows what stands behind the cell under the pointer or with the focus. Written without the characters that XML
  /// would want escaped.
  static let script: StaticString = """
    document.querySelectorAll('figure.heat').forEach(figure => {
      const data = JSON.parse(figure.querySelector('script').textContent);
      const rows = Array.from(figure.querySelectorAll('tbody tr')).map(row => Array.from(row.querySelectorAll('td')));
      const names = Array.from(figure.querySelectorAll('tbody th')).map(name => name.textContent);
      const columns = Array.from(figure.querySelectorAll('tfoot th')).map(name => name.textContent);
      const cells = rows.flat();
      const buttons = Array.from(figure.querySelectorAll('.switch button'));
      const panel = figure.querySelector('.behind');
      // The figure moves its own frame of reference; the panel stands in the window's.
      document.body.append(panel);
      const put = (parent, name, className, text) => {
        const element = document.createElement(name);
        element.className = className;
        element.textContent = text;
        parent.append(element);
        return element;
      };
      figure.choose = index => {
        const statistic = data.statistics[index];
        buttons.forEach((button, place) => button.setAttribute('aria-pressed', String(place === index)));
        const part = name => figure.querySelector(name);
        part('.scale .name').textContent = statistic.legend;
        part('.dark').textContent = statistic.dark;
        part('.bright').textContent = statistic.bright;
        part('.middle').hidden = !statistic.signed;
        part('.none').hidden = !statistic.missing;
        part('.explanation').textContent = statistic.explanation;
        part('.ramp').childNodes.forEach((shade, place) => { shade.className = statistic.palette + place; });
        cells.forEach((cell, place) => {
          const shade = statistic.shades[place], mark = cell.classList.contains('m') ? ' m' : '';
          if (statistic.texts !== null) cell.textContent = statistic.texts[place];
          cell.title = cell.textContent;
          cell.className = (shade !== null ? statistic.palette + shade : cell.textContent === '' ? 'blank' : 'qn') + mark;
        });
      };
      // What stands side by side is compared: all of it changes together.
      const group = figure.closest('.beside');
      const together = () => group === null ? [figure] : Array.from(group.querySelectorAll('figure.heat'));
      buttons.forEach((button, index) => button.addEventListener('click', () => {
        together().forEach(other => other.choose(index));
      }));
      const show = place => {
        const cell = cells[place];
        panel.replaceChildren();
        const column = place % columns.length, row = Math.floor(place / columns.length);
        put(panel, 'b', '', names[row] + ': ' + columns[column]);
        const entries = data.entries[place];
        const most = entries.reduce((most, entry, i) => i % 2 === 0 ? most : Math.max(most, Math.abs(entry)), 1);
        for (let i = 0; i !== entries.length; i += 2) {
          const line = put(panel, 'div', 'line', '');
          put(line, 'span', '', data.labels[entries[i]]);
          const bar = put(line, 'span', entries[i + 1] === Math.abs(entries[i + 1]) ? 'bar' : 'bar below', '');
          bar.style.width = Math.abs(entries[i + 1]) / most * 100 + '%';
          put(line, 'span', '', entries[i + 1].toFixed(4));
        }
        const values = data.statistics.map(statistic => {
          const value = statistic.values[place];
          return statistic.name + ' ' + (value === null ? '\\u2013' : value.toFixed(statistic.decimals));
        });
        put(panel, 'div', 'values', values.join(', '));
        if (cell.classList.contains('m')) put(panel, 'div', 'faint', data.markMeaning);
        panel.hidden = false;
        const box = cell.getBoundingClientRect();
        panel.classList.toggle('left', box.left > window.innerWidth / 2);
      };
      let current = 0;
      const move = place => {
        cells[current].tabIndex = -1;
        current = place;
        cells[current].tabIndex = 0;
        cells[current].focus();
      };
      cells.forEach((cell, place) => {
        cell.tabIndex = place === 0 ? 0 : -1;
        cell.setAttribute('role', 'gridcell');
        cell.title = cell.textContent;
        cell.addEventListener('mouseenter', () => show(place));
        cell.addEventListener('focus', () => show(place));
        cell.addEventListener('click', () => move(place));
      });
      figure.querySelector('table').addEventListener('mouseleave', () => { panel.hidden = true; });
      figure.querySelector('table').addEventListener('focusout', () => { panel.hidden = true; });
      figure.querySelector('table').addEventListener('keydown', event => {
        const width = columns.length, column = current % width, row = Math.floor(current / width);
        const steps = { ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1], ArrowUp: [row - 1, column],
          ArrowDown: [row + 1, column], Home: [row, 0], End: [row, width - 1], PageUp: [0, column],
          PageDown: [rows.length - 1, column] };
        if (event.key === 'Escape') { panel.hidden = true; return; }
        const step = steps[event.key];
        if (step === undefined) return;
        event.preventDefault();
        const line = rows[step[0]];
        if (line === undefined ? true : line[step[1]] === undefined) return;
        move(step[0] * width + step[1]);
      });
    });

    """
}
