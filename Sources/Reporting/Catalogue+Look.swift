extension Catalogue {
  static let styleSheet: StaticString = """
    .filter { width: 100%; max-width: 24rem; padding: 0.45rem 0.7rem; border: 1px solid var(--rule); border-radius: 6px;
      background: var(--field); color: var(--ink); font: inherit; }
    .filter:focus-visible { outline: 2px solid var(--blue); }
    .catalogue td { white-space: normal; min-width: 12rem; max-width: 26rem; padding-right: 1.1rem; }
    .catalogue td.short { min-width: 0; }
    .catalogue-frame .scroll { position: relative; left: 50%; transform: translateX(-50%); width: max-content;
      min-width: 100%; max-width: calc(100vw - 3rem); }
    .catalogue th + td { padding-left: 1.1rem; }
    .catalogue th[scope=row] { border-bottom: 1px solid var(--rule); }
    .catalogue tr:target { background: var(--field); outline: 2px solid var(--mark); }
    .found { padding: 0; list-style: none; columns: 18rem; }
    .found li { break-inside: avoid; padding: 0.15rem 0; }
    .found .faint { margin-left: 0.5rem; }
    nav { display: flex; flex-wrap: wrap; gap: 0.4rem 1rem; margin: 0.75rem 0; }
    a { color: var(--blue); }

    """

  /// Filters the rows of catalogues, and looks words up: those that are what was typed, else those that begin so; where
  /// one ranks highest comes first.
  /// Written without the characters that XML would want escaped.
  static let script: StaticString = """
    document.querySelectorAll('.catalogue-frame').forEach(frame => {
      const rows = Array.from(frame.querySelectorAll('tbody tr'));
      const texts = rows.map(row => row.textContent.toLowerCase());
      frame.querySelector('.filter').addEventListener('input', event => {
        const wanted = event.target.value.trim().toLowerCase();
        rows.forEach((row, index) => { row.hidden = !texts[index].includes(wanted); });
      });
    });
    document.querySelectorAll('.word-search').forEach(frame => {
      const data = JSON.parse(frame.querySelector('script').textContent);
      const plain = text => text.toLowerCase().replace('␣', '').replace('##', '');
      const words = data.words.map(entry => [plain(entry[0]), ...entry]);
      const count = frame.querySelector('.count'), found = frame.querySelector('.found');
      frame.querySelector('.filter').addEventListener('input', event => {
        const wanted = event.target.value.trim().toLowerCase();
        found.replaceChildren();
        count.textContent = '';
        if (wanted === '') return;
        const exact = words.filter(word => word[0] === wanted);
        const chosen = exact.length ? exact : words.filter(word => word[0].startsWith(wanted));
        const places = new Map();
        chosen.forEach(word => word[2].forEach((place, index) => {
          const rank = word[3][index];
          if (!places.has(place)) places.set(place, { rank, hits: [] });
          const found = places.get(place);
          found.rank = Math.min(found.rank, rank);
          found.hits.push(word[1]);
        }));
        const shown = Array.from(places).sort((a, b) => a[1].rank - b[1].rank || a[0] - b[0]).slice(0, 200);
        count.textContent = places.size === 0 ? 'nothing speaks of ' + wanted
          : places.size + (places.size === 1 ? ' place' : ' places')
            + (shown.length === places.size ? '' : ', the first ' + shown.length);
        shown.forEach(([place, { rank, hits }]) => {
          const item = document.createElement('li'), link = document.createElement('a');
          const note = document.createElement('span');
          link.textContent = data.places[place][0];
          link.href = data.places[place][1];
          note.className = 'faint';
          note.textContent = rank + ': ' + hits.slice(0, 4).join(' ');
          item.append(link, note);
          found.append(item);
        });
      });
    });

    """
}
