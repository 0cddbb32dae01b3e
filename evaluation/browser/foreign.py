"""Pages of other origins, in the same browser with the same cookies: they can neither read nor trigger anything."""

import http.server
import threading

PAGE = b"<!DOCTYPE html><title>elsewhere</title><p>elsewhere"


class Elsewhere:
    """A page of another origin."""

    def __enter__(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(PAGE)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.port = self.server.server_port
        return self

    def __exit__(self, *_):
        self.server.shutdown()


TRIES = """
    const [origin, done] = arguments, found = {};
    const body = JSON.stringify({ model: 'imdb-gpt2-wide', text: 'a' });
    const attempt = async (name, work) => { try { found[name] = await work(); } catch (error) { found[name] = 'refused'; } };
    (async () => {
      await attempt('json', async () => (await fetch(origin + '/api/lens', { method: 'POST', credentials: 'include',
        headers: { 'Content-Type': 'application/json' }, body })).status);
      await attempt('simple', async () => (await fetch(origin + '/api/lens', { method: 'POST', credentials: 'include', body })).status);
      await attempt('opaque', async () => { const r = await fetch(origin + '/api/lens', { method: 'POST', mode: 'no-cors',
        credentials: 'include', body }); return r.type + ' ' + (await r.text()); });
      await attempt('page', async () => (await fetch(origin + '/', { credentials: 'include' })).status);
      await attempt('script', () => new Promise((yes, no) => { const s = document.createElement('script');
        s.src = origin + '/explorer.js'; s.onload = () => yes('loaded ' + typeof update); s.onerror = no; document.body.append(s); }));
      await attempt('image', () => new Promise((yes, no) => { const i = new Image(); i.onload = () => yes('loaded'); i.onerror = no;
        i.src = origin + '/icon.svg'; }));
      await attempt('frame', () => new Promise(yes => { const f = document.createElement('iframe'); f.src = origin + '/';
        f.onload = () => { let text = 'unreadable'; try { text = f.contentDocument ? f.contentDocument.body.innerText : 'unreadable'; }
          catch (error) {} yes(text); }; document.body.append(f); }));
      done(found);
    })();
"""


def from_elsewhere(page, host):
    """What a page of another origin gets, and what the server has refused meanwhile."""
    before = len(page.explorer.refusals())
    with Elsewhere() as elsewhere:
        first = page.driver.current_window_handle
        page.driver.switch_to.new_window("tab")
        try:
            page.driver.get(f"http://{host}:{elsewhere.port}/")
            found = page.driver.execute_async_script(TRIES, page.explorer.origin)
            return found, page.explorer.refusals()[before:]
        finally:
            page.driver.close()
            page.driver.switch_to.window(first)


def another_site_gets_nothing(page):
    # "localhost" is another site than 127.0.0.1: the cookie does not go with its requests.
    check(*from_elsewhere(page, "localhost"))


def another_port_of_the_same_site_gets_nothing(page):
    # The same site with another port: the cookie does go with its requests, which are refused all the same.
    check(*from_elsewhere(page, "127.0.0.1"))


def check(found, refused):
    for name in ["json", "simple", "page", "script", "image"]:
        assert found[name] == "refused", (name, found)
    assert found["opaque"] in ["refused", "opaque "], found
    # Nothing was triggered either: each request that arrived was refused. The one with JSON asks first, by OPTIONS.
    assert refused.count("a call from another origin") == 2, refused
    assert "a method other than GET and POST" in refused and refused.count("another site") == 4, refused
    assert "Graft" not in found["frame"] and "imdb" not in found["frame"], found


def a_foreign_link_shows_nothing(page):
    """A link on another site leads to the page without the cookie, which shows nothing of the models."""
    with Elsewhere() as elsewhere:
        first = page.driver.current_window_handle
        page.driver.switch_to.new_window("tab")
        try:
            page.driver.get(f"http://localhost:{elsewhere.port}/")
            page.script("const a = document.createElement('a'); a.href = arguments[0]; a.textContent = 'there'; document.body.append(a); a.click()",
                        page.explorer.origin + "/#text=a")
            page.wait(lambda: "does not answer" in page.script("return document.body.innerText"), "refusal")
        finally:
            page.driver.close()
            page.driver.switch_to.window(first)


def the_page_loads_nothing_from_elsewhere(page):
    page.errors()  # what other cases have provoked
    page.open(model="imdb-gpt2-wide", text="a film", cell="L4@1")
    origins = page.script("return Array.from(new Set(performance.getEntriesByType('resource').map(e => new URL(e.name).origin)))")
    assert origins == [page.explorer.origin], origins
    complaints = [message for message in page.errors() if "Content Security Policy" in message]
    assert complaints == [], complaints


ALL = [another_site_gets_nothing, another_port_of_the_same_site_gets_nothing, a_foreign_link_shows_nothing,
       the_page_loads_nothing_from_elsewhere]
