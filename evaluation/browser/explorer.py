"""Uses `graft explore` in a real browser: types, clicks, changes the forward pass, restores a link, and compares what the
page shows with what the command prints. With --pictures DIR, writes screenshots; with --latency, measures.

    python3 evaluation/browser/explorer.py --graft .build/release/graft
"""

import argparse
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import browser
import cases
import foreign


def latency(page, graft):
    """Medians over 50 requests, and what the command takes in all, process and loading included."""
    words = ("This movie was a complete waste of time and I would not recommend it to anyone who has seen a good film "
             "in the last ten years or so because the plot").split()
    for model in ["imdb-gpt2-wide", "imdb-bert-1"]:
        times = []
        for turn in range(50):
            text = " ".join(words[turn % 5:][:24] + ["." * (1 + turn % 3)] * 3)
            times.append(page.measured(model=model, text=text))
        commands = []
        for _ in range(11):
            start = time.perf_counter()
            subprocess.run([graft, "lens", model, "--text", text, "--json"], check=True, stdout=subprocess.DEVNULL)
            commands.append((time.perf_counter() - start) * 1000)
        tokens = page.script("return answer.maps[0].reading.ids.length")
        drawn, command = statistics.median(times), statistics.median(commands)
        print(f"{model}: {tokens} tokens, from typing to a drawn map {drawn:.0f} ms, graft lens --json {command:.0f} ms")
        assert drawn < 300, drawn
        assert drawn <= 1.5 * command, (drawn, command)


def prepare(graft, folder):
    """A tuned lens and an atlas of one of the models, small ones."""
    tuned, atlas = folder + "/lens.safetensors", folder + "/atlas.sqlite"
    train = pathlib.Path(__file__).parent.parent / "imdb" / "train.jsonl"
    for arguments in [
        ["lens-fit", browser.MODELS[0], "--dataset", str(train), "--limit", "20", "--max-length", "64", "-o", tuned],
        ["atlas", "build", browser.MODELS[0], "-o", atlas],
    ]:
        subprocess.run([graft, *arguments], check=True, capture_output=True)
    return tuned, atlas


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--graft", default=".build/release/graft")
    parser.add_argument("--pictures", type=pathlib.Path)
    parser.add_argument("--picture", type=pathlib.Path, help="write the README's picture here (docs/images/explorer.png)")
    parser.add_argument("--latency", action="store_true")
    parser.add_argument("--only", help="run the cases whose name has this in it")
    options = parser.parse_args()
    start = time.perf_counter()
    with (tempfile.TemporaryDirectory() as folder,
          browser.Explorer(options.graft, *prepare(options.graft, folder)) as explorer, browser.Page(explorer) as page):
        chosen = [case for case in cases.ALL + foreign.ALL if options.only is None or options.only in case.__name__]
        failed = []
        for case in chosen:
            began = time.perf_counter()
            try:
                case(page)
                print(f"ok    {case.__name__} ({time.perf_counter() - began:.1f} s)", flush=True)
            except Exception as error:  # all cases are run, whatever the first one says
                failed.append(case.__name__)
                print(f"FAIL  {case.__name__}: {type(error).__name__}: {error}", flush=True)
                if options.pictures:
                    page.picture(options.pictures / f"failed-{case.__name__}.png")
        if options.latency:
            latency(page, options.graft)
        if options.pictures:
            cases.take_pictures(page, options.pictures)
        if options.picture:
            cases.take_readme_picture(page, options.picture)
    print(f"{len(chosen) - len(failed)} of {len(chosen)} cases passed in {time.perf_counter() - start:.0f} s")
    sys.exit(1 if failed or not chosen else 0)


if __name__ == "__main__":
    main()
