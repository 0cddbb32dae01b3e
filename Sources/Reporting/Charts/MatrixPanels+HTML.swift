import Files

extension MatrixPanels {
  /// A figure that the page's script fills: a choice of items, a picture a panel with a cell a pair of tokens, and below
  /// each the text, its tokens coloured by the chosen row.
  func markup(caption: String) -> Markup {
    let options = items.indices.map { Markup.element("option", ["value": "\($0)"], text: items[$0].name) }
    let names = [panels.first, panels.second, panels.difference]
    let columns = names.enumerated().map { index, name in
      Markup.element(
        "div", ["class": index == shown ? "panel shown" : "panel"],
        [
          .element("h3", text: name),
          .element(
            "div", ["class": "frame"],
            [
              .element("canvas", ["tabindex": "0", "role": "img", "aria-label": "\(name): rows look at columns"])
            ]),
          .element("p", ["class": "reading", "aria-live": "polite"]),
          .element("p", ["class": "tokens"]),
        ])
    }
    let text = caption.isEmpty ? [] : [Markup.element("figcaption", text: caption)]
    return .element(
      "figure", ["class": "matrices"],
      [
        .element("p", ["class": "title"], text: title.printable),
        .element(
          "div", ["class": "choose"],
          [
            .element("button", ["type": "button", "class": "back"], text: "\u{2190}"),
            .element("select", ["aria-label": "Head"], options),
            .element("button", ["type": "button", "class": "on"], text: "\u{2192}"),
            .element("span", ["class": "note-line"]),
          ]),
        .element(
          "div", ["class": "scale"],
          [
            .element("span", text: "weight (square root)"), .element("span", ["class": "low"]),
            HeatMap.ramp(.diverging), .element("span", ["class": "high"]),
            .element("span", ["class": "middle"], text: "0 in the middle"),
          ]),
        .element("div", ["class": "columns"], columns),
      ] + text + [.element("script", ["type": "application/json"], [.json(pageData)])])
  }

  private var pageData: JSON {
    let colors = (0..<ColorMap.shades).map { ColorMap.color(shade: $0, .diverging) }
    return [
      "colors": .array(colors.map { .array([.integer($0.red), .integer($0.green), .integer($0.blue)]) }),
      "inks": .array(colors.map { .string($0.ink.hex) }),
      "items": .array(
        items.map { item in
          let scale = (item.first + item.second).reduce(Float(0)) { $1.isFinite ? max($0, abs($1)) : $0 }
          let end = Double(scale).fixed(3).trimmedDecimals
          return [
            "first": .string(Self.encoded(item.first, scale: scale)), "high": .string(end),
            "low": .string(scale > 0 ? "-" + end : end), "name": .string(item.name),
            "note": .string(item.note), "scale": .float(scale),
            "second": .string(Self.encoded(item.second, scale: scale)),
          ]
        }),
      "levels": .integer(Self.levels), "tokens": .array(tokens.map { .string($0.printable) }),
    ]
  }

