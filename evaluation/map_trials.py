"""map_trials.py PRETRAINED FINETUNED --unlabelled TEXTS --dataset REVIEWS -o OUT.json [--contexts] [--steps 200] [--transplant 2]

What else a seam could be, beside a map that is fitted by least squares to every level of the pretrained model: the accuracy of each
variant, and its difference from that map with a 95% interval from resampling reviews. With --contexts, for a causal model, what it could
read of other tokens, each with the ridge that leaves the least squared error on texts that were not fitted. Nothing sees a label but the
accuracy. Texts and reviews are JSONL files as graft reads them; every other text fits, the rest choose when to stop. PyTorch and
transformers, all blocks of the pretrained model kept. A pair joins those in OUT.json. docs/stitching.md has what came out."""
import argparse
import json
import os
import re

import numpy
import torch
from torch.nn.functional import log_softmax
from transformers import AutoTokenizer, BertForMaskedLM, BertForSequenceClassification, GPT2ForTokenClassification, GPT2LMHeadModel

RIDGE = 1e-5
RIDGES = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2)


class Pair:
    """Both models, with states before the blocks that are transplanted."""

    def __init__(self, pretrained, finetuned, transplanted):
        self.causal = json.load(open(pretrained + "/config.json"))["model_type"] == "gpt2"
        classes = (GPT2LMHeadModel, GPT2ForTokenClassification) if self.causal else (BertForMaskedLM, BertForSequenceClassification)
        self.a, self.b = (c.from_pretrained(path).eval() for c, path in zip(classes, (pretrained, finetuned)))
        for parameter in self.b.parameters():
            parameter.requires_grad_(False)
        self.bodies = [m.transformer if self.causal else m.bert for m in (self.a, self.b)]
        self.blocks = [body.h if self.causal else body.encoder.layer for body in self.bodies]
        self.upper, self.own_width = self.blocks[1][-transplanted:], self.b.config.hidden_size

    def embed(self, side, ids):
        body = self.bodies[side]
        return body.wte(ids) + body.wpe(torch.arange(ids.shape[1]))[None] if self.causal else body.embeddings(ids)

    def run(self, blocks, h, mask):
        t = h.shape[1]
        hidden = (mask == 0)[:, None, None, :].expand(-1, 1, t, -1)
        if self.causal:
            hidden = hidden | torch.ones(t, t, dtype=torch.bool).triu(1)
        added = torch.zeros(hidden.shape).masked_fill(hidden, torch.finfo(torch.float32).min)
        for block in blocks:
            h = block(h, attention_mask=added)
            h = h[0] if isinstance(h, tuple) else h
        return h

    def levels(self, ids, mask):
        states = [self.embed(0, ids)]
        for block in self.blocks[0]:
            states.append(self.run([block], states[-1], mask))
        return torch.cat(states, -1)

    def own(self, ids, mask):
        return self.run(self.blocks[1][:-len(self.upper)], self.embed(1, ids), mask)

    def answer(self, h, mask):
        h = self.run(self.upper, h, mask)
        if not self.causal:
            return self.b.classifier(self.b.bert.pooler(h))
        return (self.b.classifier(h) * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)


def batches(texts, size=32):
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    for start in range(0, len(order), size):
        chosen = order[start:start + size]
        ids = torch.zeros(len(chosen), max(len(texts[i]) for i in chosen), dtype=torch.long)
        mask = torch.zeros(ids.shape)
        for row, i in enumerate(chosen):
            ids[row, :len(texts[i])], mask[row, :len(texts[i])] = torch.tensor(texts[i]), 1
        yield chosen, ids, mask


def rows(data, place):
    return torch.cat([item[place][item["mask"] > 0] for item in data]).double()


def means(data, place):
    return torch.cat([(d[place] * d["mask"][..., None]).sum(1) / d["mask"].sum(1, keepdim=True) for d in data]).double()


def solve(x, y, weights=None):
    w = torch.ones(len(x), dtype=torch.float64) if weights is None else weights
    mean_x, mean_y = (w @ x) / w.sum(), (w @ y) / w.sum()
    x, y = x - mean_x, y - mean_y
    gram = x.T @ (w[:, None] * x) / w.sum()
    s = torch.linalg.solve(gram + RIDGE * gram.diagonal().mean() * torch.eye(len(gram), dtype=gram.dtype), x.T @ (w[:, None] * y) / w.sum())
    return s.float(), (mean_y - mean_x @ s).float()


def linear(s, b):
    return lambda item: item["x"] @ s + b


def divergence(pair, data, seam):
    with torch.no_grad():
        total = sum((d["answer"].exp() * (d["answer"] - log_softmax(pair.answer(seam(d), d["mask"]), -1))).sum().item() for d in data)
    return total / sum(len(d["mask"]) for d in data)


