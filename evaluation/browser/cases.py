"""What a user does, each compared with what the library says through the command."""

import json
import os
import shlex
import subprocess
import tempfile
import urllib.parse

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.common.action_chains import ActionChains

PROMPT = "This movie was a complete waste of"
GPT2 = dict(model="imdb-gpt2-wide", text=PROMPT)
LONG = " ".join(["the film is a great story of two people who meet in a town and never see each other again ."] * 24)


def levels(result):
    """From the top row down, as the page shows them."""
    return list(reversed(result["levels"]))


def cell_titles(page, index=0):
    """What hovering over each cell says, rows from the top."""
    return page.script("""
        return Array.from(document.querySelectorAll('figure.map')[arguments[0]].querySelectorAll('tbody tr')).map(row =>
          Array.from(row.querySelectorAll('td')).map(cell => {
            cell.dispatchEvent(new MouseEvent('mouseover', { bubbles: true }));
            return cell.title;
          }))""", index)


def compare_map(page, result, index=0, decimals=3):
    """All probabilities of a map with those of a result of graft lens --json."""
    titles = cell_titles(page, index)
    assert len(titles) == len(result["levels"]), (len(titles), len(result["levels"]))
    for row, level in zip(titles, levels(result)):
        assert len(row) == len(level["places"])
        for title, place in zip(row, level["places"]):
            shown = title.rsplit("probability ", 1)[1]
            assert abs(float(shown) - place["top"][0]["probability"]) <= 0.5000001 * 10 ** -decimals, (title, place["top"][0])


def bars(page, within="#panel-cell"):
    return page.script("""
        return Array.from(document.querySelector(arguments[0] + ' .bars').querySelectorAll('li')).map(line =>
          [line.firstChild.textContent, line.lastChild.textContent])""", within)


def types_a_prompt(page):
    page.open(**GPT2)
    text = "I have never seen such a"
    page.type("#text", text)
    compare_map(page, page.explorer.command("lens", "imdb-gpt2-wide", "--text", text, "--json")["results"][0])
    assert page.fragment()["text"] == [text]
    # Without Enter it follows by itself.
    page.type("#text", "one of the best", enter=False)
    assert len(page.map_texts()[0]) == 4


def numbers_equal_those_of_the_command(page):
    for model, text, extra in [
        ("imdb-gpt2-wide", PROMPT, []), ("imdb-bert-1", "the acting is [MASK] .", []),
        ("imdb-bert-1", "a great little film", ["--mask-each"]),
    ]:
        page.open(model=model, text=text, **({"each": "1"} if extra else {}))
        compare_map(page, page.explorer.command("lens", model, "--text", text, "--json", *extra)["results"][0])


def clicks_a_cell(page):
    page.open(**GPT2)
    page.choose_cell(0, 5)
    result = page.explorer.command("lens", "imdb-gpt2-wide", "--text", PROMPT, "--json")["results"][0]
    top = levels(result)[0]["places"][5]["top"]
    shown = bars(page)
    assert len(shown) == 10
    for (_, number), item in zip(shown, top):
        assert number == f"{item['probability']:.4f}", (number, item)
    title = page.find("#cell-title").text
    assert title == "L4 at token 5 ␣waste", title
    assert page.cell(0, 5).get_attribute("aria-selected") == "true"
    # The parts of the logit add up to it.
    text = page.find("#panel-cell").text
    parts = page.explorer.command(
        "lens", "imdb-gpt2-wide", "--text", PROMPT, "--json", "--attribute", "--tokens", "5")["results"][0]["attributions"][0]
    assert f"+{parts['logit']:.3f} in all" in text, text


def ablates_a_head(page):
    page.open(**GPT2, cell="L4@5")
    page.wait(lambda: page.all("#panel-cell table.cells"), "attribution")
    row = page.script("return Array.from(document.querySelectorAll('#panel-cell table.cells tbody th')).findIndex(th => th.textContent === 'L2')")
    target = page.script(
        "return document.querySelectorAll('#panel-cell table.cells tbody tr')[arguments[0]].querySelectorAll('td')[1]", row)
    page.click(target)
    before = page.drawn()
    page.click(page.script(
        "return Array.from(document.querySelectorAll('#panel-cell [aria-label=\"Change L2H1\"] button')).find(b => b.textContent === 'Zero')"))
    page.wait(lambda: page.drawn() > before and page.quiet(), "changed map")
    assert page.fragment()["changes"] == ["L2H1=zero"]
    results = page.explorer.command(
        "lens", "imdb-gpt2-wide", "--text", PROMPT, "--ablate", "L2H1=zero", "--unchanged", "--json")["results"]
    compare_map(page, results[1], 0)
    compare_map(page, results[0], 2)
    for shown, changed, unchanged in zip(cell_titles(page, 1), levels(results[1]), levels(results[0])):
        for title, after, first in zip(shown, changed["places"], unchanged["places"]):
            difference = after["top"][0]["probability"] - first["top"][0]["probability"]
            assert abs(float(title.rsplit("difference ", 1)[1]) - difference) < 0.00051, (title, difference)
    assert any(text != "0.000" for row in cell_titles(page, 1) for text in [row[0].rsplit(" ", 1)[1]])
    # Each change can be taken back.
    before = page.drawn()
    page.click(page.find("[aria-label='Remove L2H1=zero']"))
    page.wait(lambda: page.drawn() > before and len(page.all("figure.map")) == 1, "map without changes")
    assert "changes" not in page.fragment()


