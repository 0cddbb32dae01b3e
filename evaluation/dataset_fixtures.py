"""Writes the files of Tests/EvaluationTests/Fixtures: what Python's csv module and Hugging Face's datasets make of texts.

    python3 evaluation/dataset_fixtures.py

python-csv.jsonl: random files (below a header review,sentiment) and the texts that csv.reader (strict=False) reads; null where a
record has not two fields, the label is not 1, or a quote is never closed, which Graft refuses.
datasets.*: the same four reviews as datasets 5.2.0 writes them by to_csv and to_json.
"""
import csv
import io
import json
import pathlib
import random

FIXTURES = pathlib.Path(__file__).parent.parent / "Tests/EvaluationTests/Fixtures"
PIECES = ['"', '"', '"', ",", "\n", "\r", "\r\n", "a", "b", " ", "é", '""', '",1\n"', '",1\n']


def expected(body):
    text = "review,sentiment\n" + body
    rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row][1:]
    try:
        list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        if "unexpected end" in str(error):
            return None
    good = rows and all(len(row) == 2 and row[1].strip() == "1" for row in rows)
    return [row[0] for row in rows] if good else None


def random_body(generator):
    body = ""
    for _ in range(generator.randint(1, 3)):
        text = "".join(generator.choice(PIECES) for _ in range(generator.randint(0, 6)))
        if generator.random() < 0.3:
            text = '"' + text.replace('"', '""') + '"'
        body += text + ",1" + generator.choice(["\n", "\n", "\r\n", ""])
    return body


def write_csv_cases():
    generator = random.Random(20240611)
    cases, counts = {}, {True: 0, False: 0}
    while sum(counts.values()) < 240 or min(counts.values()) < 60:
        body = random_body(generator)
        if body in cases:
            continue
        texts = expected(body)
        if counts[texts is not None] < 130:
            counts[texts is not None] += 1
            cases[body] = texts
    lines = [json.dumps({"file": body, "texts": texts}, ensure_ascii=False) for body, texts in cases.items()]
    (FIXTURES / "python-csv.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_datasets():
    from datasets import ClassLabel, Dataset, Features, Value

    texts = ['He said "no",\nthen left', 'a 5" screen / "good"', "  une idée,  là ", "<br />\tbad\\n"]
    features = Features({"text": Value("string"), "label": ClassLabel(names=["neg", "pos"]), "score": Value("float64")})
    data = Dataset.from_dict({"text": texts, "label": [0, 1, 1, 0], "score": [0.5, 1e-9, 3.0, -2.0]}, features)
    data.to_csv(FIXTURES / "datasets.csv")
    data.to_csv(FIXTURES / "datasets.tsv", sep="\t")
    data.to_json(FIXTURES / "datasets.jsonl")
    data.to_json(FIXTURES / "datasets-array.json", lines=False)
    truth = data.cast_column("label", Value("bool"))
    truth.to_csv(FIXTURES / "datasets-bool.csv")
    truth.to_json(FIXTURES / "datasets-bool.jsonl")


if __name__ == "__main__":
    FIXTURES.mkdir(exist_ok=True)
    write_csv_cases()
    write_datasets()
