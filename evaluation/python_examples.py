"""python_examples.py [--graft PATH]: runs every example of docs/python.md against the real packages.

Each block of Python becomes a script of its own in one empty folder, in which the repository's models and reviews are found; the one
for Jupyter is executed as a notebook. What the examples leave is checked. Packages: evaluation/requirements-python.txt.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LEFT = ["states.safetensors", "lens.png", "stitched.pdf", "imdb-bert-1.atlas", "lens.html"]


def examples():
    page = (ROOT / "docs" / "python.md").read_text()
    for part in re.split(r"^## ", page, flags=re.M)[1:]:
        for code in re.findall(r"```python\n(.*?)```", part, re.S):
            yield part.split("\n")[0], code


def run_notebook(code):
    import nbclient
    import nbformat
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    html = notebook.cells[0].outputs[-1]["data"]["text/html"]
    assert "<iframe srcdoc=" in html and "figure class=&quot;heat" in html, html[:200]
    return f"a page of {len(html):,} characters in the notebook\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--graft", type=Path, default=ROOT / ".build" / "release" / "graft")
    graft = parser.parse_args().graft.resolve()
    found = list(examples())
    assert len(found) == 6, f"{len(found)} examples"
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.symlink(ROOT / "evaluation", "evaluation")
        os.environ |= {"PATH": f"{graft.parent}:{os.environ['PATH']}", "GRAFT_MODELS": str(ROOT / "models"), "MPLBACKEND": "Agg",
                       "HF_HUB_OFFLINE": "1"}
        for title, code in found:
            print(f"## {title}", flush=True)
            if "IPython" in code:
                print(run_notebook(code), flush=True)
            else:
                subprocess.run([sys.executable, "-c", code], check=True)
        for name in LEFT:
            assert Path(name).stat().st_size > 1000, name
    print(f"{len(found)} examples")


if __name__ == "__main__":
    main()