def patches_a_state(page):
    second = "This movie was a wonderful piece of"
    page.open(**GPT2, second=second, cell="L1@4")
    page.wait(lambda: page.all("[aria-label='Change L1']"), "actions")
    page.click(page.find("[aria-label='Change L1'] input"))
    before = page.drawn()
    page.click(page.button("Patch from second text", "[aria-label='Change L1']"))
    page.wait(lambda: page.drawn() > before and page.quiet(), "patched map")
    change = f"L1@4=from:{second}"
    assert page.fragment()["changes"] == [change]
    result = page.explorer.command("lens", "imdb-gpt2-wide", "--text", PROMPT, "--patch", change, "--json")["results"][0]
    compare_map(page, result, 0)


def a_link_restores_everything(page):
    page.open(**GPT2, target="␣time", changes=["L1.mlp=mean", "L3H0=zero"], cell="L3@6", show="entropy")
    texts, fragment, titles = page.map_texts(), page.fragment(), cell_titles(page)
    link = page.driver.current_url
    assert page.explorer.token not in link and "token" not in urllib.parse.urlsplit(link).query
    first = page.driver.current_window_handle
    page.driver.switch_to.new_window("tab")
    try:
        page.driver.get(link)
        page.wait(lambda: page.drawn() > 0 and page.quiet() and page.all("#cell-title"), "restored page")
        assert page.map_texts() == texts and page.fragment() == fragment and cell_titles(page) == titles
        assert page.find("#cell-title").text.startswith("L3 at token 6")
        assert page.find("#show").get_attribute("value") == "entropy"
        assert len(page.all("#change-list li")) == 2
    finally:
        page.driver.close()
        page.driver.switch_to.window(first)


def two_models_side_by_side(page):
    text = "the acting is [MASK] ."
    page.open(model="imdb-bert-1", text=text)
    page.choose("#beside", "model:imdb-bert-2")
    assert len(page.all("figure.map")) == 2
    for index, model in enumerate(["imdb-bert-1", "imdb-bert-2"]):
        compare_map(page, page.explorer.command("lens", model, "--text", text, "--json")["results"][0], index)


def two_texts_side_by_side(page):
    page.open(**GPT2, second="one of the best", beside="second")
    results = page.explorer.command(
        "lens", "imdb-gpt2-wide", "--text", PROMPT, "--beside", "one of the best", "--json")["results"]
    compare_map(page, results[0], 0)
    compare_map(page, results[1], 1)


def masks_a_token_by_a_click(page):
    page.open(model="imdb-bert-1", text="A truly great film.")
    before = page.drawn()
    page.click(page.script("return document.querySelectorAll('figure.map tfoot th')[3].querySelector('button')"))
    page.wait(lambda: page.drawn() > before and page.quiet(), "masked map")
    assert page.find("#text").get_attribute("value") == "A truly [MASK] film."
    result = page.explorer.command("lens", "imdb-bert-1", "--text", "A truly [MASK] film.", "--json")["results"][0]
    compare_map(page, result)
    before = page.drawn()
    page.click(page.script("return document.querySelectorAll('figure.map tfoot th')[3].querySelector('button')"))
    page.wait(lambda: page.drawn() > before and page.quiet(), "map of the first text")
    assert page.find("#text").get_attribute("value") == "A truly great film."


def a_classifier_decides(page):
    text = "a waste of two hours"
    page.open(model="imdb-bert-1-sentiment", text=text)
    page.wait(lambda: len(page.all("figure.map")) == 2, "decision")
    result = page.explorer.command("lens-classifier", "imdb-bert-1-sentiment", "--text", text, "--json")["results"][0]
    for row, level in zip(cell_titles(page, 1), reversed(result["levels"])):
        for title, probability in zip(row, level["probabilities"]):
            assert abs(float(title.rsplit("probability ", 1)[1]) - probability) < 0.00051, (title, probability)


