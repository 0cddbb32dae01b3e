"""make_families.py FIXTURES REVIEWS OUT: small checkpoints of BERT's families with tokenizers, and what is expected of them.

FIXTURES is Tests/TokenizationTests/Fixtures, whose cased WordPiece and RoBERTa vocabularies they have; REVIEWS a .jsonl
file of texts. Weights are random, as those of make_tiny.py; NAME-sentiment is NAME with another last block and a
classifier. The files are described beside the fixtures of the tests.
"""
import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import torch
from transformers import AutoTokenizer

import forward
import generate
import make_tiny
from make_tiny import Variant

SEED = 20260114
TEXT = "The acting is {} and the plot is not."
REVIEWS, MAX_LENGTH = 8, 24
# Those with a golden file of their own; the others are halves of pairs.
READ = ("distilbert", "roberta")
LABELS = {"id2label": {0: "NEGATIVE", 1: "POSITIVE"}, "label2id": {"NEGATIVE": 0, "POSITIVE": 1}}
CASED = ("wordpiece-cased", ("vocab.txt",))
BYTES = ("roberta", ("vocab.json", "merges.txt", "special_tokens_map.json"))


def sizes(hidden, layers, inner, rows, vocabulary):
    return dict(vocab_size=vocabulary, hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=2,
                intermediate_size=inner, max_position_embeddings=rows)


BERT = sizes(20, 3, 28, 48, 1145)
DISTILBERT = dict(vocab_size=1145, dim=16, n_layers=2, n_heads=2, hidden_dim=24, max_position_embeddings=40)
ROBERTA = sizes(16, 3, 24, 42, 701) | dict(type_vocab_size=1, layer_norm_eps=1e-5)
# The architecture without its head, the options of config.json, the tokenizer's files and its settings.
FAMILIES = {
    "bert": ("Bert", BERT, CASED, {"do_lower_case": False}),
    "distilbert": ("DistilBert", DISTILBERT, CASED, {"do_lower_case": False, "tokenizer_class": "DistilBertTokenizer"}),
    "roberta": ("Roberta", ROBERTA, BYTES, {"tokenizer_class": "RobertaTokenizer"}),
}
# A, B, blocks of A, blocks of B, whether B's positions are added again.
STITCHED = [
    ("bert", "distilbert-sentiment", 2, 1, False), ("distilbert", "bert-sentiment", 2, 2, False),
    ("distilbert", "bert-sentiment", 1, 3, True), ("roberta", "roberta-sentiment", 2, 1, True),
    ("bert", "roberta-sentiment", 3, 2, False), ("roberta", "distilbert-sentiment", 2, 1, True),
]


def write_checkpoint(model, config, variant, folder, tokenizer_files, settings, fixtures):
    folder.mkdir(parents=True, exist_ok=True)
    make_tiny.save(make_tiny.stored_tensors(model, variant), folder, variant.shards)
    config.to_json_file(folder / "config.json", use_diff=False)
    source, names = tokenizer_files
    for name in names:
        shutil.copyfile(fixtures / source / name, folder / name)
    (folder / "tokenizer_config.json").write_text(json.dumps(settings) + "\n")


def centre(classifier, ids):
    """Moves the bias of a classifier so that its two scores are equal on average, for else one class is always given."""
    with torch.no_grad():
        mean = torch.stack([classifier(input_ids=i[None]).logits[0] for i in ids]).mean(0)
    output = getattr(classifier.classifier, "out_proj", classifier.classifier)
    output.bias.data -= mean - mean.mean()


def families(fixtures, texts, out):
    """Writes all checkpoints and gives their names."""
    names = []
    for number, (name, (architecture, options, files, settings)) in enumerate(FAMILIES.items()):
        rng = np.random.default_rng([SEED, number])
        base = Variant(architecture + "ForMaskedLM", options)
        model, config = make_tiny.random_model(base, rng)
        write_checkpoint(model, config, base, out / name, files, settings, fixtures)

        tuned = Variant(architecture + "ForSequenceClassification", options | LABELS)
        classifier, config = make_tiny.random_model(tuned, rng)
        body = model.base_model.state_dict()
        last = max(int(k.split(".layer.")[1].split(".")[0]) for k in body if ".layer." in k)
        for key, value in classifier.base_model.state_dict().items():
            if key in body:
                noise = 0.1 * torch.from_numpy(rng.standard_normal(tuple(value.shape)))
                value.copy_(body[key] + (noise if f".layer.{last}." in key else 0))
        centre(classifier.double().eval(), read(AutoTokenizer.from_pretrained(out / name), texts))
        write_checkpoint(classifier, config, tuned, out / (name + "-sentiment"), files, settings, fixtures)
        names += [name, name + "-sentiment"]
    return names