def descend(pair, fit, held, seam, parameters, loss, rate, steps):
    """Adam; the parameters that leave the least divergence on texts that were not fitted."""
    optimizer = torch.optim.Adam(parameters, lr=rate)
    best, kept, generator = divergence(pair, held, seam), [p.detach().clone() for p in parameters], torch.Generator().manual_seed(1)
    order = []
    for step in range(1, steps + 1):
        order = order or torch.randperm(len(fit), generator=generator).tolist()
        value = loss(fit[order.pop()])
        optimizer.zero_grad(); value.backward(); optimizer.step()
        for group in optimizer.param_groups:
            group["lr"] = rate * (1 - step / steps)
        if step % 25 == 0:
            found = divergence(pair, held, seam)
            if found < best:
                best, kept = found, [p.detach().clone() for p in parameters]
    for parameter, value in zip(parameters, kept):
        parameter.data = value


def variants(pair, fit, held, steps):
    x, y = rows(fit, "x"), rows(fit, "y")
    s, b = solve(x, y)
    yield "affine:all", linear(s, b)
    scale = (y.std(0) / (x @ s.double()).std(0)).float()
    yield "its mean and variance matched", linear(s * scale, (y.mean(0) - x.mean(0) @ (s * scale).double()).float())
    for share in (0.1, 1.0):
        weights = torch.cat([torch.ones(len(x)), torch.full((sum(len(d["mask"]) for d in fit),), share * len(x) / sum(len(d["mask"]) for d in fit))]).double()
        yield f"means of texts fitted too, weight {share}", linear(*solve(torch.cat([x, means(fit, "x")]), torch.cat([y, means(fit, "y")]), weights))
    length = max(d["x"].shape[1] for d in fit + held)
    left, count = torch.zeros(4096, y.shape[1]), torch.zeros(4096, 1)
    for d in fit:
        error = (d["y"] - linear(s, b)(d)) * d["mask"][..., None]
        left[:error.shape[1]] += error.sum(0); count[:error.shape[1]] += d["mask"].sum(0)[:, None]
    correction = left / (count + 20)
    correction[length:] = 0
    yield "a constant for each position", lambda d: linear(s, b)(d) + correction[:d["x"].shape[1]]

    def kl(seam):
        return lambda d: (d["answer"].exp() * (d["answer"] - log_softmax(pair.answer(seam(d), d["mask"]), -1))).sum(-1).mean()
    for rate in (3e-5, 1e-4):
        p = [s.clone().requires_grad_(), b.clone().requires_grad_()]
        seam = lambda d, p=p: d["x"] @ p[0] + p[1]
        descend(pair, fit, held, seam, p, kl(seam), rate, steps)
        yield f"descent on KL(B, stitched), step {rate}", seam
    torch.manual_seed(1)
    normal = (x.mean(0).float(), x.std(0).float() + 1e-6)
    hidden = torch.nn.Sequential(torch.nn.Linear(x.shape[1], 256), torch.nn.GELU(), torch.nn.Linear(256, y.shape[1]))
    torch.nn.init.zeros_(hidden[2].weight)
    p = list(hidden.parameters())
    seam = lambda d: linear(s, b)(d) + hidden((d["x"] - normal[0]) / normal[1])
    square = lambda d: (((seam(d) - d["y"]) ** 2).sum(-1) * d["mask"]).sum() / d["mask"].sum()
    descend(pair, fit, held, seam, p, square, 1e-3, 2 * steps)
    yield "a perceptron with 256 neurons added", seam


def before(part, steps):
    """Of the token so many steps before; zeros where there is none."""
    return lambda d: torch.nn.functional.pad(part(d), (0, 0, steps, 0))[:, :part(d).shape[1]]


def mean(part, window=None):
    """Of the tokens up to each, or of the last so many."""
    def read(d):
        sums, counts = (part(d) * d["mask"][..., None]).cumsum(1), d["mask"].cumsum(1)[..., None]
        if window:
            sums, counts = (h - torch.nn.functional.pad(h, (0, 0, window, 0))[:, :h.shape[1]] for h in (sums, counts))
        return sums / counts.clamp(min=1)
    return read


