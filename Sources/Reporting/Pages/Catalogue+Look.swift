extension Catalogue {
  static let styleSheet: StaticString = """
    .filter { width: 100%; max-width: 24rem; padding: 0.45rem 0.7rem; border: 1px solid var(--rule); border-radius: 6px;
      background: var(--field); color: var(--ink); font: inherit; }
    .filter:focus-visible { outline: 2px solid var(--blue); }
    .catalogue td { white-space: normal; min-width: 12rem; max-width: 26rem; padding-right: 1.1rem; }
    .catalogue td.short { min-width: 0; }
    .catalogue-frame .scroll { position: relative; left: 50%; transform: translateX(-50%); width: max-content;
      min-width: 100%; max-width: calc(100vw - 3rem); overflow: auto; max-height: 88vh; }
    .catalogue { border-collapse: separate; border-spacing: 0; }
    .catalogue thead th { position: sticky; top: 0; z-index: 2; background: var(--paper); }
    .catalogue th[scope=row], .catalogue thead th:first-child { position: sticky; left: 0; z-index: 1;
      background: var(--paper); }
    .catalogue thead th:first-child { z-index: 3; }
    .catalogue tr { scroll-margin-top: 3rem; }
    .catalogue th + td { padding-left: 1.1rem; }
    .catalogue th[scope=row] { border-bottom: 1px solid var(--rule); }
    .catalogue tr:target { background: var(--field); outline: 2px solid var(--mark); }
    .found { padding: 0; list-style: none; columns: 18rem; }
    .found li { break-inside: avoid; padding: 0.15rem 0; }
    .found .faint { margin-left: 0.5rem; }
    nav { display: flex; flex-wrap: wrap; gap: 0.4rem 1rem; margin: 0.75rem 0; }
    a { color: var(--blue); }
    @media print { .catalogue-frame .scroll { left: 0; transform: none; width: auto; max-width: none; max-height: none;
      overflow: visible; } .catalogue th { position: static; } .word-search, nav { display: none; } }

    """

  /// Filters the rows of catalogues, and looks words up by the rule of `Atlas.search`.
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
      const count = frame.querySelector('.count'), found = frame.querySelector('.found');
      const split = text => text.toLowerCase().match(/[\\p{L}\\p{N}\\p{Co}]+/gu) || [];
      const words = data.words.map(([shown, bare, places, hits]) => ({ shown, bare, places, hits, parts: split(bare) }));
      // A token is a word when its own first words are, or, with * at the end, when words of it begin so.
      const matcher = word => {
        const isPrefix = word.length > 1 ? word.endsWith('*') : false;
        const plain = isPrefix ? word.slice(0, -1) : word, parts = split(plain), last = parts.length - 1;
        const fits = (own, start) => parts.every((part, i) => own[start + i] === undefined ? false
          : isPrefix ? (i === last ? own[start + i].startsWith(part) : own[start + i] === part) : own[start + i] === part);
        return token => token.bare === plain || token.shown === plain
          || (last !== -1 ? (isPrefix ? token.parts.some((_, i) => fits(token.parts, i)) : fits(token.parts, 0)) : false);
      };
      // Every word must stand at a place: the sum of its words' best ranks first, then the number of hits.
      const search = text => {
        const wanted = text.split(/\\s+/).filter(word => word !== '');
        const at = new Map();
        wanted.map(matcher).forEach((matches, number) => words.filter(matches).forEach(token => {
          token.places.forEach((place, i) => {
            if (!at.has(place)) at.set(place, { best: [], hits: new Map() });
            const entry = at.get(place);
            token.hits[i].forEach(hit => {
              const rank = Math.floor(hit / 4);
              entry.best[number] = Math.min(entry.best[number] || rank, rank);
              entry.hits.set(hit, [...(entry.hits.get(hit) || []), token.shown]);
            });
          });
        }));
        const sum = entry => entry.best.reduce((total, rank) => total + rank, 0);
        return Array.from(at).filter(([, entry]) => wanted.every((_, number) => entry.best[number] !== undefined))
          .map(([place, entry]) => ({ place, sum: sum(entry), hits: entry.hits }))
          .sort((a, b) => a.sum - b.sum || b.hits.size - a.hits.size || data.places[a.place][2] - data.places[b.place][2]);
      };
      frame.querySelector('.filter').addEventListener('input', event => {
        const wanted = event.target.value.trim();
        const all = search(wanted), shown = all.slice(0, 200);
        found.replaceChildren();
        count.textContent = wanted === '' ? '' : all.length === 0 ? 'nothing has all of ' + wanted + ' among its highest tokens'
          : all.length + (all.length === 1 ? ' place' : ' places')
            + (shown.length === all.length ? '' : ', the first ' + shown.length);
        shown.forEach(({ place, hits }) => {
          const item = document.createElement('li'), link = document.createElement('a');
          const note = document.createElement('span');
          const ranked = Array.from(hits).sort((a, b) => a[0] - b[0]);
          link.textContent = data.places[place][0];
          link.href = data.places[place][1];
          note.className = 'faint';
          note.textContent = Math.floor(ranked[0][0] / 4) + ': ' + ranked.slice(0, 4).map(hit => hit[1].join(' ')).join(', ');
          item.append(link, note);
          found.append(item);
        });
      });
    });

    """
}