  static let styleSheet: StaticString = """
    .matrices { position: relative; left: 50%; transform: translateX(-50%); width: calc(100vw - 3rem); max-width: 110rem;
      overflow: visible; }
    .matrices h3 { margin: 0.75rem 0 0.35rem; font-size: 0.9375rem; font-weight: 600; }
    .matrices .title { font-size: 0.875rem; color: var(--soft); max-width: 58rem; }
    .matrices .choose { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: center; font-size: 0.875rem; }
    .matrices select, .matrices button { padding: 0.3rem 0.6rem; border: 1px solid var(--rule); border-radius: 6px;
      font: inherit; background: var(--field); color: var(--ink); }
    .matrices button { cursor: pointer; }
    .matrices .columns { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 1.25rem; }
    .matrices .frame { overflow: auto; border: 1px solid var(--rule); background: #ffffff; }
    .matrices canvas { display: block; cursor: crosshair; image-rendering: pixelated; }
    .matrices canvas:focus-visible { outline: 3px solid var(--blue); outline-offset: 1px; }
    .matrices .reading { min-height: 3em; margin: 0.4rem 0; font-size: 0.8125rem; line-height: 1.5;
      overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
    .matrices .tokens { margin: 0; padding: 0.5rem 0.6rem; border: 1px solid var(--rule); border-radius: 6px;
      background: #ffffff; color: #1b1f24; font-size: 0.8125rem; line-height: 1.9; max-width: none;
      overflow-wrap: anywhere; }
    .matrices .tokens span { display: inline-block; padding: 0 0.16rem; border-radius: 3px; cursor: pointer;
      line-height: 1.5; white-space: pre; }
    .matrices .tokens .row { outline: 2px solid #1b1f24; }
    @media (max-width: 50rem) { .matrices .columns { grid-template-columns: minmax(0, 1fr); }
      .matrices .shown { order: -1; } }
    @media print { .matrices .choose button { display: none; } .matrices .frame { overflow: visible; }
      .matrices .tokens span, .ramp span { print-color-adjust: exact; } }

    """

