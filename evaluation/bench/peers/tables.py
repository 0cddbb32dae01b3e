"""tables.py RESULT.json [--into PAGE.md]: the tables of a run of compare.py, printed or put into the page.

In the page they go between the lines `<!-- RESULT.json -->` and `<!-- end of RESULT.json -->`, RESULT.json being the file's name.
"""
import argparse
import json
import re
from pathlib import Path

TITLES = {"bert-8x128": "BERT-base, 8 x 128", "bert-1x512": "BERT-base, 1 x 512",
          "gpt2-1x1024": "GPT-2, 1 x 1,024, no logits", "imdb": "reviews, text to accuracy, BERT-base",
          "train-step": "step of fine-tuning, BERT-base, 16 x 128", "generate": "64 tokens of GPT-2, greedy",
          "first-answer": "first answer of a process, BERT-base", "tokenize-wordpiece": "WordPiece, reviews, 1 thread",
          "tokenize-bpe": "byte-level BPE, reviews, 1 thread", "lens": "lens, every level of GPT-2, 1 x 1,024",
          "attribution": "attribution of a text of 64 tokens"}
PEERS = {"torch": "PyTorch", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO", "tokenizers": "tokenizers",
         "jacfwd": "jacfwd", "jacrev": "jacrev"}
COLUMNS = ("torch", "onnxruntime", "openvino")


def row(cells):
    return "| " + " | ".join(cells) + " |"


def title(case, measured):
    texts = next((c["result"] for c in measured["contenders"].values() if c.get("result")), {})
    count = texts.get("reviews") or texts.get("texts")
    return TITLES[case].replace("reviews", f"{count:,} reviews") if count else TITLES[case]


def ratio_cell(ratio):
    if ratio is None:
        return ""
    cell = f"{ratio['of_medians']:.2f} ({ratio['of_minima']:.2f})"
    return f"**{cell}, faster than Graft**" if min(ratio["of_medians"], ratio["of_minima"]) < 1 else cell


def least(numbers):
    """The least of several counts of the same work: GPT-2's without the keys that come later. As a list, empty for none."""
    return [min(numbers.values())] if numbers else []


def main_table(results):
    """A line a case and precision: Graft's seconds, and each peer's time over Graft's."""
    lines = [row(["case", "Graft, s: median (min)", *(f"{PEERS[p]} takes" for p in COLUMNS), "GF/s", "share of sgemm",
                  "times fp32"]), "|" + " --- |" * (len(COLUMNS) + 5)]
    for case, measured in results["cases"].items():
        contenders = measured["contenders"]
        for suffix in ("", "-bf16"):
            graft = contenders.get("graft" + suffix)
            if graft is None:
                continue
            ratio = {p: measured["ratios"].get(p + suffix) for p in PEERS}
            cells = [ratio_cell(ratio[p]) for p in COLUMNS]
            others = [f"{PEERS[p]}: {ratio_cell(r)}" for p, r in ratio.items() if p not in COLUMNS and r]
            if others:
                cells[0] = "; ".join(others)
            rate = least(graft.get("gigaflops_per_second", {}))
            share = least(measured.get("graft_share_of_sgemm", {})) if not suffix else []
            sgemm = contenders.get("sgemm", {}).get("gigaflops_per_second", {}).get("product")
            lines.append(row([
                title(case, measured) + (", bf16" if suffix else ""), f"{graft['median']:.3f} ({graft['min']:.3f})", *cells,
                "".join(f"{r:.0f}" for r in rate), "".join(f"{s:.0%} of {sgemm:.0f}" for s in share),
                f"{contenders['graft']['median'] / graft['median']:.2f}" if suffix else ""]))
    return "\n".join(lines)


def worst(results, precision):
    """The peer that comes nearest to Graft, or farthest ahead of it, in all cases, by the medians."""
    found = [(r["of_medians"], case, name.removesuffix("-bf16"))
             for case, measured in results["cases"].items() for name, r in measured["ratios"].items()
             if name.endswith("-bf16") == (precision == "bf16") and name.removesuffix("-bf16") in PEERS]
    if not found:
        return ""
    ratio, case, name = min(found)
    return f"Graft's worst case in {precision}: {TITLES[case]}, for which {PEERS[name]} takes {ratio:.2f} times as long."


