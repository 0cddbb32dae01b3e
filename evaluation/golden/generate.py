"""generate.py MODEL OUT: golden files of one model, or with --to, of a pair of models.

OUT/expected.safetensors and OUT/expected.json, in float64; the format is described beside the fixtures of the tests.
"""
import argparse
import hashlib
import json
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file

import checkpoint
import forward
import pairs
import readings

CONVENTIONS = ("hidden[0] is the embedding output; hidden[i] the residual stream after block i; GPT-2's last one is before "
               "ln_f; pairs are [row id, column id, score] of wE W wE^T")


def load(directory):
    return forward.Core(*checkpoint.load(directory))


def model_tensors(core, ids, token_types=None):
    """Every tensor of expected.safetensors that the checkpoint has the heads for."""
    result = {"ids": ids} | ({} if token_types is None else {"token_types": token_types})
    result |= forward.run(core, ids, token_types)
    hidden = result["hidden"]
    if core.has_vocabulary_head:
        result |= readings.lens(core, hidden)
    result |= readings.effective_attention(core, hidden, result["attention"])
    return result | readings.attribution(core, hidden)


def model_json(core, directory):
    weights = Path(directory) / "model.safetensors"
    return {"top_pairs": readings.top_pairs(core), "top_tokens": readings.top_tokens(core), "meta": {
        "torch": str(torch.__version__), "transformers": transformers.__version__, "dtype": "float64",
        "model_sha256": hashlib.sha256(weights.read_bytes()).hexdigest(), "conventions": CONVENTIONS}}


def write(tensors, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--ids-from", type=Path, help="an expected.safetensors whose ids (and token types) to use")
    parser.add_argument("--length", type=int, default=17, help="how many random ids to use otherwise")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--to", type=Path, help="the model B of a pair; MODEL is A")
    options = parser.parse_args()
    core = load(options.model)
    if options.to:
        write(pairs.compare(core, load(options.to)), options.out / "expected.safetensors")
        return
    if options.ids_from:
        given = load_file(options.ids_from)
        ids, token_types = given["ids"], given.get("token_types")
    else:
        generator = torch.Generator().manual_seed(options.seed)
        ids, token_types = torch.randint(core.wE.shape[0], (options.length,), generator=generator), None
    write(model_tensors(core, ids, token_types), options.out / "expected.safetensors")
    (options.out / "expected.json").write_text(json.dumps(model_json(core, options.model), indent=1) + "\n")


if __name__ == "__main__":
    main()
