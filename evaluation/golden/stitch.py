"""stitch.py PRETRAINED FINETUNED --reference stitch.json --reviews test.jsonl -o stitch.safetensors

The logits of every cut and map that a reference file records, in float64 from the tokens on, one review at a time: what the
reference's own float32 rounding is measured against, and what Graft's logits are. PyTorch and HF transformers (requirements.txt).
GPT-2: the state before the pretrained model's ln_f, positions not added again, the mean of the tokens' scores without ln_f."""
import argparse
import json
import re

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import BertForSequenceClassification, BertModel, GPT2ForTokenClassification, GPT2Model


def tokenizer(folder, kind):
    if kind == "bert":
        vocabulary = {line.rstrip("\n"): i for i, line in enumerate(open(folder + "/vocab.txt", encoding="utf8"))}
        result = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
        result.normalizer, result.pre_tokenizer = normalizers.BertNormalizer(lowercase=True), pre_tokenizers.BertPreTokenizer()
        return lambda text, n: [2] + result.encode(text, add_special_tokens=False).ids[:n - 2] + [3]
    result = Tokenizer(models.BPE.from_file(folder + "/vocab.json", folder + "/merges.txt"))
    result.pre_tokenizer, result.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    return lambda text, n: result.encode(text, add_special_tokens=False).ids[:n]


class Bert:
    def __init__(self, folder, classifier):
        model = (BertForSequenceClassification if classifier else BertModel).from_pretrained(folder, attn_implementation="eager")
        self.model = model.eval().double()
        self.body = self.model.bert if classifier else self.model
        self.blocks, self.wE = self.body.encoder.layer, self.body.embeddings.word_embeddings.weight

    def embed(self, ids):
        return self.body.embeddings(ids)

    def classify(self, h):
        return self.model.classifier(self.body.pooler(h))[0]


class GPT2:
    def __init__(self, folder, classifier):
        model = (GPT2ForTokenClassification if classifier else GPT2Model).from_pretrained(folder, attn_implementation="eager")
        self.model = model.eval().double()
        self.body = self.model.transformer if classifier else self.model
        self.blocks, self.wE = self.body.h, self.body.wte.weight

    def embed(self, ids):
        return self.body.wte(ids) + self.body.wpe(torch.arange(ids.shape[1]))[None]

    def classify(self, h):
        return self.model.classifier(h)[0].mean(0)


def run(blocks, h, causal):
    mask = torch.full((h.shape[1],) * 2, -torch.inf, dtype=torch.float64).triu(1)[None, None] if causal else None
    for block in blocks:
        out = block(h, attention_mask=mask)
        h = out[0] if isinstance(out, tuple) else out
    return h


def main():
    p = argparse.ArgumentParser()
    p.add_argument("pretrained"); p.add_argument("finetuned"); p.add_argument("--reference", required=True)
    p.add_argument("--reviews", required=True); p.add_argument("-o", "--output", required=True)
    options = p.parse_args()
    reference = json.load(open(options.reference))
    texts = {r["id"]: r["text"] for r in map(json.loads, open(options.reviews, encoding="utf8"))}
    kind = json.load(open(options.finetuned + "/config.json"))["model_type"]
    model = Bert if kind == "bert" else GPT2
    a, b = model(options.pretrained, False), model(options.finetuned, True)
    encode = tokenizer(options.finetuned, kind)
    m, results = reference["transplanted"], {key: [] for key in reference["logits"]}
    with torch.no_grad():
        cross = a.wE.T @ b.wE
        maps = {"transpose": cross, "pinv": cross @ torch.linalg.inv(b.wE.T @ b.wE), "identity": torch.eye(*cross.shape, dtype=torch.float64)}
        for review in reference["reviews"]:
            text = re.sub(r"\s*<br\s*/?>\s*", "\n", texts[review]).strip()
            ids = torch.tensor([encode(text, reference["max_length"])])
            states = {}
            for name, source in (("self", b), ("map", a)):
                states[name] = [source.embed(ids)]
                for block in source.blocks:
                    states[name].append(run([block], states[name][-1], kind == "gpt2"))
            for key in results:
                if key == "B":
                    results[key].append(b.classify(states["self"][-1]))
                    continue
                name, n = key.split("/")
                h = states["self"][int(n)] if name == "self" else states["map"][int(n)] @ maps[name]
                results[key].append(b.classify(run(b.blocks[-m:], h, kind == "gpt2")))
    tensors = {key: torch.stack(rows) for key, rows in results.items()}
    save_file(tensors, options.output, metadata={"graft.schema": "1"})
    for key, rows in tensors.items():
        error = (rows - torch.tensor(reference["logits"][key], dtype=torch.float64)).abs().max().item()
        print(f"{key:14} the reference differs by {error:.1e}, {error / rows.abs().max().item():.1e} of the largest")


if __name__ == "__main__":
    main()
