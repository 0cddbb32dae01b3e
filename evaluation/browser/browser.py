"""A running `graft explore`, and a browser that has come by its address."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import urllib.parse

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

MODELS = ["imdb-gpt2-wide", "imdb-bert-1", "imdb-bert-2", "imdb-bert-1-sentiment"]


class Explorer:
    """The command. Ctrl-C must end it with 0."""

    def __init__(self, graft, tuned, atlas):
        self.graft, self.tuned, self.atlas = graft, tuned, atlas

    def __enter__(self):
        self.notes = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [self.graft, "explore", *MODELS, "--tuned", self.tuned, "--atlas", self.atlas], stdout=subprocess.PIPE, stderr=self.notes, text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
        self.address = self.process.stdout.readline().strip()
        parts = urllib.parse.urlsplit(self.address)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.token = parts.query.removeprefix("token=")
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        output, _ = self.process.communicate(timeout=10)
        assert self.process.returncode == 0, (self.process.returncode, self.refusals())
        assert output == "", output

    def refusals(self):
        """What the command has noted about requests that it did not answer."""
        self.notes.seek(0)
        return [line.split("refused: ")[1].strip() for line in self.notes if "refused: " in line]

    def run(self, *arguments):
        """What a command prints."""
        return subprocess.run([self.graft, *arguments], check=True, capture_output=True, text=True).stdout

    def command(self, *arguments):
        """The object that a command prints."""
        return json.loads(self.run(*arguments))


class Page:
    def __init__(self, explorer):
        self.explorer = explorer

    def __enter__(self):
        options = webdriver.ChromeOptions()
        for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                         "--disable-background-networking", "--no-first-run", "--window-size=1400,1000"]:
            options.add_argument(argument)
        self.downloads = tempfile.TemporaryDirectory()
        options.add_experimental_option("prefs", {"download.default_directory": self.downloads.name})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        binary = next((path for path in ["/usr/bin/chromium", "/usr/bin/google-chrome"] if os.path.exists(path)), None)
        if binary:
            options.binary_location = binary
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
        self.driver.set_script_timeout(30)
        self.size(1400, 1000)
        self.driver.get(self.explorer.address)
        self.wait(lambda: self.drawn() > 0, "the first map")
        return self

    def __exit__(self, *_):
        self.driver.quit()
        self.downloads.cleanup()

    # What is there.

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def drawn(self):
        return int(self.script("return document.body.dataset.drawn || '0'"))

    def errors(self):
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    def wait(self, condition, what, seconds=20):
        WebDriverWait(self.driver, seconds, poll_frequency=0.02, ignored_exceptions=[Exception]).until(
            lambda _: condition(), f"no {what}; the page says: {self.script('return document.body.innerText')[:600]}")

    def map_texts(self, index=0):
        """Rows from the top: lists of the texts of the cells."""
        return self.script(
            "return Array.from(document.querySelectorAll('figure.map')[arguments[0]].querySelectorAll('tbody tr'))"
            ".map(row => Array.from(row.querySelectorAll('td')).map(cell => cell.textContent))", index)

    def fragment(self):
        return urllib.parse.parse_qs(urllib.parse.urlsplit(self.driver.current_url).fragment)

    # What is done.

    def size(self, width, height):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def scheme(self, name):
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": name}]})

    def open(self, **state):
        """A link to a state, in the tab that is open."""
        before = self.drawn()
        pairs = [(key, one) for key, value in state.items() for one in (value if isinstance(value, list) else [value])]
        self.script("location.hash = '#'; location.hash = '#' + arguments[0]", urllib.parse.urlencode(pairs))
        self.wait(lambda: self.drawn() > before and self.quiet(), "map")

    def quiet(self):
        """Whether no call is under way."""
        return self.script("return Object.keys(pending).length === 0")

    def settle(self):
        self.wait(self.quiet, "end of calls")

    def type(self, selector, text, enter=True):
        before = self.drawn()
        field = self.find(selector)
        field.send_keys(Keys.CONTROL + "a")
        field.send_keys(Keys.DELETE)
        field.send_keys(text + (Keys.ENTER if enter else ""))
        self.wait(lambda: self.drawn() > before and self.quiet(), "map of what was typed")

    def choose(self, selector, value):
        before = self.drawn()
        Select(self.find(selector)).select_by_value(value)
        self.wait(lambda: self.drawn() > before and self.quiet(), f"map after {selector} {value}")

    def click(self, selector_or_element):
        element = self.find(selector_or_element) if isinstance(selector_or_element, str) else selector_or_element
        self.script("arguments[0].scrollIntoView({block: 'center', inline: 'center'})", element)
        element.click()

    def cell(self, row, column, index=0):
        return self.script(
            "return document.querySelectorAll('figure.map')[arguments[0]].querySelectorAll('tbody tr')[arguments[1]]"
            ".querySelectorAll('td')[arguments[2]]", index, row, column)

    def choose_cell(self, row, column, index=0):
        self.click(self.cell(row, column, index))
        self.wait(lambda: self.all("#cell-title") and self.quiet(), "cell")

    def button(self, text, within="body"):
        found = [one for one in self.all(f"{within} button") if one.text == text]
        assert found, f"no button {text} in {within}"
        return found[0]

    def saved(self, selector):
        """The name and the bytes of the file that a button saves."""
        folder = pathlib.Path(self.downloads.name)
        # Until a file is whole, Chromium has it under another name.
        whole = lambda: [one for one in folder.iterdir() if not one.name.startswith(".") and one.suffix != ".crdownload"]
        self.click(selector)
        self.wait(whole, "file")
        file, = whole()
        content = file.read_bytes()
        file.unlink()
        return file.name, content

    def clipboard(self):
        self.driver.execute_cdp_cmd("Browser.grantPermissions", {
            "origin": self.explorer.origin, "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]})
        return self.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0])")

    def measured(self, **state):
        """Milliseconds from a state to its map in the window, in the page's own clock."""
        return self.driver.execute_async_script(
            "const done = arguments[1], start = performance.now(), before = Number(document.body.dataset.drawn);"
            "update(arguments[0]);"
            "const wait = () => Number(document.body.dataset.drawn) > before"
            " ? requestAnimationFrame(() => setTimeout(() => done(performance.now() - start))) : setTimeout(wait, 1);"
            "wait();", {"cell": "", "tab": "search", **state})

    def picture(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(path))