def heads_and_neurons(page):
    page.open(**GPT2, tab="heads")
    page.wait(lambda: len(page.all(".thumbs button")) == 25, "thumbnails of all heads")
    page.click(page.find("[aria-label='Head L2H3']"))
    page.wait(lambda: page.all(".matrices canvas") and len(page.all("#head-detail .two .list")) == 2 and page.quiet(), "head")
    rows = page.script("return Array.from(document.querySelectorAll('#head-detail .two .list')[0].rows).map(r => r.cells[2].textContent)")
    pairs = page.explorer.command("project", "imdb-gpt2-wide", "--head", "L2H3", "--matrix", "vo", "--top", "20", "--json")["pairs"]
    assert rows == [f"{pair['score']:.2f}" for pair in pairs], (rows, pairs[:2])
    attended = page.script("return Array.from(document.querySelectorAll('#head-detail > div > .list tbody tr')).map(r => r.cells[1].textContent)")
    assert abs(sum(map(float, attended)) - 1) < 0.001 and len(attended) == 7, attended
    page.open(**GPT2, tab="neuron", neuron="L2:10")
    page.wait(lambda: len(page.all("#panel-neuron .bars")) == 4, "neuron")
    vectors = page.explorer.command(
        "project", "imdb-gpt2-wide", "--ff-key", "L2:10", "--ff-value", "L2:10", "--json")["vectors"]
    shown = page.script("return Array.from(document.querySelectorAll('#panel-neuron .bars')).map(list => list.querySelector('.number').textContent)")
    assert shown == [f"{vector[end][0]['score']:.2f}" for vector in vectors for end in ["highest", "lowest"]], shown
    assert len(page.all("#panel-neuron .tokens > *")) == 7


def long_texts_stay_usable(page):
    count = 512
    text = LONG
    page.type("#text", "a")
    page.open(model="imdb-gpt2-wide", text=text)
    words = text.split(" ")
    while page.script("return answer.maps[0].reading.ids.length") > count:
        words = words[:-1]
    tokens = page.script("return answer.maps[0].reading.ids.length")
    assert tokens >= 400, tokens
    took = page.measured(model="imdb-gpt2-wide", text=text + " .")
    assert took < 3000, took
    page.choose_cell(0, tokens - 1)
    moved = page.driver.execute_async_script(
        "const done = arguments[0], start = performance.now();"
        "figures[0].table.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft', bubbles: true }));"
        "document.querySelector('figure.map td[tabindex=\"0\"]').focus();"
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft', bubbles: true }));"
        "requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));")
    assert moved < 400, moved
    assert_no_sideways_scrolling(page)


def assert_no_sideways_scrolling(page):
    width, inner = page.script("return [document.documentElement.scrollWidth, window.innerWidth]")
    assert width <= inner, (width, inner)


def every_width_fits(page):
    try:
        for state in [dict(**GPT2, cell="L4@5", changes=["L2H1=zero", "L1@4=from:This movie was a wonderful piece of"]),
                      dict(model="imdb-bert-1", text="the acting is [MASK] .", beside="model:imdb-bert-2"),
                      dict(**GPT2, tab="heads", head="L2H3"), dict(**GPT2, tab="neuron", neuron="L2:10"),
                      dict(model="imdb-gpt2-wide", text="Donaudampfschifffahrtsgesellschaft" * 8)]:
            page.open(**state)
            for width in [400, 620, 900, 1400, 1920]:
                page.size(width, 900)
                assert_no_sideways_scrolling(page)
    finally:
        page.size(1400, 1000)


