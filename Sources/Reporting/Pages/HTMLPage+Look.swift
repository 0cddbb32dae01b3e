extension HTMLPage {
  /// The page's style. Series colours are `SeriesLook`'s, lighter on a dark page.
  static let styleSheet: StaticString = """
    :root { color-scheme: light dark; --paper: #ffffff; --ink: #1b1f24; --soft: #59636e; --rule: #d5dae0;
      --field: #f5f7f9; --mark: #D55E00; --blue: #0072B2; --good: #00704f; --bad: #b34700;
      --s0: #0072B2; --s1: #D55E00; --s2: #009E73; --s3: #CC79A7; --s4: #E69F00; --s5: #56B4E9; }
    @media (prefers-color-scheme: dark) { :root { --paper: #14171b; --ink: #e4e8ec; --soft: #9aa4af; --rule: #343b43;
      --field: #1c2126; --mark: #f08a4b; --blue: #4aa8e8; --good: #35c295; --bad: #f08a4b;
      --s0: #6294ff; --s1: #f08a4b; --s2: #2bbd8e; --s3: #e095bf; --s4: #f0b429; --s5: #8fd8fa; } }
    * { box-sizing: border-box; }
    body { margin: 0 auto; max-width: 58rem; padding: 2.5rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
      font: 16px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif; }
    h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; letter-spacing: -0.01em; text-wrap: balance; }
    h2 { margin: 2.5rem 0 0.75rem; font-size: 1.15rem; }
    header { padding-bottom: 1.25rem; border-bottom: 1px solid var(--rule); }
    p { max-width: 46rem; margin: 0.75rem 0; }
    .subtitle { margin: 0.5rem 0 0; color: var(--soft); }
    .note { padding: 0.6rem 0.9rem; border-left: 3px solid var(--mark); background: var(--field); }
    figure { margin: 1.25rem 0; overflow-x: auto; }
    figcaption, caption { color: var(--soft); font-size: 0.875rem; text-align: left; }
    caption { padding-bottom: 0.4rem; }
    .chart { display: block; width: 100%; min-width: 34rem; height: auto; }
    .chart .point:hover .marker { stroke-width: 3; }
    .scroll { overflow-x: auto; margin: 1.25rem 0; }
    table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
    th, td { padding: 0.32rem 1.1rem 0.32rem 0; text-align: left; white-space: nowrap; vertical-align: top; }
    th { border-bottom: 1.5px solid var(--ink); font-weight: 600; }
    td { border-bottom: 1px solid var(--rule); }
    .number { padding: 0.32rem 0 0.32rem 1.1rem; text-align: right; }
    td + td:not(.number), th + th:not(.number) { padding-left: 1.1rem; }
    th[aria-sort] { cursor: pointer; user-select: none; }
    th[aria-sort]:hover, th[aria-sort]:focus-visible { color: var(--blue); }
    th[aria-sort=ascending]::after { content: ' \\2191'; }
    th[aria-sort=descending]::after { content: ' \\2193'; }
    .strong { font-weight: 600; }
    .faint { color: var(--soft); }
    .good { color: var(--good); }
    .bad { color: var(--bad); }
    .chart .s0, td.s0::before { color: var(--s0); } .chart .s1, td.s1::before { color: var(--s1); }
    .chart .s2, td.s2::before { color: var(--s2); } .chart .s3, td.s3::before { color: var(--s3); }
    .chart .s4, td.s4::before { color: var(--s4); } .chart .s5, td.s5::before { color: var(--s5); }
    td[class^=s]:not(.strong)::before { content: '\\25CF\\00A0\\00A0'; font-size: 0.8em; }
    .scale { display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 0.5rem; margin: 0.7rem 0 0;
      font-size: 0.8125rem; }
    .ramp { display: inline-flex; outline: 1px solid var(--rule); } .ramp span { width: 5px; height: 14px; }
    .middle { color: var(--soft); }
    pre { overflow-x: auto; margin: 0.75rem 0; padding: 0.8rem 1rem; border: 1px solid var(--rule); border-radius: 6px;
      background: var(--field); font: 0.8125rem/1.5 ui-monospace, 'SF Mono', Menlo, Consolas, monospace; }
    footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--rule); color: var(--soft);
      font-size: 0.8125rem; }
    footer p { margin: 0.15rem 0; max-width: none; overflow-wrap: anywhere; }
    .command { white-space: pre-wrap; overflow-wrap: anywhere; }
    summary { cursor: pointer; }
    @media print {
      :root { --paper: #ffffff; --ink: #000000; --soft: #444444; --rule: #bbbbbb; --field: #ffffff; }
      body { max-width: none; padding: 0; font-size: 10.5pt; }
      figure, tr { break-inside: avoid; }
      h2 { break-after: avoid; }
      .scroll, figure { overflow: visible; }
      pre { white-space: pre-wrap; overflow-wrap: anywhere; }
      details, .filter { display: none; }
    }

    """

  /// Sorts a table's rows by a column when its title is clicked or Enter is pressed on it: numbers by value, missing
  /// ones ("–") last, other texts by their characters. Written without the characters that XML would want escaped.
  static let sortingScript: StaticString = """
    document.querySelectorAll('table:not(.cells)').forEach(table => {
      const titles = Array.from(table.querySelectorAll('th'));
      titles.forEach((title, column) => {
        const sort = () => {
          const up = title.getAttribute('aria-sort') !== 'ascending';
          titles.forEach(other => other.setAttribute('aria-sort', 'none'));
          title.setAttribute('aria-sort', up ? 'ascending' : 'descending');
          const key = row => row.cells[column].textContent;
          const compare = (first, second) => {
            const a = parseFloat(key(first)), b = parseFloat(key(second));
            if (isNaN(a) !== isNaN(b)) return isNaN(a) ? 1 : -1;
            return (isNaN(a) ? key(first).localeCompare(key(second), 'en') : a - b) * (up ? 1 : -1);
          };
          const body = table.tBodies[0];
          Array.from(body.rows).sort(compare).forEach(row => body.append(row));
        };
        title.setAttribute('aria-sort', 'none');
        title.tabIndex = 0;
        title.addEventListener('click', sort);
        title.addEventListener('keydown', event => { if (event.key === 'Enter') sort(); });
      });
    });

    """
}