def conditions(results):
    """The machine, and what the numbers depend on."""
    m, cases = results["machine"], results["cases"]
    loads = [v for c in cases.values() for v in (c["load_average"]["before"][0], c["load_average"]["after"][0])]
    cores = sorted({f"`OPENBLAS_CORETYPE` {c['openblas']['coretype']} ({c['openblas']['kernels']})"
                    for measured in cases.values() for c in measured["contenders"].values() if "openblas" in c})
    exact = {"fp32": [], "bf16": []}
    for measured in cases.values():
        for name, c in measured["contenders"].items():
            if c.get("result_difference") is not None:
                exact["bf16" if name.endswith("-bf16") else "fp32"].append(c["result_difference"])
    uneven = [case for case, measured in cases.items()
              if len({c["niceness"] for c in measured["contenders"].values() if "niceness" in c}) > 1]
    rounds = sorted({len(c["seconds"]) for measured in cases.values() for c in measured["contenders"].values()})
    environment = ", ".join(f"`{k}={v}`" for k, v in m["environment"].items()) or "nothing that concerns them"
    versions = ", ".join(f"{PEERS.get(k, k)} {v}" for k, v in m["versions"].items() if k != "swift" and v)
    lines = [f"{m['processor']} ({m['vendor']}, family {m['family']}, model {m['model']}, stepping {m['stepping']}; "
             f"{', '.join(m['features'])}; caches {', '.join(f'{k} {v}' for k, v in m['caches'].items())}), {m['threads']} threads "
             f"on {m['cores']} cores; {' or '.join(map(str, rounds))} rounds; load average {min(loads):.1f} to {max(loads):.1f}; environment: {environment}.",
             f"Versions: {versions}.",
             *([f"sgemm: OpenBLAS with {' or '.join(cores)}, the fastest of those that this processor can run."] if cores else []),
             *(f"Answers in {p} differ from {'the first peer' if p == 'fp32' else 'it in fp32'} by at most {max(d):.1e}."
               for p, d in exact.items() if d),
             *([f"Not to be used: not all processes had the same priority ({', '.join(uneven)})."] if uneven else []),
             *(worst(results, p) for p in exact)]
    return "\n".join(line for line in lines if line)


def details(results):
    """A line a contender, for who looks closer; not for the page."""
    lines = [row(["case", "runtime", "variant", "median s", "min s", "max s", "GF/s", "peak MB", "times Graft's (medians)",
                  "(minima)", "(rounds)", "result differs by"]), "|" + " --- |" * 12]
    for case, measured in results["cases"].items():
        for name, c in measured["contenders"].items():
            ratio, differs = measured["ratios"].get(name, {}), c.get("result_difference")
            lines.append(row([
                case, name, c.get("variant", ""), *(f"{c[k]:.4f}" for k in ("median", "min", "max")),
                " / ".join(f"{r:.0f}" for r in c.get("gigaflops_per_second", {}).values()),
                f"{c['peak_memory_bytes'] / 1e6:.0f}" if "peak_memory_bytes" in c else "",
                *(f"{ratio[k]:.2f}" if ratio else "" for k in ("of_medians", "of_minima", "median_of_rounds")),
                "" if differs is None else f"{differs:.1e}"]))
    return "\n".join(lines)


def for_page(results):
    return f"{main_table(results)}\n\n{conditions(results)}"


def text(results):
    return "\n\n".join([results["flop_formula"], details(results), for_page(results)])


def put(results, name, page):
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    old = page.read_text()
    if old.count(begin) != 1 or old.count(end) != 1:
        raise SystemExit(f"{page}: needs one line {begin} and one {end}")
    new = re.sub(f"{re.escape(begin)}.*{re.escape(end)}",
                 lambda _: f"{begin}\n{for_page(results)}\n{end}", old, flags=re.DOTALL)
    page.write_text(new)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("result", type=Path)
    parser.add_argument("--into", type=Path, help="the page to put the main table into")
    options = parser.parse_args()
    results = json.loads(options.result.read_text())
    if options.into:
        put(results, options.result.name, options.into)
    else:
        print(text(results))


if __name__ == "__main__":
    main()