def the_keyboard_is_enough(page):
    page.open(**GPT2)
    page.script("document.activeElement.blur()")
    keys = lambda *all: ActionChains(page.driver).send_keys(*all).perform()
    # From the top of the page to the first map.
    for _ in range(40):
        keys(Keys.TAB)
        if page.script("return document.activeElement.closest('figure.map td') !== null"):
            break
    else:
        raise AssertionError("Tab does not lead to the map")
    outline = page.script("return getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none", outline
    keys(Keys.ARROW_DOWN, Keys.END, Keys.ARROW_LEFT, Keys.ENTER)
    page.wait(lambda: page.all("#cell-title") and page.quiet(), "cell")
    assert page.find("#cell-title").text == "L3 at token 5 ␣waste", page.find("#cell-title").text
    # To the first part of the logit, and to the changes that are offered for it.
    for _ in range(40):
        keys(Keys.TAB)
        if page.script("return document.activeElement.closest('#panel-cell td') !== null"):
            break
    keys(Keys.ARROW_DOWN, Keys.ENTER, Keys.TAB)
    assert page.script("return document.activeElement.textContent") == "Zero"
    before = page.drawn()
    keys(Keys.ENTER)
    page.wait(lambda: page.drawn() > before and page.quiet(), "changed map")
    assert page.fragment()["changes"] == ["L4H0=zero"], page.fragment()
    page.script("document.getElementById('tab-cell').focus()")
    keys(Keys.ARROW_RIGHT)
    assert page.find("#tab-heads").get_attribute("aria-selected") == "true"


def names_and_roles(page):
    """What a screen reader is told: every control has a name, the map is a grid with headers."""
    page.open(**GPT2, cell="L4@5")
    unnamed = page.script("""
        return Array.from(document.querySelectorAll('button, input, select, textarea, canvas[role], table[role=grid]'))
          .filter(one => one.offsetParent !== null)
          .filter(one => !(one.textContent.trim() && one.tagName === 'BUTTON') && !one.labels?.length && !one.getAttribute('aria-label'))
          .map(one => one.outerHTML.slice(0, 120))""")
    assert unnamed == [], unnamed
    tree = page.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    roles = {}
    for node in tree:
        role = node.get("role", {}).get("value")
        roles[role] = roles.get(role, 0) + 1
    for role in ["grid", "gridcell", "rowheader", "columnheader", "tab", "tabpanel", "status", "main"]:
        assert roles.get(role), (role, roles)


def dark_and_light(page):
    page.open(**GPT2, cell="L4@5")
    contrast = """
        const light = color => { const c = color.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
          .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2]; };
        const paper = one => { while (one && getComputedStyle(one).backgroundColor.endsWith(', 0)')) one = one.parentElement;
          return getComputedStyle(one || document.body).backgroundColor; };
        return Array.from(document.querySelectorAll('td, th, p, label, button, h1, h2, h3, .number, .title'))
          .filter(one => one.offsetParent !== null && one.textContent.trim() && !one.disabled)
          .map(one => { const [a, b] = [light(getComputedStyle(one).color), light(paper(one))].sort((x, y) => y - x);
            return [(a + 0.05) / (b + 0.05), one.outerHTML.slice(0, 100)]; })
          .sort((a, b) => a[0] - b[0])[0];"""
    try:
        for scheme in ["light", "dark"]:
            page.scheme(scheme)
            paper = page.script("return getComputedStyle(document.body).backgroundColor")
            assert (paper == "rgb(255, 255, 255)") == (scheme == "light"), paper
            worst, element = page.script(contrast)
            assert worst >= 4.5, (scheme, worst, element)
    finally:
        page.scheme("light")


EXPORTED = dict(**GPT2, target="␣time", changes=["L2H1=zero"])


def the_copied_command_prints_the_same(page):
    """What Copy command puts on the clipboard, in a shell."""
    page.open(**EXPORTED)
    page.click("#copy-command")
    page.wait(lambda: page.find("#status").text.startswith("Command copied"), "word about the copy")
    command = page.clipboard()
    assert command.startswith("graft lens imdb-gpt2-wide ") and "--ablate L2H1=zero" in command, command
    folder = os.path.dirname(os.path.abspath(page.explorer.graft))
    printed = subprocess.run(["sh", "-c", command + " --json"], check=True, capture_output=True, text=True,
                             env={**os.environ, "PATH": folder + ":" + os.environ["PATH"]}).stdout
    results = json.loads(printed)["results"]
    assert len(results) == 2 and results == [entry["reading"] for entry in page.script("return answer.maps")]


def the_buttons_save_what_the_command_writes(page):
    for state in [EXPORTED, dict(model="imdb-bert-1", text="the acting is [MASK] .", sublayers="1")]:
        page.open(**state)
        words = shlex.split(page.script("return answer.command"))[1:]
        with tempfile.TemporaryDirectory() as folder:
            for form in ["svg", "pdf", "png"]:
                name, content = page.saved("#save-" + form)
                assert name == f"lens-{state['model']}.{form}", name
                path = os.path.join(folder, name)
                page.explorer.run(*words, "--figure", path)
                with open(path, "rb") as file:
                    assert content == file.read(), f"{name} is another picture than that of the command"
        name, content = page.saved("#save-json")
        assert name == f"lens-{state['model']}.json", name
        assert json.loads(content) == {
            "command": page.script("return answer.command"), "results": page.explorer.command(*words, "--json")["results"]}
        assert page.find("#status").text == "Saved " + name


def what_cannot_be_saved_is_said(page):
    page.open(model="imdb-gpt2-wide", text=LONG)
    page.click("#save-png")
    page.wait(lambda: "a PNG has at most" in page.find("#error").text, "word about the size")
    name, content = page.saved("#save-pdf")
    assert content.startswith(b"%PDF-") and name == "lens-imdb-gpt2-wide.pdf", name
    assert not page.find("#error").is_displayed()


def reads_through_a_tuned_lens(page):
    page.open(**GPT2)
    page.click("#tuned")
    page.wait(lambda: len(page.all("figure.map")) == 2 and page.quiet(), "second map")
    result = page.explorer.command("lens", "imdb-gpt2-wide", "--text", PROMPT, "--tuned", page.explorer.tuned, "--json")["results"][0]
    # The output of the model, which is not translated, closes both maps.
    plain = [level for level in result["levels"] if not level["tuned"]]
    translated = [level for level in result["levels"] if level["tuned"]] + plain[-1:]
    compare_map(page, {"levels": plain}, 0)
    compare_map(page, {"levels": translated}, 1)
    assert plain[:-1] and [level["places"] for level in translated] != [level["places"] for level in plain]
    assert f"--tuned {page.explorer.tuned}" in page.script("return answer.command")


def searches_the_atlas(page):
    page.open(**GPT2, tab="search", words="film")
    page.wait(lambda: page.all("#panel-search tbody tr"), "places")
    found = page.explorer.command("atlas", "search", "film", "--atlas", page.explorer.atlas, "--limit", "40", "--json")
    assert page.find("#panel-search .facts").text == f"{found['atlas']['model']}: {found['count']} places"
    rows = page.script(
        "return Array.from(document.querySelectorAll('#panel-search tbody tr')).map(r => Array.from(r.cells).map(c => c.textContent))")
    assert rows == [
        [match["name"], match["kind"], str(match["places"][0]["rank"]), ", ".join(place["text"] for place in match["places"][:3])]
        for match in found["matches"]], rows[:2]
    # A place leads to its neuron.
    place = next(row[0] for row in rows if ":" in row[0])
    page.click(page.button(place, "#panel-search"))
    page.wait(lambda: page.all("#panel-neuron h2") and page.quiet(), "neuron")
    assert page.find("#panel-neuron h2").text == "Neuron " + place


def mistakes_are_said(page):
    page.open(**GPT2)
    page.find("#target").send_keys("two words" + Keys.ENTER)
    page.wait(lambda: "not one token" in page.find("#error").text, "word about what is wrong")
    page.open(**GPT2)
    assert not page.find("#error").is_displayed()


ALL = [types_a_prompt, numbers_equal_those_of_the_command, clicks_a_cell, ablates_a_head, patches_a_state,
       a_link_restores_everything, two_models_side_by_side, two_texts_side_by_side, masks_a_token_by_a_click,
       a_classifier_decides, heads_and_neurons, long_texts_stay_usable, every_width_fits, the_keyboard_is_enough,
       names_and_roles, dark_and_light, the_copied_command_prints_the_same,
       the_buttons_save_what_the_command_writes, what_cannot_be_saved_is_said, reads_through_a_tuned_lens, searches_the_atlas,
       mistakes_are_said]


def take_pictures(page, folder):
    states = {
        "cell": dict(**GPT2, target="␣time", cell="L4@6"),
        "changed": dict(**GPT2, cell="L4@6", changes=["L2H1=zero", "L3.mlp=mean"]),
        "heads": dict(**GPT2, tab="heads", head="L2H3", cell="L4@6"),
        "neuron": dict(**GPT2, tab="neuron", neuron="L2:10"),
        "two": dict(model="imdb-bert-1", text="the acting is [MASK] .", beside="model:imdb-bert-2", cell="L3@4"),
        "classifier": dict(model="imdb-bert-1-sentiment", text="a waste of two hours"),
        "long": dict(model="imdb-gpt2-wide", text=LONG),
    }
    for name, state in states.items():
        page.open(**state)
        page.settle()
        for scheme in ["light", "dark"]:
            page.scheme(scheme)
            for width, height in [(1400, 1000), (400, 1500)]:
                page.size(width, height)
                page.picture(folder / f"{name}-{scheme}-{width}.png")
    page.size(1400, 1000)
    page.scheme("light")


def take_readme_picture(page, path):
    page.size(1400, 900)
    page.open(**GPT2, second="This movie was a wonderful piece of", target="␣time", versus="␣art", cell="L4@6",
              changes=["L1@5=from:This movie was a wonderful piece of", "L0H3=zero"])
    page.settle()
    page.picture(path)
    page.size(1400, 1000)