  /// Draws the panels: light is 0, blue above, orange below, the square root of a number's part of the item's largest; in
  /// the text, of the row's largest. Rows and columns carry their tokens: every one where there is room, else every second,
  /// third..., and always those chosen. Arrow keys
  /// move from cell to cell, a click on a token or a cell chooses the row that colours the text. Written without the
  /// characters that XML would want escaped.
  static let script: StaticString = """
    document.querySelectorAll('figure.matrices').forEach(figure => {
      const data = JSON.parse(figure.querySelector('script').textContent);
      const size = data.tokens.length, count = size * size, levels = data.levels;
      const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
      const value = new Int16Array(128);
      Array.from(digits).forEach((digit, place) => { value[digit.charCodeAt(0)] = place; });
      const decode = text => {
        const steps = new Int16Array(count);
        for (let i = 0; i !== count; i += 1)
          steps[i] = 64 * value[text.charCodeAt(2 * i)] + value[text.charCodeAt(2 * i + 1)] - levels;
        return steps;
      };
      const panels = Array.from(figure.querySelectorAll('.panel'));
      const canvases = panels.map(panel => panel.querySelector('canvas'));
      const texts = panels.map(panel => panel.querySelector('.tokens'));
      const select = figure.querySelector('select');
      const middle = (data.colors.length - 1) / 2;
      // The number of a step's colour.
      const shade = (step, most) => Math.round(middle * (1 + Math.sign(step)
        * Math.sqrt(Math.min(1, Math.abs(step) / Math.max(1, most)))));
      let steps = [], scale = 1, row = size - 1, column = 0, shown = 0;
      // Names of rows to the left, of columns below; long ones are cut.
      const names = data.tokens.map(token => token.length > 12 ? token.slice(0, 11) + '\\u2026' : token);
      const font = '11px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace';
      const measure = canvases[0].getContext('2d');
      measure.font = 'bold ' + font;
      const border = 8 + Math.ceil(names.reduce((most, name) => Math.max(most, measure.measureText(name).width), 0));
      // A whole number of pixels a cell, so that no line is wider than its neighbours.
      const edge = Math.max(1, Math.min(28, Math.floor((panels[0].clientWidth - border - 2) / size)));
      const every = Math.ceil(12 / edge), top = 6;
      const pictures = panels.map(() => {
        const picture = document.createElement('canvas');
        picture.width = size; picture.height = size;
        return picture;
      });
      const spans = texts.map(text => data.tokens.map((token, place) => {
        const span = document.createElement('span');
        span.textContent = token;
        span.addEventListener('click', () => { row = place; mark(); });
        text.append(span);
        return span;
      }));
      const written = step => (step / levels * scale).toFixed(4).replace('-', '\\u2212');
      const paint = panel => {
        const context = canvases[panel].getContext('2d');
        context.setTransform(1, 0, 0, 1, 0, 0);
        context.clearRect(0, 0, canvases[panel].width, canvases[panel].height);
        context.translate(border, top);
        context.imageSmoothingEnabled = false;
        context.drawImage(pictures[panel], 0, 0, size * edge, size * edge);
        context.strokeStyle = '#1b1f24';
        context.lineWidth = 1;
        context.strokeRect(-1, row * edge - 0.5, size * edge + 2, edge + 1);
        context.strokeRect(column * edge - 0.5, row * edge - 0.5, edge + 1, edge + 1);
        context.fillStyle = '#1b1f24';
        context.textAlign = 'right';
        context.textBaseline = 'middle';
        // A name that stands too near to the chosen one makes room for it.
        const label = chosen => names.forEach((name, place) => {
          const near = Math.abs(place - chosen) * edge;
          if (place !== chosen) { if (12 > near || place % every !== 0) return; }
          context.font = (place === chosen ? 'bold ' : '') + font;
          context.fillText(name, -4, (place + 0.5) * edge);
        });
        label(row);
        context.translate(0, size * edge);
        context.rotate(-Math.PI / 2);
        label(column);
      };
      const mark = () => {
        const most = steps.reduce((found, matrix) => matrix.subarray(row * size, row * size + size)
          .reduce((largest, step) => Math.max(largest, Math.abs(step)), found), 0);
        panels.forEach((panel, index) => {
          const line = steps[index].subarray(row * size, row * size + size);
          paint(index);
          panel.querySelector('.reading').textContent = 'row ' + row + ' ' + data.tokens[row] + ' looks at ' + column + ' '
            + data.tokens[column] + ': ' + written(line[column]);
          spans[index].forEach((span, place) => {
            const number = shade(line[place], most);
            span.style.background = 'rgb(' + data.colors[number].join(' ') + ')';
            span.style.color = data.inks[number];
            span.title = place + ': ' + written(line[place]);
            span.classList.toggle('row', place === row);
          });
        });
      };
      const choose = index => {
        shown = (index + data.items.length) % data.items.length;
        const item = data.items[shown];
        select.value = String(shown);
        scale = item.scale;
        const first = decode(item.first), second = decode(item.second);
        steps = [first, second, first.map((step, place) => step - second[place])];
        figure.querySelector('.note-line').textContent = item.note;
        figure.querySelector('.low').textContent = item.low;
        figure.querySelector('.high').textContent = item.high;
        steps.forEach((matrix, panel) => {
          const context = pictures[panel].getContext('2d');
          const image = context.createImageData(size, size);
          matrix.forEach((step, place) => { image.data.set(data.colors[shade(step, levels)].concat([255]), 4 * place); });
          context.putImageData(image, 0, 0);
        });
        mark();
      };
      canvases.forEach(canvas => {
        canvas.width = border + size * edge; canvas.height = top + size * edge + border;
        const at = event => {
          const place = offset => Math.max(0, Math.min(size - 1, Math.floor(offset / edge)));
          column = place(event.offsetX - border);
          return place(event.offsetY - top);
        };
        let held = false;
        canvas.addEventListener('pointermove', event => { const over = at(event); if (held) row = over; mark(); });
        canvas.addEventListener('pointerdown', event => { held = true; row = at(event); mark(); });
        canvas.addEventListener('pointerup', () => { held = false; });
        canvas.addEventListener('pointerleave', () => { held = false; });
        canvas.addEventListener('keydown', event => {
          const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
          const move = moves[event.key];
          if (move === undefined) return;
          event.preventDefault();
          row = Math.max(0, Math.min(size - 1, row + move[0]));
          column = Math.max(0, Math.min(size - 1, column + move[1]));
          mark();
        });
      });
      select.addEventListener('change', () => choose(Number(select.value)));
      figure.querySelector('.back').addEventListener('click', () => choose(shown - 1));
      figure.querySelector('.on').addEventListener('click', () => choose(shown + 1));
      choose(0);
    });

    """
}
