extension ExplorerPage {
  static let document: StaticString = #"""
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Graft explorer</title>
    <link rel="icon" href="/icon.svg">
    <link rel="stylesheet" href="/explorer.css">
    <script src="/explorer.js" defer></script>
    </head>
    <body>
    <header>
      <h1>Graft explorer</h1>
      <p id="status" role="status" aria-live="polite"></p>
      <div class="exports" role="group" aria-label="Take away">
        <button type="button" id="copy-link">Copy link</button>
        <button type="button" id="copy-command">Copy command</button>
        <button type="button" id="save-svg">SVG</button>
        <button type="button" id="save-pdf">PDF</button>
        <button type="button" id="save-png">PNG</button>
        <button type="button" id="save-json">JSON</button>
      </div>
    </header>
    <form id="prompt" autocomplete="off">
      <div class="texts">
        <label class="wide">Text
          <textarea id="text" rows="2" spellcheck="false"></textarea>
        </label>
        <label class="wide">Second text <span class="soft">(to patch from, or beside)</span>
          <textarea id="second" rows="2" spellcheck="false"></textarea>
        </label>
      </div>
      <div class="options">
        <label>Model <select id="model"></select></label>
        <label>Beside <select id="beside"></select></label>
        <label>Colour by <select id="show"></select></label>
        <label>Target <input id="target" size="9" spellcheck="false"></label>
        <label>Versus <input id="versus" size="9" spellcheck="false"></label>
        <label class="check" id="each-label"><input type="checkbox" id="each"> mask each token</label>
        <label class="check" id="tuned-label"><input type="checkbox" id="tuned"> tuned lens</label>
        <label class="check"><input type="checkbox" id="sublayers"> sublayers</label>
      </div>
    </form>
    <section id="changes" aria-label="Changes of the forward pass">
      <h2>Changes</h2>
      <ul id="change-list"></ul>
      <form id="change-form" autocomplete="off">
        <label class="check"><span class="hidden">A change, such as L2H1=zero</span>
          <input id="change" size="16" placeholder="L2H1=zero" spellcheck="false"></label>
        <button>Add</button>
        <button type="button" id="clear-changes">Remove all</button>
      </form>
    </section>
    <div id="error" role="alert" hidden></div>
    <main>
      <div id="maps"></div>
      <aside id="inspector" aria-label="What is behind it">
        <div id="tabs" role="tablist" aria-label="What is behind it"></div>
        <div id="panel-cell" role="tabpanel" aria-labelledby="tab-cell"></div>
        <div id="panel-heads" role="tabpanel" aria-labelledby="tab-heads"></div>
        <div id="panel-neuron" role="tabpanel" aria-labelledby="tab-neuron"></div>
        <div id="panel-search" role="tabpanel" aria-labelledby="tab-search"></div>
      </aside>
    </main>
    </body>
    </html>

    """#
}