def contexts(pair, fit, held):
    width = pair.embed(0, torch.zeros(1, 1, dtype=torch.long)).shape[-1]
    own, embedding, last = (lambda d: d["x"]), (lambda d: d["x"][..., :width]), (lambda d: d["x"][..., -width:])
    readings = {
        "affine:all": [], "the embedding of the token before": [before(embedding, 1)],
        "the embeddings of the two before": [before(embedding, n) for n in (1, 2)],
        "the embeddings of the four before": [before(embedding, n) for n in (1, 2, 3, 4)],
        "all states of the token before": [before(own, 1)], "the mean of the embeddings so far": [mean(embedding)],
        "the means of all states so far": [mean(own)],
        "the means of the embeddings and of the last states so far": [mean(embedding), mean(last)],
        "the mean of the embeddings so far, and the two before": [mean(embedding), before(embedding, 1), before(embedding, 2)],
        "the means of the last 4, the last 16 and all embeddings": [mean(embedding, 4), mean(embedding, 16), mean(embedding)]}
    for name, parts in readings.items():
        def read(d, parts=parts):
            return torch.cat([d["x"], *(part(d) for part in parts)], -1)

        def moments(data):
            """The means and mean products of x and y side by side."""
            joined = sum_of = count = 0
            for d in data:
                z = torch.cat([read(d), d["y"]], -1)[d["mask"] > 0].double()
                joined, sum_of, count = joined + z.T @ z, sum_of + z.sum(0), count + len(z)
            return joined / count, sum_of / count
        (products, centre), (others, other) = moments(fit), moments(held)
        p, covariance, best = len(centre) - pair.own_width, products - torch.outer(centre, centre), None
        for ridge in RIDGES:
            damped = covariance[:p, :p] + ridge * covariance[:p, :p].diagonal().mean() * torch.eye(p, dtype=torch.float64)
            s = torch.linalg.solve(damped, covariance[:p, p:])
            b, t = centre[p:] - centre[:p] @ s, torch.cat([s, -torch.eye(pair.own_width, dtype=torch.float64)])
            error = ((t * (others @ t)).sum() + 2 * b @ (other @ t) + b @ b).item()
            if best is None or error < best[0]:
                best = error, s.float(), b.float()
        yield name, lambda d, read=read, best=best: read(d) @ best[1] + best[2]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pretrained"); parser.add_argument("finetuned"); parser.add_argument("--unlabelled", required=True)
    parser.add_argument("--dataset", required=True); parser.add_argument("-o", "--output", required=True)
    parser.add_argument("--steps", type=int, default=200); parser.add_argument("--transplant", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2); parser.add_argument("--contexts", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    pair, tokenizer = Pair(options.pretrained, options.finetuned, options.transplant), AutoTokenizer.from_pretrained(options.pretrained)

    def read(path):
        lines = [json.loads(line) for line in open(path, encoding="utf8")]
        texts = [tokenizer(re.sub(r"\s*<br\s*/?>\s*", "\n", r["text"]).strip(), truncation=True, max_length=256)["input_ids"] for r in lines]
        return [r["label"] for r in lines], texts
    texts = [t for t in read(options.unlabelled)[1] if t]
    labels, reviews = read(options.dataset)
    data, scored = [], []
    with torch.no_grad():
        for part in (0, 1):
            for _, ids, mask in batches(texts[part::2]):
                y = pair.own(ids, mask)
                data.append({"part": part, "x": pair.levels(ids, mask), "y": y, "mask": mask, "answer": log_softmax(pair.answer(y, mask), -1)})
        for chosen, ids, mask in batches(reviews):
            scored.append({"x": pair.levels(ids, mask), "mask": mask, "places": chosen, "own": pair.answer(pair.own(ids, mask), mask)})
    fit, held = ([d for d in data if d["part"] == part] for part in (0, 1))

    def right(answers):
        found = numpy.zeros(len(labels))
        for d, logits in zip(scored, answers):
            found[d["places"]] = logits.argmax(-1).numpy() == numpy.array(labels)[d["places"]]
        return found
    generator, results, first = numpy.random.default_rng(1), [], None
    draws = generator.integers(0, len(labels), (2000, len(labels)))
    itself = right([d["own"] for d in scored])
    print(f"B itself {itself.mean():.3f}")
    if options.contexts and not pair.causal:
        parser.error("--contexts: the states of this model hold what comes after a token, too")
    for name, seam in contexts(pair, fit, held) if options.contexts else variants(pair, fit, held, options.steps):
        with torch.no_grad():
            found = right([pair.answer(seam(d), d["mask"]) for d in scored])
        first = found if first is None else first
        low, high = numpy.quantile((found - first)[draws].mean(1), (0.025, 0.975))
        results.append({"variant": name, "accuracy": found.mean(), "difference": (found - first).mean(), "difference_ci95": [low, high],
                        "kl_to_finetuned": divergence(pair, held, seam)})
        print(f"{name:45} {found.mean():.3f}  {(found - first).mean():+.3f} ({low:+.3f} to {high:+.3f})  KL {results[-1]['kl_to_finetuned']:.4f}", flush=True)
    kept = json.load(open(options.output)) if os.path.exists(options.output) else []
    kept = [r for r in kept if (r["pretrained"], r.get("contexts", False)) != (options.pretrained.split("/")[-1], options.contexts)]
    with open(options.output, "w", encoding="utf8") as file:
        json.dump(kept + [{"pretrained": options.pretrained.split("/")[-1], "finetuned": options.finetuned.split("/")[-1], "n": len(labels),
                   "unlabelled": len(texts), "finetuned_accuracy": itself.mean(), "contexts": options.contexts, "variants": results, "torch": torch.__version__}], file, indent=1)


if __name__ == "__main__":
    main()
