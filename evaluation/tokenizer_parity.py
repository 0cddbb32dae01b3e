"""tokenizer_parity.py TEXTS --graft PATH [--vocabularies DIR] [--only NAME ...] [--limit N]

Tokenizes the 50,000 labelled reviews of TEXTS, an aclImdb folder (or those of a .jsonl file), with `graft tokenize` and with
the `tokenizers` package, and compares ids, tokens and byte offsets: for the embedded models, for the cased WordPiece and the
RoBERTa vocabularies of the tests, and for DIR/bert-base-uncased (vocab.txt) and DIR/gpt2 (vocab.json, merges.txt). A line
feed inside a review becomes a space. Prints counts and the first difference of each kind, and exits 1 if anything differs.
Of a whole folder the counts go into results/tokenizer_parity.json, beside those of the same texts that are there.
"""
import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile

import tokenizers
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors

HERE = os.path.dirname(os.path.abspath(__file__))
MODELS = os.path.join(HERE, "..", "models")
FIXTURES = os.path.join(HERE, "..", "Tests", "TokenizationTests", "Fixtures")
FAMILIES = ("wordpiece-cased", "roberta", "roberta-json", "roberta-json-prefix", "roberta-json-untrimmed")


def reviews(folder):
    """The labelled reviews of a folder, or those of a file, in its order."""
    if os.path.isfile(folder):
        with open(folder, encoding="utf8") as file:
            yield from (json.loads(line)["text"].replace("\n", " ") for line in file)
        return
    for split in ("train", "test"):
        for side in ("pos", "neg"):
            for name in sorted(os.listdir(f"{folder}/{split}/{side}"), key=lambda n: int(n.split("_")[0])):
                with open(f"{folder}/{split}/{side}/{name}", encoding="utf8", newline="") as file:
                    yield file.read().replace("\n", " ")


def reference(folder):
    """The tokenizer that Hugging Face builds from a vocabulary alone, with the settings of tokenizer_config.json."""
    if os.path.exists(f"{folder}/tokenizer.json"):
        return Tokenizer.from_file(f"{folder}/tokenizer.json")
    path = f"{folder}/tokenizer_config.json"
    config = json.load(open(path)) if os.path.exists(path) else {}
    if os.path.exists(f"{folder}/vocab.txt"):
        with open(f"{folder}/vocab.txt", encoding="utf8", newline="\n") as file:
            vocabulary = {line.rstrip("\n"): i for i, line in enumerate(file)}
        tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=config.get("do_lower_case", True))
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[(t, vocabulary[t]) for t in ("[CLS]", "[SEP]")])
        tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    else:
        vocabulary, merges = models.BPE.read_file(f"{folder}/vocab.json", f"{folder}/merges.txt")
        tokenizer, prefix = Tokenizer(models.BPE(vocabulary, merges)), config.get("add_prefix_space", False)
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
        if config.get("tokenizer_class") == "RobertaTokenizer":
            mask = AddedToken("<mask>", lstrip=True, normalized=False)
            tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>", mask])
            tokenizer.post_processor = processors.RobertaProcessing(
                ("</s>", vocabulary["</s>"]), ("<s>", vocabulary["<s>"]), config.get("trim_offsets", True), prefix)
        else:
            tokenizer.add_special_tokens(["<|endoftext|>"])
    return tokenizer


def byte_offsets(text, offsets):
    if text.isascii():
        return [list(pair) for pair in offsets]
    positions = [0]
    for character in text:
        positions.append(positions[-1] + len(character.encode()))
    return [[positions[a], positions[b]] for a, b in offsets]


def compare(graft, folder, tokenizer, file, lines):
    result = {"reviews": 0, "tokens_in_all": 0, "differing_ids": 0, "differing_tokens": 0, "differing_offsets": 0}
    first = {}
    with tempfile.TemporaryFile() as output:
        subprocess.run([graft, "tokenize", folder, "--file", file, "--json"], stdout=output, check=True)
        output.seek(0)
        for number, (text, line) in enumerate(zip(lines, output, strict=True)):
            got, encoding = json.loads(line), tokenizer.encode(text)
            expected = {
                "ids": encoding.ids, "tokens": [tokenizer.id_to_token(i) for i in encoding.ids],
                "offsets": byte_offsets(text, encoding.offsets)}
            result["reviews"] += 1
            result["tokens_in_all"] += len(encoding.ids)
            for kind, values in expected.items():
                if got[kind] != values:
                    result["differing_" + kind] += 1
                    first.setdefault(kind, (number, got[kind], values))
    for kind, (number, got, values) in first.items():
        at = next((i for i, pair in enumerate(zip(got, values)) if pair[0] != pair[1]), min(len(got), len(values)))
        print(f"  first difference of {kind}: review {number}, token {at}: graft {got[at:at + 4]}, tokenizers {values[at:at + 4]}")
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts")
    parser.add_argument("--graft", required=True, help="the graft executable")
    parser.add_argument("--vocabularies", help="a folder with bert-base-uncased/ and gpt2/")
    parser.add_argument("--only", nargs="+", help="only these vocabularies")
    parser.add_argument("--limit", type=int, help="only so many reviews")
    arguments = parser.parse_args()

    folders = {name: os.path.join(MODELS, name) for name in ("imdb-bert-1", "imdb-gpt2-narrow")}
    if arguments.vocabularies:
        folders |= {name: os.path.join(arguments.vocabularies, name) for name in ("bert-base-uncased", "gpt2")}
    folders |= {name: os.path.join(FIXTURES, name) for name in FAMILIES}
    if arguments.only:
        folders = {name: folders[name] for name in arguments.only}
    lines = list(reviews(arguments.texts))[:arguments.limit]
    results = {}
    with tempfile.NamedTemporaryFile("w", encoding="utf8", newline="") as file:
        data = "".join(line + "\n" for line in lines)
        file.write(data)
        file.flush()
        for name, folder in folders.items():
            results[name] = compare(os.path.abspath(arguments.graft), folder, reference(folder), file.name, lines)
            print(name, results[name], flush=True)
    if not arguments.limit and os.path.isdir(arguments.texts):
        path, stamp = f"{HERE}/results/tokenizer_parity.json", {
            "schema": 1, "tokenizers": tokenizers.__version__, "text_sha256": hashlib.sha256(data.encode()).hexdigest()}
        stored = json.load(open(path)) if os.path.exists(path) else {}
        if all(stored.get(key) == value for key, value in stamp.items()):
            stamp["results"] = stored["results"] | results
        else:
            stamp["results"] = results
        with open(path, "w", encoding="utf8") as out:
            json.dump(stamp, out, indent=2, sort_keys=True)
            out.write("\n")
    sys.exit(any(value for result in results.values() for key, value in result.items() if key.startswith("differing")))


if __name__ == "__main__":
    main()