def read(tokenizer, texts):
    return [torch.tensor(ids) for ids in tokenizer(texts, truncation=True, max_length=MAX_LENGTH)["input_ids"]]


def classify(core, hidden):
    """The scores of a classifier from the last state [T, d]."""
    if core.kind == "bert":
        return core.model.classifier(core.core.pooler(hidden[None]))[0]
    if core.distilbert:
        return core.model.classifier(torch.relu(core.model.pre_classifier(hidden[0])))
    return core.model.classifier(hidden[None])[0]


def advance(core, hidden, blocks):
    for block in blocks:
        out = block(hidden[None], attention_mask=None)
        hidden = (out[0] if isinstance(out, tuple) else out)[0]
    return hidden


def decision(core, ids):
    """The classifier read from every level, [L+1][C], and what each token adds to class 1 by input x gradient, [T]."""
    hidden = forward.run(core, ids)["hidden"]
    levels = [classify(core, h).tolist() for h in hidden]
    with torch.enable_grad():
        start = hidden[0].clone().requires_grad_()
        (gradient,) = torch.autograd.grad(classify(core, advance(core, start, core.blocks))[1], start)
    return {"levels": levels, "input_gradient": (start.detach() * gradient).sum(-1).tolist()}


def shared_rows(a, b):
    """The ids of the tokens that two tokenizers both have, in the order of A's."""
    of_b = b.get_vocab()
    return [(i, of_b[token]) for token, i in sorted(a.get_vocab().items(), key=lambda item: item[1]) if token in of_b]


def stitched(a, b, tokenizers, ids, kept, transplanted, adds_positions):
    rows = shared_rows(*tokenizers)
    wE_a, wE_b = a.wE[[i for i, _ in rows]], b.wE[[j for _, j in rows]]
    h = advance(a, a.core.embeddings(input_ids=ids[None])[0], a.blocks[:kept])
    h = h @ (wE_a.T @ wE_b) @ torch.linalg.inv(wE_b.T @ wE_b)
    if adds_positions:
        first = b.raw["pad_token_id"] + 1 if b.kind == "roberta" else 0
        h = h + b.core.embeddings.position_embeddings.weight[first:first + len(h)]
    return classify(b, advance(b, h, b.blocks[len(b.blocks) - transplanted:]))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("fixtures", type=Path)
    parser.add_argument("reviews", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    with open(options.reviews, encoding="utf8") as file:
        texts = [json.loads(line)["text"] for _, line in zip(range(REVIEWS), file)]
    cores, tokenizers = {}, {}
    for name in families(options.fixtures, texts, options.out):
        folder = options.out / name
        cores[name], tokenizers[name] = generate.load(folder), AutoTokenizer.from_pretrained(folder)
        if name not in READ:
            continue
        ids = torch.tensor(tokenizers[name](TEXT.format(tokenizers[name].mask_token))["input_ids"])
        generate.write(generate.model_tensors(cores[name], ids), folder / "expected.safetensors")
        found = generate.model_json(cores[name], folder)
        (folder / "expected.json").write_text(json.dumps(found, indent=1) + "\n")

    ids = {name: read(tokenizer, texts) for name, tokenizer in tokenizers.items()}
    result = {"text": TEXT, "max_length": MAX_LENGTH, "logits": {}, "decisions": {}, "stitched": [], "ids": {
        name: [i.tolist() for i in ids[name]] for name in FAMILIES}}
    with torch.no_grad():
        for name in (name for name in cores if name.endswith("-sentiment")):
            result["logits"][name] = [forward.run(cores[name], i)["classifier_logits"].tolist() for i in ids[name]]
            result["decisions"][name] = decision(cores[name], ids[name][0])
        for a, b, kept, transplanted, positions in STITCHED:
            both = tokenizers[a], tokenizers[b]
            result["stitched"].append({
                "pretrained": a, "finetuned": b, "kept": kept, "transplanted": transplanted, "add_positions": positions,
                "shared": len(shared_rows(*both)), "logits": [
                    stitched(cores[a], cores[b], both, i, kept, transplanted, positions).tolist() for i in ids[a]]})
    (options.out / "expected.json").write_text(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
