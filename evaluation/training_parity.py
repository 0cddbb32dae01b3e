"""training_parity.py GRAFT: fine-tuning by `graft finetune` and by PyTorch, from the same weights in the same order.

For each classifier: 20 steps on 320 of the training reviews, losses and weights compared, and the directory Graft wrote
opened by Hugging Face's class and its scores compared with Graft's. Then both fine-tune on all 2,000 with three seeds and are
scored on the 1,000 test reviews, paired review by review. Initial weights and orders are remade here from the seed by
the generator that Sources/DenseMath/SplitMix64.swift documents; nothing of them is read from Graft.
"""
import argparse
import json
import math
import platform
import re
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import safetensors.torch
import tokenizers
import torch
import transformers

HERE = Path(__file__).resolve().parent
MODELS = HERE.parent / "models"
M = 2**64 - 1
CASES = {"bert-cls": ("imdb-bert-1", "cls"), "gpt2-mean": ("imdb-gpt2-narrow", "mean"),
         "gpt2-last": ("imdb-gpt2-narrow", "last")}
RATE, DECAY, BATCH, WARMUP, BLOCKS, LENGTH = 1e-3, 0.01, 16, 0.1, 2, 256


class SplitMix64:
    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & M
        z = self.state
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & M
        z = (z ^ z >> 27) * 0x94D049BB133111EB & M
        return z ^ z >> 31

    def uniform(self):
        return (self.next() >> 11) * 2.0**-53

    def below(self, bound):
        rejected = (M + 1 - bound) % bound
        while True:
            bits = self.next()
            if bits >= rejected:
                return bits % bound

    def normal(self):
        radius = math.sqrt(-2 * math.log(1 - self.uniform()))
        return radius * math.cos(2 * math.pi * self.uniform())

    def permutation(self, count):
        order = list(range(count))
        for place in range(count - 1, 0, -1):
            other = self.below(place + 1)
            order[place], order[other] = order[other], order[place]
        return order


def read(path):
    with open(path, encoding="utf8") as file:
        return [json.loads(line) for line in file]


def clean(text):
    return re.sub(r"\s*<br\s*/?>\s*", "\n", text).strip()


def encode(folder, bert, texts):
    if bert:
        t = tokenizers.BertWordPieceTokenizer(str(folder / "vocab.txt"), lowercase=True)
        cls, sep = t.token_to_id("[CLS]"), t.token_to_id("[SEP]")
        return [[cls] + t.encode(clean(x), add_special_tokens=False).ids[:LENGTH - 2] + [sep] for x in texts]
    t = tokenizers.ByteLevelBPETokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"))
    return [t.encode(clean(x)).ids[:LENGTH] for x in texts]


