"""make_sample.py ACLIMDB OUT: the embedded sample of IMDB reviews (see imdb/README.md).

A review's place in its class is the SHA-256 of "SEED ID" (ties cannot occur), so the sample depends on no library's random
generator and on no file system's order. Test reviews named in OUT/reference.txt are always taken, the rest of each class is
filled up in that order. Writes OUT/test.jsonl and OUT/train.jsonl, sorted by class and number, one canonical JSON object a
line: the SHA-256 of a file is therefore the `dataset_sha256` that Graft prints for it.
"""
import argparse
import hashlib
import os
import re

ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quoted(text):
    """A JSON string as Graft writes it: UTF-8 as it is, control characters escaped."""
    return '"' + re.sub(r'["\\\x00-\x1f\x7f]', lambda m: ESCAPES.get(m[0], f"\\u{ord(m[0]):04x}"), text) + '"'


def number(review_id):
    """The order within a class: by the number before the rating."""
    return int(review_id.rsplit("/", 1)[1].split("_")[0])


def sample(aclimdb, split, count, seed, wanted):
    rows = []
    for label, folder in ((0, "neg"), (1, "pos")):
        ids = [f"{split}/{folder}/{name}" for name in os.listdir(f"{aclimdb}/{split}/{folder}") if name.endswith(".txt")]
        always = wanted.intersection(ids)
        others = sorted(set(ids) - always, key=lambda i: hashlib.sha256(f"{seed} {i}".encode()).digest())
        for review_id in sorted(always | set(others[:count // 2 - len(always)]), key=number):
            with open(f"{aclimdb}/{review_id}", encoding="utf8", newline="") as file:
                rows.append((review_id, label, file.read()))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("aclimdb", help="the unpacked aclImdb folder")
    parser.add_argument("out", help="the folder to write to, which holds reference.txt")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--test", type=int, default=1000)
    parser.add_argument("--train", type=int, default=2000)
    options = parser.parse_args()
    with open(f"{options.out}/reference.txt", encoding="utf8") as file:
        wanted = set(file.read().split())
    for split, count in (("test", options.test), ("train", options.train)):
        rows = sample(options.aclimdb, split, count, options.seed, wanted)
        if split == "test" and not wanted.issubset(row[0] for row in rows):
            raise SystemExit(f"{options.out}/reference.txt names reviews that {options.aclimdb} does not hold")
        with open(f"{options.out}/{split}.jsonl", "w", encoding="utf8", newline="\n") as file:
            for review_id, label, text in rows:
                file.write(f'{{"id":{quoted(review_id)},"label":{label},"text":{quoted(text)}}}\n')


if __name__ == "__main__":
    main()
