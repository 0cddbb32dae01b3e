"""check.py EXPECTED FOUND: compare two golden files, .safetensors or .json, and print the largest error of each part.

Both must hold the same tensors (or keys), of the same shapes; integers must be equal, and a NaN is an error. Ends with 1
when an error is larger than --tolerance, relative to the largest magnitude of the tensor where that exceeds 1.
"""
import argparse
import json
import math
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file


def tensor_error(expected, found):
    """The largest difference over max(1, largest magnitude); infinite where shapes, types or integers differ."""
    if expected.shape != found.shape or expected.dtype != found.dtype:
        return math.inf
    if not expected.is_floating_point():
        return 0.0 if torch.equal(expected, found) else math.inf
    if not expected.numel():
        return 0.0
    error = ((expected - found).abs().max() / max(1.0, expected.abs().max().item())).item()
    return math.inf if math.isnan(error) else error


def json_error(expected, found):
    """The largest error of two JSON values of one structure: numbers as above, everything else equal."""
    if isinstance(expected, dict) and isinstance(found, dict) and expected.keys() == found.keys():
        return max((json_error(expected[k], found[k]) for k in expected), default=0.0)
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        return max((json_error(e, f) for e, f in zip(expected, found)), default=0.0)
    if type(expected) is float and type(found) is float:
        error = abs(expected - found) / max(1.0, abs(expected))
        return math.inf if math.isnan(error) else error
    return 0.0 if expected == found and type(expected) is type(found) else math.inf


def by_part(expected, found, measure):
    """{part: error}; a part that only one side has is infinitely wrong."""
    return {name: measure(expected[name], found[name]) if name in expected and name in found else math.inf
            for name in sorted(expected.keys() | found.keys())}


def tensor_errors(expected, found):
    return by_part(expected, found, tensor_error)


def json_errors(expected, found):
    return by_part(expected, found, json_error)


def errors(expected, found):
    """{part: error} of two files."""
    if Path(expected).suffix == ".json":
        return json_errors(json.loads(Path(expected).read_text()), json.loads(Path(found).read_text()))
    return tensor_errors(load_file(expected), load_file(found))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("expected")
    parser.add_argument("found")
    parser.add_argument("--tolerance", type=float, default=1e-10)
    options = parser.parse_args()
    found = errors(options.expected, options.found)
    for name, error in found.items():
        print(f"{name}: {error:.2e}")
    worst = max(found, key=found.get)
    print(f"largest error {found[worst]:.2e} in {worst}")
    sys.exit(0 if found[worst] <= options.tolerance else 1)


if __name__ == "__main__":
    main()
