import Files

extension HeatMap {
  /// Colours that a page tells apart.
  private static let shades = 32

  /// Classes `q0`... of the map's colours and their ink.
  static var pageColors: String {
    (0..<shades).map { shade in
      let color = ColorMap.color(Double(shade) / Double(shades - 1))
      return ".q\(shade){background:\(color.hex);color:\(color.ink.hex)}"
    }.joined() + "\n"
  }

  private func className(_ cell: Cell) -> String {
    let shade = brightness(cell, 0).map { "q\(Int(($0 * Double(Self.shades - 1)).rounded()))" } ?? "qn"
    return cell.isMarked ? shade + " m" : shade
  }

  /// A figure: buttons for the statistics, the cells as a table (the first row at the bottom), and the data from which
  /// the page's script recolours it and shows what stands behind a cell. Without the script it shows the first
  /// statistic.
  func markup(caption: String) -> Markup {
    let buttons = statistics.enumerated().map { index, statistic in
      Markup.element(
        "button",
        ["type": "button", "aria-pressed": index == 0 ? "true" : "false", "title": statistic.explanation],
        text: statistic.name)
    }
    let bar = (0..<Self.shades).map { Markup.element("span", ["class": "q\($0)"]) }
    let legend = Markup.element(
      "div", ["class": "scale"],
      [
        .element("span", ["class": "dark"], text: Self.number(statistics[0].ends.dark, statistics[0])),
        .element("span", ["class": "ramp", "aria-hidden": "true"], bar),
        .element("span", ["class": "bright"], text: Self.number(statistics[0].ends.bright, statistics[0])),
      ] + (markMeaning.isEmpty ? [] : [.element("span", ["class": "meaning"], text: markMeaning)]))
    let lines = rows.reversed().map { row in
      let cells = row.cells.map { cell in
        Markup.element("td", ["class": className(cell)], text: cell.text.printable)
      }
      return Markup.element("tr", [:], [.element("th", ["scope": "row"], text: row.name.printable)] + cells)
    }
    let foot = [Markup.element("td")] + columns.map { .element("th", ["scope": "col"], text: $0.printable) }
    let table = Markup.element(
      "table", ["class": "cells", "role": "grid", "aria-label": title.printable],
      [.element("tbody", [:], lines), .element("tfoot", [:], [.element("tr", [:], foot)])])
    let text = caption.isEmpty ? [] : [Markup.element("figcaption", text: caption)]
    return .element(
      "figure", ["class": "heat"],
      [
        .element("div", ["class": "switch", "role": "group", "aria-label": "Colour by"], buttons), legend,
        .element("p", ["class": "explanation"], text: statistics[0].explanation),
        .element("div", ["class": "plane"], [table]),
      ] + text + [
        .element("aside", ["class": "behind", "aria-live": "polite", "hidden": "hidden"]),
        .element("script", ["type": "application/json"], [.json(pageData)]),
      ])
  }

  private static func number(_ value: Double, _ statistic: Statistic) -> String {
    value.fixed(statistic.decimals).trimmedDecimals
  }

  /// What the script needs, cells from the top row down: every label once, entries as [label, value, label, value...].
  private var pageData: JSON {
    var labels: [String] = []
    var numbers: [String: Int] = [:]
    func number(of label: String) -> Int {
      if let known = numbers[label] { return known }
      labels.append(label.printable)
      numbers[label] = labels.count - 1
      return labels.count - 1
    }
    func rounded(_ value: Double, _ decimals: Int) -> JSON {
      value.isFinite ? .number(Double(value.fixed(decimals)) ?? value) : .null
    }
    let cells = rows.reversed().flatMap(\.cells)
    let entries = cells.map { cell -> JSON in
      .array(cell.entries.flatMap { [.integer(number(of: $0.label)), rounded($0.value, 4)] })
    }
    let described = statistics.enumerated().map { index, statistic -> JSON in
      [
        "name": .string(statistic.name), "explanation": .string(statistic.explanation),
        "dark": .string(Self.number(statistic.ends.dark, statistic)),
        "bright": .string(Self.number(statistic.ends.bright, statistic)), "decimals": .integer(statistic.decimals),
        "values": .array(cells.map { rounded($0.values[index], statistic.decimals) }),
        "shades": .array(
          cells.map { cell in
            brightness(cell, index).map { .integer(Int(($0 * Double(Self.shades - 1)).rounded())) } ?? .null
          }),
      ]
    }
    return [
      "entries": .array(entries), "entryName": .string(entryName), "labels": .array(labels.map { .string($0) }),
      "markMeaning": .string(markMeaning), "statistics": .array(described),
    ]
  }

  static let styleSheet: StaticString = """
    .heat { position: relative; left: 50%; transform: translateX(-50%); width: max-content; min-width: 100%;
      max-width: calc(100vw - 3rem); overflow: visible; }
    .beside { position: relative; left: 50%; transform: translateX(-50%); width: max-content; min-width: 100%;
      max-width: calc(100vw - 3rem); display: grid; grid-template-columns: repeat(auto-fit, minmax(26rem, 1fr)); gap: 2rem; }
    .beside .heat { left: 0; transform: none; width: auto; min-width: 0; max-width: 100%; margin-inline: 0; }
    @media (max-width: 60rem) { .beside { grid-template-columns: minmax(0, 1fr); } }
    .heat .plane { overflow-x: auto; }
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
    .heat .qn { background: var(--field); color: var(--ink); }
    .heat td[tabindex] { cursor: default; }
    .heat td:hover, .heat td:focus { outline: 3px solid var(--mark); outline-offset: -1px; z-index: 2; }
    .switch { display: flex; flex-wrap: wrap; gap: 0.35rem; }
    .switch button { padding: 0.3rem 0.75rem; border: 1px solid var(--rule); border-radius: 1rem; font: inherit;
      font-size: 0.875rem; background: var(--field); color: var(--ink); cursor: pointer; }
    .switch button[aria-pressed=true] { background: var(--ink); color: var(--paper); border-color: var(--ink); }
    .switch button:focus-visible { outline: 3px solid var(--blue); outline-offset: 1px; }
    .scale { display: flex; align-items: center; gap: 0.5rem; margin: 0.7rem 0 0; font-size: 0.8125rem; }
    .ramp { display: inline-flex; } .ramp span { width: 5px; height: 14px; }
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
    .behind .values { margin: 0.5rem 0 0; padding-top: 0.4rem; border-top: 1px solid var(--rule); color: var(--soft); }
    @media print { .behind, .switch { display: none; } .heat td { print-color-adjust: exact; } }

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
        figure.querySelector('.dark').textContent = statistic.dark;
        figure.querySelector('.bright').textContent = statistic.bright;
        figure.querySelector('.explanation').textContent = statistic.explanation;
        cells.forEach((cell, place) => {
          const shade = statistic.shades[place];
          cell.className = (shade === null ? 'qn' : 'q' + shade) + (cell.classList.contains('m') ? ' m' : '');
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
        for (let i = 0; i !== entries.length; i += 2) {
          const line = put(panel, 'div', 'line', '');
          put(line, 'span', '', data.labels[entries[i]]);
          put(line, 'span', 'bar', '').style.width = Math.max(0, Math.min(1, entries[i + 1])) * 100 + '%';
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
