"""levels.py PRETRAINED FINETUNED --reviews test.jsonl --fit IDS --score IDS --transplant M -o levels.safetensors

The logits of stitched models whose maps are fitted to given texts, from one hidden state of the pretrained model or from several, in
float64 from the tokens on, one text at a time. Every other text of --fit fits the maps; the rest choose the ridge of those that read
several levels. PyTorch and HF transformers (requirements.txt). The models, the seam and the reading of texts are those of stitch.py."""
import argparse
import json
import re

import torch
from safetensors.torch import save_file

from stitch import GPT2, Bert, run, tokenizer

RIDGES = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
MAPS = {"affine:all": "all", "affine:embed/last": "ends", "least-squares:embed/last:2": "two", "affine:all/mean": "all+mean"}


def places(levels, kept):
    """Of a text's states: those after 0, 1... blocks, and last the mean of the embeddings that a token may read."""
    return {"all": range(kept + 1), "ends": sorted({0, kept}), "two": sorted({0, max(0, kept - 1), kept}),
            "all+mean": [*range(kept + 1), -1]}[levels]


def mean(h, causal):
    """Of the tokens up to each, or of all where each reads the whole text."""
    if not causal:
        return h.mean(0, keepdim=True).expand(len(h), -1)
    return h.cumsum(0) / torch.arange(1, len(h) + 1, dtype=h.dtype)[:, None]


def fitted(x, y, ridge, constant):
    """argmin sum |x S + b - y|^2 + ridge v |S|^2, v the mean variance (or square) of a number of x."""
    mean_x, mean_y = (x.mean(0), y.mean(0)) if constant else (torch.zeros_like(x[0]), torch.zeros_like(y[0]))
    x, y = x - mean_x, y - mean_y
    gram = x.T @ x
    s = torch.linalg.solve(gram + ridge * gram.diagonal().mean() * torch.eye(len(gram), dtype=gram.dtype), x.T @ y)
    return s, mean_y - mean_x @ s


def main():
    p = argparse.ArgumentParser()
    p.add_argument("pretrained"); p.add_argument("finetuned"); p.add_argument("--reviews", required=True)
    p.add_argument("--fit", required=True); p.add_argument("--score", required=True)
    p.add_argument("--transplant", type=int, required=True); p.add_argument("--max-length", type=int, default=128)
    p.add_argument("-o", "--output", required=True)
    options = p.parse_args()
    texts = {r["id"]: r["text"] for r in map(json.loads, open(options.reviews, encoding="utf8"))}
    kind = json.load(open(options.finetuned + "/config.json"))["model_type"]
    model, causal, m = Bert if kind == "bert" else GPT2, kind == "gpt2", options.transplant
    a, b = model(options.pretrained, False), model(options.finetuned, True)
    encode = tokenizer(options.finetuned, kind)

    def states(source, id, blocks):
        text = re.sub(r"\s*<br\s*/?>\s*", "\n", texts[id]).strip()
        h = [source.embed(torch.tensor([encode(text, options.max_length)]))]
        for block in source.blocks[:blocks]:
            h.append(run([block], h[-1], causal))
        return h

    fit = open(options.fit, encoding="utf8").read().split()
    score = open(options.score, encoding="utf8").read().split()
    tensors = {}

    def read(id):
        h = [state[0] for state in states(a, id, None)]
        return [*h, mean(h[0], causal)]

    with torch.no_grad():
        seen = [(read(i), states(b, i, len(b.blocks) - m)[-1][0]) for i in fit]
        scored = [read(i) for i in score]
        for kept in range(1, len(a.blocks) + 1):
            for name, levels in MAPS.items():
                def rows(part):
                    return (torch.cat([torch.cat([h[d] for d in places(levels, kept)], -1) for h, _ in seen[part::2]]),
                            torch.cat([y for _, y in seen[part::2]]))
                (x, y), (held_x, held_y) = rows(0), rows(1)
                maps = [fitted(x, y, ridge, name.startswith("affine")) for ridge in RIDGES]
                errors = [((held_x @ s + o - held_y) ** 2).sum().item() for s, o in maps]
                best = errors.index(min(errors))
                s, o = maps[best]
                logits = [b.classify(run(b.blocks[-m:], (torch.cat([h[d] for d in places(levels, kept)], -1) @ s + o)[None], causal))
                          for h in scored]
                tensors[f"{name}/{kept}"] = torch.stack(logits)
                tensors[f"{name}/{kept}/ridge"] = torch.tensor([RIDGES[best]], dtype=torch.float64)
    save_file(tensors, options.output, metadata={"graft.schema": "1"})
    print(f"{options.output}: {len(tensors) // 2} maps, {len(score)} reviews")


if __name__ == "__main__":
    main()