class Torch:
    """Hugging Face's class with Graft's first weights."""

    def __init__(self, folder, kind, seed=None):
        self.kind = kind
        bert = kind == "cls"
        make = {"cls": transformers.BertForSequenceClassification, "last": transformers.GPT2ForSequenceClassification,
                "mean": transformers.GPT2ForTokenClassification}[kind]
        self.model = make.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
        body = self.model.bert if bert else self.model.transformer
        self.head = self.model.score if kind == "last" else self.model.classifier
        blocks = body.encoder.layer if bert else body.h
        if kind == "mean":  # the documented way to Graft's scores
            body.ln_f = torch.nn.Identity()
        if seed is not None:
            generator, deviation = SplitMix64(seed), json.loads((folder / "config.json").read_text())["initializer_range"]
            for layer in ([body.pooler.dense] if bert else []) + [self.head]:
                count = layer.weight.numel()
                values = np.array([deviation * generator.normal() for _ in range(count)], dtype=np.float32)
                layer.weight.data.copy_(torch.from_numpy(values).view_as(layer.weight))
                if layer.bias is not None:
                    layer.bias.data.zero_()
        trained = [*blocks[-BLOCKS:], *([body.pooler] if bert else []), self.head]
        for p in self.model.parameters():
            p.requires_grad = False
        self.weights = [p for part in trained for p in part.parameters()]
        for p in self.weights:
            p.requires_grad = True

    def logits(self, ids):
        width = max(map(len, ids))
        x, mask = torch.zeros(len(ids), width, dtype=torch.long), torch.zeros(len(ids), width, dtype=torch.long)
        for row, text in enumerate(ids):
            x[row, :len(text)], mask[row, :len(text)] = torch.tensor(text), 1
        if self.kind == "last":  # without a padding token Hugging Face takes one text at a time
            states = self.model.transformer(input_ids=x, attention_mask=mask).last_hidden_state
            return self.head(states[torch.arange(len(ids)), mask.sum(1) - 1])
        out = self.model(input_ids=x, attention_mask=mask).logits
        return out if self.kind == "cls" else (out * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)

    def train(self, ids, labels, seed, epochs):
        optimizer = torch.optim.AdamW([
            {"params": [p for p in self.weights if p.dim() > 1], "weight_decay": DECAY},
            {"params": [p for p in self.weights if p.dim() == 1], "weight_decay": 0}], lr=RATE)
        seeds, losses = SplitMix64(seed), []
        in_epoch = -(-len(ids) // BATCH)
        steps = in_epoch * epochs
        warmup = math.floor(WARMUP * steps + 0.5)
        for _ in range(epochs):
            order = SplitMix64(seeds.next()).permutation(len(ids))
            for place in range(in_epoch):
                step, rows = len(losses), order[place * BATCH:(place + 1) * BATCH]
                rate = RATE * (step / max(1, warmup) if step < warmup else (steps - step) / max(1, steps - warmup))
                for group in optimizer.param_groups:
                    group["lr"] = rate
                loss = torch.nn.functional.cross_entropy(
                    self.logits([ids[r] for r in rows]), torch.tensor([labels[r] for r in rows]))
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(self.weights, 1.0)
                optimizer.step()
                losses.append(loss.item())
        return losses

    @torch.no_grad()
    def scores(self, ids):
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        result = [None] * len(ids)
        for start in range(0, len(order), 32):
            rows = order[start:start + 32]
            for row, logits in zip(rows, self.logits([ids[r] for r in rows]).tolist()):
                result[row] = logits
        return result


def finetune(graft, name, kind, train, test, seed, epochs, out):
    subprocess.run([graft, "finetune", str(MODELS / name), "--dataset", train, "--test", test, "--head", kind, "--unfreeze",
                    str(BLOCKS), "--epochs", str(epochs), "--batch", str(BATCH), "--learning-rate", str(RATE), "--warmup",
                    str(WARMUP), "--weight-decay", str(DECAY), "--max-length", str(LENGTH), "--seed", str(seed), "-o", out],
                   check=True, stdout=subprocess.DEVNULL)
    return json.loads((Path(out) / "results.json").read_text())


def write(path, rows):
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    return str(path)


def short_run(graft, case, train, test, folder):
    """20 steps: losses, weights and what Hugging Face makes of the written directory."""
    name, kind = CASES[case]
    out = folder / case
    result = finetune(graft, name, kind, train, test, 7, 1, str(out))
    rows, bert = read(train), kind == "cls"
    ours = Torch(MODELS / name, kind, seed=7)
    losses = ours.train(encode(MODELS / name, bert, [r["text"] for r in rows]), [r["label"] for r in rows], 7, 1)
    stored = safetensors.torch.load_file(out / "model.safetensors")
    state = ours.model.state_dict()
    moved = {n for n, p in ours.model.named_parameters() if p.requires_grad}
    # Softmax does not see what is added to all keys: a key bias has no gradient but rounding, which AdamW scales up to whole
    # steps. It changes nothing that a model says and is told apart.
    weights, key_biases = {}, {}
    for n in moved:
        difference = (stored[n] - state[n]).abs()
        if n.endswith("attention.self.key.bias"):
            key_biases[n] = difference.max().item()
            continue
        if n.endswith("attn.c_attn.bias"):
            d = len(difference) // 3
            key_biases[n] = difference[d:2 * d].max().item()
            difference[d:2 * d] = 0
        weights[n] = difference.max().item()
    test_rows = read(test)
    opened = Torch(out, kind)
    scores = opened.scores(encode(MODELS / name, bert, [r["text"] for r in test_rows]))
    predictions = {p["id"]: p["logits"] for p in read(out / "predictions.jsonl")}
    return {
        "steps": len(losses), "losses_graft": result["losses"], "losses_pytorch": losses,
        "largest_relative_loss_difference": max(abs(a - b) / b for a, b in zip(result["losses"], losses)),
        "largest_weight_difference": max(weights.values()),
        "largest_weight_difference_in": max(weights, key=weights.get),
        "largest_key_bias_difference": max(key_biases.values()),
        "largest_logit_difference_in_hugging_face": max(
            abs(a - b) for r, s in zip(test_rows, scores) for a, b in zip(predictions[r["id"]], s)),
    }


def long_runs(graft, case, train, test, folder, seeds, epochs):
    name, kind = CASES[case]
    rows, test_rows, bert = read(train), read(test), kind == "cls"
    ids, test_ids = (encode(MODELS / name, bert, [r["text"] for r in part]) for part in (rows, test_rows))
    runs = []
    for seed in seeds:
        out = folder / f"{case}-{seed}"
        finetune(graft, name, kind, train, test, seed, epochs, str(out))
        ours = Torch(MODELS / name, kind, seed=seed)
        ours.train(ids, [r["label"] for r in rows], seed, epochs)
        peer = folder / f"{case}-{seed}-pytorch"
        peer.mkdir()
        write(peer / "predictions.jsonl", [
            {"id": r["id"], "label": r["label"], "logits": s, "predicted": int(np.argmax(s)), "tokens": len(i),
             "truncated": False} for r, s, i in zip(test_rows, ours.scores(test_ids), test_ids)])
        compared = json.loads(subprocess.run([graft, "compare", str(peer), str(out), "--json"], check=True,
                                             capture_output=True, text=True).stdout)
        keys = ("accuracy", "difference", "ci95", "p_value", "only_first_correct", "only_second_correct")
        runs.append({"seed": seed} | {k: compared[k] for k in keys})
        print(case, runs[-1], flush=True)
    return runs


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("graft")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3])
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--output", type=Path, default=HERE / "results" / "training_parity.json")
    options = parser.parse_args()
    torch.set_num_threads(2)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    result = {"schema": 1, "machine": platform.machine(), "torch": torch.__version__,
              "transformers": transformers.__version__, "learning_rate": RATE, "weight_decay": DECAY, "batch": BATCH,
              "warmup": WARMUP, "unfreeze": BLOCKS, "max_length": LENGTH, "epochs": options.epochs, "cases": {}}
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        train_rows, test_rows = read(HERE / "imdb/train.jsonl"), read(HERE / "imdb/test.jsonl")
        # Ids that stand in their natural order already, so that both sides number the texts alike.
        few = [dict(r, id=f"{i:04}") for i, r in enumerate(train_rows[:160] + train_rows[-160:])]
        every = [dict(r, id=f"{i:04}") for i, r in enumerate(train_rows)]
        few, every = write(folder / "few.jsonl", few), write(folder / "train.jsonl", every)
        short, test = write(folder / "short.jsonl", test_rows[:100]), write(folder / "test.jsonl", test_rows)
        for case in options.cases:
            found = short_run(options.graft, case, few, short, folder)
            print(case, {k: v for k, v in found.items() if k.startswith("largest")}, flush=True)
            result["cases"][case] = found | {
                "accuracy_runs": long_runs(options.graft, case, every, test, folder, options.seeds, options.epochs)}
    options.output.write_text(json.dumps(result, indent=1, sort_keys=True) + "\n")
    for case, found in result["cases"].items():
        assert found["largest_relative_loss_difference"] < 1e-4, case
        assert found["largest_weight_difference"] < 1e-4, case
        assert found["largest_logit_difference_in_hugging_face"] < 1e-4, case


if __name__ == "__main__":
    main()
