extension ExplorerPage {
  /// Elements, calls of the server, files and numbers.
  static let elementScript: StaticString = #"""
    'use strict';
    const $ = id => document.getElementById(id);

    /** An element: properties by name (attributes with a dash or "role"), then children. */
    function el(name, properties = {}, ...children) {
      const element = document.createElement(name);
      for (const [key, value] of Object.entries(properties)) {
        if (value === undefined || value === null) continue;
        if (key in element && !key.includes('-') && key !== 'role' && key !== 'list') element[key] = value;
        else element.setAttribute(key, value);
      }
      element.append(...children.filter(child => child !== null && child !== undefined));
      return element;
    }

    const pending = {};

    /** Calls the server. A newer call of the same channel ends the older one, whose answer nobody waits for. */
    async function call(path, body, channel = path, read = response => response.json()) {
      if (pending[channel]) pending[channel].abort();
      const controller = pending[channel] = new AbortController();
      try {
        const response = await fetch('/api/' + path, {
          method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
          signal: controller.signal,
        });
        if (response.ok) return await read(response);
        const type = response.headers.get('Content-Type') || '';
        throw new Error(type.startsWith('application/json') ? (await response.json()).error : await response.text());
      } finally {
        if (pending[channel] === controller) delete pending[channel];
      }
    }

    /** Runs what may fail, and says what failed. An ended call is no failure. */
    async function attempt(work) {
      try {
        await work();
      } catch (error) {
        if (error.name === 'AbortError') return;
        fail(error.name === 'TypeError' && /fetch/.test(error.message)
          ? 'graft explore does not answer any more; start it again and open its new address.' : error.message);
      }
    }

    function fail(message) {
      $('error').textContent = message;
      $('error').hidden = message === '';
    }

    /** Saves what a call gives, under the name that it has there. */
    async function save(path, body) {
      const [name, content] = await call(path, body, path, async response =>
        [/filename="(.*)"/.exec(response.headers.get('Content-Disposition'))[1], await response.blob()]);
      const link = el('a', { href: URL.createObjectURL(content), download: name });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
      say('Saved ' + name);
    }

    async function copy(text, said) {
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        const area = el('textarea', { value: text });
        document.body.append(area);
        area.select();
        document.execCommand('copy');
        area.remove();
      }
      say(said + ': ' + text);
    }

    function say(text) { $('status').textContent = text; }

    const signed = (value, decimals) => (value > 0 ? '+' : '') + value.toFixed(decimals);

    /** How a token of an answer is shown. */
    const shownAs = (answer, item) => answer.names[item.id] ?? '(no token)';

    /** A list of names with bars: [{label, value, use}]. */
    function bars(items, decimals = 3, format = value => value.toFixed(decimals)) {
      const most = items.reduce((most, item) => Math.max(most, Math.abs(item.value)), 1e-9);
      return el('ol', { className: 'bars' }, ...items.map(item => {
        const bar = el('span', { className: item.value < 0 ? 'bar below' : 'bar' });
        bar.style.width = Math.abs(item.value) / most * 100 + '%';
        const name = item.use
          ? el('button', { type: 'button', title: item.hint || '', onclick: item.use }, item.label) : el('span', {}, item.label);
        return el('li', {}, name, el('span', { 'aria-hidden': 'true' }, bar), el('span', { className: 'number' }, format(item.value)));
      }));
    }

    """#
}
