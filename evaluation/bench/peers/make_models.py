"""make_models.py OUT: random models of BERT-base and GPT-2 shape, the same weights for Graft, PyTorch and ONNX Runtime.

OUT/{bert-base,bert-base-classifier,bert-6x384,gpt2} are Hugging Face directories (config.json, model.safetensors, tokenizer files
where given) with the ONNX graphs of the same weights in onnx/ (but for bert-6x384). Speed does not depend on the values, only on the shapes.
"""
import argparse
import json
import shutil
from pathlib import Path

import torch
from transformers import (BertConfig, BertForMaskedLM, BertForSequenceClassification, GPT2Config, GPT2LMHeadModel)

import onnx_graphs

SEED = 20231121


def save(model, folder, files, tokenizer_config):
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    for file in files:
        shutil.copyfile(file, folder / Path(file).name)
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer_config, indent=1, sort_keys=True) + "\n")


def report(folder, model, output):
    for graph in sorted((folder / "onnx").glob("*.onnx")):
        error = onnx_graphs.largest_error(model, output, graph)
        print(f"{folder.name}/{graph.name}: largest difference to PyTorch {error:.1e}", flush=True)


def bert(out, vocab, head, name, output):
    torch.manual_seed(SEED)
    model = head(BertConfig()).eval()
    save(model, out / name, [vocab] if vocab else [],
         {"do_lower_case": True, "model_max_length": 512, "tokenizer_class": "BertTokenizer"})
    graphs = out / name / "onnx"
    graphs.mkdir(exist_ok=True)
    core = model.bert if output == "last_hidden_state" else model
    onnx_graphs.export(core, output, graphs / "plain.onnx", masked=True)
    print(name, onnx_graphs.fuse(graphs / "plain.onnx", "bert", False, graphs / "attention.onnx"), flush=True)
    if output == "last_hidden_state":
        onnx_graphs.drop_mask(graphs / "attention.onnx", graphs / "attention-unmasked.onnx")
        onnx_graphs.fuse(graphs / "plain.onnx", "bert", True, graphs / "multihead.onnx")
        onnx_graphs.drop_mask(graphs / "multihead.onnx", graphs / "multihead-unmasked.onnx")
    report(out / name, core, output)


def bert_6x384(out, vocab):
    """For attribution: 6 blocks, 384 wide."""
    torch.manual_seed(SEED)
    config = BertConfig(hidden_size=384, num_hidden_layers=6, num_attention_heads=6, intermediate_size=1536)
    save(BertForMaskedLM(config).eval(), out / "bert-6x384", [vocab] if vocab else [],
         {"do_lower_case": True, "model_max_length": 512, "tokenizer_class": "BertTokenizer"})


def gpt2(out, tokenizer):
    torch.manual_seed(SEED)
    model = GPT2LMHeadModel(GPT2Config()).eval()
    files = [Path(tokenizer) / "vocab.json", Path(tokenizer) / "merges.txt"] if tokenizer else []
    save(model, out / "gpt2", files, {"model_max_length": 1024, "tokenizer_class": "GPT2Tokenizer"})
    graphs = out / "gpt2" / "onnx"
    graphs.mkdir(exist_ok=True)
    core = model.transformer
    onnx_graphs.export(core, "last_hidden_state", graphs / "plain.onnx", masked=False)
    print("gpt2", onnx_graphs.fuse(graphs / "plain.onnx", "gpt2", False, graphs / "optimised.onnx"), flush=True)
    onnx_graphs.gpt2_graph(core, graphs / "attention.onnx", "Attention")
    onnx_graphs.gpt2_graph(core, graphs / "multihead.onnx", "MultiHeadAttention")
    report(out / "gpt2", core, "last_hidden_state")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--bert-vocab", help="vocab.txt of 30,522 items")
    parser.add_argument("--gpt2-tokenizer", help="folder with vocab.json and merges.txt of 50,257 items")
    options = parser.parse_args()
    bert(options.out, options.bert_vocab, BertForMaskedLM, "bert-base", "last_hidden_state")
    bert(options.out, options.bert_vocab, BertForSequenceClassification, "bert-base-classifier", "logits")
    bert_6x384(options.out, options.bert_vocab)
    gpt2(options.out, options.gpt2_tokenizer)


if __name__ == "__main__":
    main()
