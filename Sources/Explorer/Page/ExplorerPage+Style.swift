extension ExplorerPage {
  /// Colours, controls and the frame of the page.
  static let frameStyle: StaticString = #"""
    :root { color-scheme: light dark; --paper: #ffffff; --ink: #1b1f24; --soft: #59636e; --rule: #d5dae0;
      --field: #f5f7f9; --mark: #b34700; --blue: #0062a3; --accent: #e8f1f8; }
    @media (prefers-color-scheme: dark) { :root { --paper: #14171b; --ink: #e4e8ec; --soft: #9aa4af; --rule: #343b43;
      --field: #1c2126; --mark: #f08a4b; --blue: #5cb2ec; --accent: #1d2c3a; } }
    * { box-sizing: border-box; }
    html { overflow-y: scroll; }
    body { margin: 0; padding: 0 1rem 2rem; background: var(--paper); color: var(--ink);
      font: 14px/1.45 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif; }
    h1 { margin: 0; font-size: 1rem; letter-spacing: -0.01em; }
    h2 { margin: 0; font-size: 0.9rem; }
    h3 { margin: 1rem 0 0.35rem; font-size: 0.8125rem; }
    p { margin: 0.3rem 0; }
    .soft { color: var(--soft); font-weight: 400; }
    .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    [hidden] { display: none !important; }
    header { display: flex; flex-wrap: wrap; align-items: center; gap: 0.4rem 1rem; padding: 0.6rem 0; }
    header p { flex: 1 1 12rem; margin: 0; color: var(--soft); font-size: 0.8125rem; min-width: 0; }
    .exports { display: flex; flex-wrap: wrap; gap: 0.35rem; }
    button, select, input, textarea { font: inherit; color: inherit; background: var(--field); border: 1px solid var(--rule);
      border-radius: 5px; }
    button { padding: 0.2rem 0.65rem; cursor: pointer; }
    button:hover, select:hover { border-color: var(--soft); }
    button[aria-pressed=true], [role=tab][aria-selected=true] { background: var(--ink); color: var(--paper);
      border-color: var(--ink); }
    button:disabled { opacity: 0.5; cursor: default; }
    select, input:not([type=checkbox]), .line button, #change-form button { height: 1.9rem; }
    select { padding: 0 0.3rem; max-width: 100%; }
    input:not([type=checkbox]) { padding: 0 0.45rem; min-width: 0; }
    textarea { display: block; width: 100%; padding: 0.4rem 0.55rem; resize: vertical; min-height: 3.2rem; font-weight: 400; }
    :focus-visible { outline: 3px solid var(--blue); outline-offset: 1px; }
    label { font-size: 0.8125rem; font-weight: 600; }
    label > select, label > input:not([type=checkbox]) { display: block; margin-top: 0.15rem; font-weight: 400; font-size: 0.875rem; }
    label.check > input { margin-top: 0; }
    .check { display: inline-flex; align-items: center; gap: 0.35rem; font-weight: 400; padding-bottom: 0.25rem; }
    .texts { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 0.4rem 1rem; }
    .options { display: flex; flex-wrap: wrap; align-items: end; gap: 0.5rem 0.9rem; margin: 0.6rem 0; }
    .options > label { min-width: 0; }
    #changes { display: flex; flex-wrap: wrap; align-items: center; gap: 0.4rem 0.8rem; padding: 0.45rem 0;
      border-top: 1px solid var(--rule); border-bottom: 1px solid var(--rule); }
    #change-list { display: flex; flex-wrap: wrap; gap: 0.35rem; margin: 0; padding: 0; list-style: none; min-width: 0; }
    #change-list li { display: inline-flex; align-items: center; max-width: 100%; border: 1px solid var(--mark);
      border-radius: 1rem; font-size: 0.8125rem; }
    #change-list span { padding: 0.1rem 0 0.1rem 0.7rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    #change-list button { border: 0; background: none; border-radius: 1rem; padding: 0.1rem 0.6rem; }
    #change-form { display: flex; flex-wrap: wrap; gap: 0.35rem; }
    #error { margin: 0.6rem 0 0; padding: 0.45rem 0.7rem; border-left: 3px solid var(--mark); background: var(--field);
      overflow-wrap: anywhere; }
    main { display: grid; grid-template-columns: minmax(0, 1fr) 26rem; gap: 1.4rem; align-items: start; margin-top: 0.7rem; }
    #inspector { min-width: 0; border-left: 1px solid var(--rule); padding-left: 1.2rem; }
    #tabs { display: flex; gap: 0.3rem; margin-bottom: 0.6rem; }
    @media (max-width: 62rem) { main { grid-template-columns: minmax(0, 1fr); }
      #inspector { border-left: 0; padding-left: 0; border-top: 1px solid var(--rule); padding-top: 0.8rem; } }
    @media (max-width: 40rem) { body { padding: 0 0.7rem 2rem; } .texts { grid-template-columns: minmax(0, 1fr); } }

    """#

  /// Maps and what is behind them.
  static let partStyle: StaticString = #"""
    .mono, table.cells, .tokens, .bars { font-family: ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; }
    #maps { display: flex; flex-wrap: wrap; gap: 0 2rem; align-items: start; }
    #maps > p { flex-basis: 100%; }
    figure { margin: 0 0 1.3rem; min-width: min(24rem, 100%); max-width: 100%; }
    /* A map is as wide as its cells: what is said about it wraps. */
    figure .title, figure .note, figure .scale { contain: inline-size; }
    aside h2 { margin-top: 0.8rem; }
    #tabs + div h2:first-child { margin-top: 0; }
    figure .title { font-weight: 600; overflow-wrap: anywhere; }
    figure .note { margin: 0 0 0.3rem; color: var(--soft); font-size: 0.8125rem; }
    .plane { overflow: auto; max-height: 75vh; }
    table.cells { border-collapse: separate; border-spacing: 1px; font-size: 0.75rem; line-height: 1.2; }
    table.cells td, table.cells th { padding: 0.28rem 0.35rem; text-align: center; white-space: nowrap; overflow: hidden;
      text-overflow: ellipsis; min-width: 2.6rem; max-width: 6.6rem; }
    table.cells th { font-weight: 400; color: var(--soft); background: var(--paper); }
    table.cells th[scope=row] { position: sticky; left: 0; z-index: 1; text-align: right; min-width: 0; max-width: 8rem; }
    table.cells tfoot th, table.cells tfoot td { position: sticky; bottom: 0; z-index: 2; background: var(--paper);
      color: var(--ink); }
    table.cells tfoot td { left: 0; z-index: 3; min-width: 0; padding: 0; }
    table.cells tfoot button { width: 100%; padding: 0; border: 0; background: none; overflow: hidden; text-overflow: ellipsis; }
    table.cells tfoot button:hover { text-decoration: underline; }
    table.cells td { cursor: pointer; }
    table.cells tbody td:hover, table.cells td:focus-visible { outline: 2px solid var(--mark); outline-offset: -1px; }
    table.cells td[aria-selected=true] { outline: 3px solid var(--mark); outline-offset: -2px; }
    td.m { position: relative; font-weight: 700; }
    td.m::after { content: ''; position: absolute; top: 0; right: 0; border: 4px solid;
      border-color: currentColor currentColor transparent transparent; }
    .scale { display: flex; flex-wrap: wrap; align-items: center; gap: 0.2rem 0.5rem; margin: 0.3rem 0 0.4rem; font-size: 0.75rem; }
    .ends { display: inline-flex; align-items: center; gap: 0.4rem; }
    .ramp { display: inline-flex; outline: 1px solid var(--rule); }
    .ramp span { width: 4px; height: 12px; }
    .mark::before { content: ''; display: inline-block; margin: 0 0.3rem 0 0.6rem; border: 4px solid;
      border-color: currentColor currentColor transparent transparent; }
    .bars { list-style: none; margin: 0; padding: 0; font-size: 0.75rem; }
    .bars li { display: grid; grid-template-columns: 7.5rem minmax(0, 1fr) 4rem; gap: 0.5rem; align-items: center; }
    .bars button { border: 0; background: none; padding: 0.08rem 0.2rem; text-align: left; overflow: hidden;
      text-overflow: ellipsis; white-space: nowrap; }
    .bars button:hover { text-decoration: underline; }
    .bars .bar { display: block; height: 0.6rem; min-width: 1px; background: var(--blue); border-radius: 1px; }
    .bars .below { background: var(--mark); }
    .bars .number, td.number { text-align: right; font-variant-numeric: tabular-nums; }
    .two { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0 1rem; }
    .two .bars li { grid-template-columns: minmax(0, 1fr) 3.6rem; }
    .two .bars li > :nth-child(2) { display: none; }
    .facts { color: var(--soft); font-size: 0.8125rem; }
    .actions { display: flex; flex-wrap: wrap; align-items: center; gap: 0.35rem; margin: 0.4rem 0; padding: 0.45rem 0.6rem;
      background: var(--accent); border-radius: 5px; font-size: 0.8125rem; }
    .actions b { margin-right: 0.3rem; }
    .thumbs { border-collapse: separate; border-spacing: 2px; }
    .thumbs th { font-weight: 400; font-size: 0.75rem; color: var(--soft); padding: 0 0.2rem; }
    .thumbs td { padding: 0; }
    .thumbs button { display: block; padding: 0; border-radius: 2px; line-height: 0; }
    .thumbs button[aria-pressed=true] { outline: 3px solid var(--mark); }
    .thumbs canvas { width: 2.3rem; height: 2.3rem; image-rendering: pixelated; }
    .matrices { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0.8rem; }
    .matrices.stacked { grid-template-columns: minmax(0, 1fr); }
    .matrix { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0 0.3rem; font-size: 0.6875rem; line-height: 1; }
    .matrix canvas { width: 100%; aspect-ratio: 1; image-rendering: pixelated; outline: 1px solid var(--rule); cursor: crosshair; }
    .matrix div { display: grid; grid-auto-rows: 1fr; max-width: 4.2rem; color: var(--soft); }
    .matrix span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; align-self: center; text-align: right; }
    .matrix .below { grid-column: 2; grid-auto-flow: column; grid-auto-columns: minmax(0, 1fr); max-width: none; margin-top: 0.25rem; }
    .matrix .below span { writing-mode: vertical-rl; max-height: 4.2rem; text-align: left; justify-self: center; align-self: start; }
    .tokens { display: flex; flex-wrap: wrap; gap: 2px; font-size: 0.75rem; max-height: 16rem; overflow: auto; }
    .tokens > * { padding: 0.1rem 0.3rem; border: 1px solid var(--rule); border-radius: 3px; }
    .tokens button[aria-pressed=true] { outline: 3px solid var(--mark); outline-offset: -2px; }
    .list { border-collapse: collapse; width: 100%; font-size: 0.75rem; }
    .list th { text-align: left; font-weight: 600; border-bottom: 1px solid var(--ink); padding: 0.15rem 0.4rem 0.15rem 0; }
    .list td { border-bottom: 1px solid var(--rule); padding: 0.12rem 0.4rem 0.12rem 0; max-width: 9rem; overflow: hidden;
      text-overflow: ellipsis; white-space: nowrap; }
    .scroll { overflow: auto; max-height: 22rem; }
    .line { display: flex; gap: 0.35rem; align-items: end; flex-wrap: wrap; }

    """#
}
