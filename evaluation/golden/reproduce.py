"""reproduce.py FIXTURES MODELS: make every golden file of the tests again and compare, to 1e-10 or to --tolerance.

FIXTURES is the folder Tests; MODELS holds the trained models. Prints one line a file and ends with 1 if one differs.
"""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from safetensors.torch import load_file

import check
import generate
import pairs

HERE = Path(__file__).parent


def sources(fixtures, models):
    """The directory of every model by its name: random ones beside the tests, trained ones in MODELS."""
    tiny = {p.parent.name: p.parent for p in (fixtures / "TransformerTests/Fixtures/tiny").glob("*/config.json")}
    return tiny | {p.parent.name: p.parent for p in models.glob("*/config.json")}


def without_meta(path):
    """The contents of an expected.json: the weights must be the same, the releases need not be."""
    stored = json.loads(path.read_text())
    return {**stored, "meta": stored["meta"]["model_sha256"]}


def report(name, errors, tolerance):
    worst = max(errors, key=errors.get)
    print(f"{name}: {len(errors)} parts, largest error {errors[worst]:.1e} in {worst}", flush=True)
    return errors[worst] <= tolerance


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("fixtures", type=Path)
    parser.add_argument("models", type=Path)
    parser.add_argument("--tolerance", type=float, default=1e-10)
    options = parser.parse_args()
    directories, good = sources(options.fixtures, options.models), True
    transformer, stitching = (options.fixtures / f"{t}Tests/Fixtures" for t in ("Transformer", "Stitching"))

    for expected in sorted(transformer.glob("t*/*/expected.safetensors")):
        name, given = expected.parent.name, load_file(expected)
        core = generate.load(directories[name])
        found = generate.model_tensors(core, given["ids"], given.get("token_types"))
        good &= report(f"{name} tensors", check.tensor_errors(given, found), options.tolerance)
        found = generate.model_json(core, directories[name])
        errors = check.json_errors(
            without_meta(expected.with_suffix(".json")), {**found, "meta": found["meta"]["model_sha256"]})
        good &= report(f"{name} projections", errors, options.tolerance)
    for expected in sorted(stitching.glob("t*/*/expected.safetensors")):
        a, b = (generate.load(directories[name]) for name in expected.parent.name.split("-to-"))
        errors = check.tensor_errors(load_file(expected), pairs.compare(a, b))
        good &= report(f"{expected.parent.name} tensors", errors, options.tolerance)

    with tempfile.TemporaryDirectory() as made:
        subprocess.run([sys.executable, HERE / "make_tiny.py", made], check=True, stdout=subprocess.DEVNULL)
        for stored in sorted((transformer / "variants").glob("*/*.safetensors")):
            relative = stored.relative_to(transformer / "variants")
            good &= report(f"variant {relative}", check.errors(stored, Path(made) / relative), options.tolerance)
        for stored in sorted((transformer / "variants").glob("*/expected.json")):
            found = json.loads((Path(made) / stored.relative_to(transformer / "variants")).read_text())
            errors = check.json_errors(without_meta(stored), {**found, "meta": found["meta"]["model_sha256"]})
            good &= report(f"variant {stored.parent.name} projections", errors, options.tolerance)

    with tempfile.TemporaryDirectory() as made:
        reviews, trained = HERE.parent / "imdb/test.jsonl", stitching / "trained"
        for stored in sorted(trained.glob("*/levels.safetensors")):
            a, b = (directories[name] for name in stored.parent.name.split("-to-"))
            subprocess.run([sys.executable, HERE / "levels.py", a, b, "--reviews", reviews, "--fit", trained / "levels-fit.txt",
                            "--score", trained / "levels-score.txt", "--transplant", "2", "-o", f"{made}/levels.safetensors"],
                           check=True, stdout=subprocess.DEVNULL)
            errors = check.errors(stored, Path(made) / "levels.safetensors")
            good &= report(f"{stored.parent.name} levels", errors, options.tolerance)

    with tempfile.TemporaryDirectory() as made:
        families = options.fixtures / "GraftCommandTests/Fixtures/families"
        reviews = HERE.parent / "imdb/test.jsonl"
        vocabularies = options.fixtures / "TokenizationTests/Fixtures"
        subprocess.run([sys.executable, HERE / "make_families.py", vocabularies, reviews, made], check=True,
                       stdout=subprocess.DEVNULL)
        for stored in sorted([*families.glob("*/*.safetensors"), families / "expected.json"]):
            relative = stored.relative_to(families)
            good &= report(f"families {relative}", check.errors(stored, Path(made) / relative), options.tolerance)
        for stored in sorted(families.glob("*/expected.json")):
            found = json.loads((Path(made) / stored.relative_to(families)).read_text())
            errors = check.json_errors(without_meta(stored), {**found, "meta": found["meta"]["model_sha256"]})
            good &= report(f"families {stored.parent.name} projections", errors, options.tolerance)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
