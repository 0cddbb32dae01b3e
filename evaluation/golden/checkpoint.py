"""A Hugging Face directory as a float64 PyTorch model, with eager attention so that the softmax weights can be read.

The tensors are matched to the model here, strictly, and not by `from_pretrained`, so that a golden file does not depend
on what one release of transformers renames or forgives in silence.
"""
import json
import re
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file

CLASSES = {
    "BertModel": transformers.BertModel,
    "BertForMaskedLM": transformers.BertForMaskedLM,
    "BertForSequenceClassification": transformers.BertForSequenceClassification,
    "DistilBertModel": transformers.DistilBertModel,
    "DistilBertForMaskedLM": transformers.DistilBertForMaskedLM,
    "DistilBertForSequenceClassification": transformers.DistilBertForSequenceClassification,
    "RobertaModel": transformers.RobertaModel,
    "RobertaForMaskedLM": transformers.RobertaForMaskedLM,
    "RobertaForSequenceClassification": transformers.RobertaForSequenceClassification,
    "GPT2Model": transformers.GPT2Model,
    "GPT2LMHeadModel": transformers.GPT2LMHeadModel,
    "GPT2ForSequenceClassification": transformers.GPT2ForSequenceClassification,
    "GPT2ForTokenClassification": transformers.GPT2ForTokenClassification,
}
CONFIGURATIONS = {"bert": transformers.BertConfig, "distilbert": transformers.DistilBertConfig,
                  "roberta": transformers.RobertaConfig, "gpt2": transformers.GPT2Config}
# Where each family's body stands in a model with a head.
BASES = {"bert": "bert.", "distilbert": "distilbert.", "roberta": "roberta.", "gpt2": "transformer."}
HEADS = ("cls.", "vocab_", "pre_classifier.", "classifier.", "score.", "lm_head.")
# Stored by older releases, read by no forward pass here: causal masks, position ids, the next-sentence head.
IGNORED = re.compile(r"(^|\.)(attn\.(bias|masked_bias)|embeddings\.position_ids)$|^cls\.seq_relationship\.")


def stored_tensors(directory):
    """Every tensor of model.safetensors, or of the shards its index names, as stored."""
    index = Path(directory) / "model.safetensors.index.json"
    if not index.exists():
        return load_file(Path(directory) / "model.safetensors")
    shards = sorted(set(json.loads(index.read_text())["weight_map"].values()))
    return {name: tensor for shard in shards for name, tensor in load_file(Path(directory) / shard).items()}


def canonical_name(name, base):
    """The name HF's model with a head gives to a stored tensor; `base` is one of BASES."""
    name = re.sub(r"LayerNorm\.gamma$", "LayerNorm.weight", re.sub(r"LayerNorm\.beta$", "LayerNorm.bias", name))
    if name.startswith((base, *HEADS)):
        return name
    return base + name.removeprefix("model.")


def load(directory):
    """The model of a directory in float64, in eval mode, and its config.json as a dictionary."""
    raw = json.loads((Path(directory) / "config.json").read_text())
    base = BASES[raw["model_type"]]
    config = CONFIGURATIONS[raw["model_type"]].from_dict(raw)
    tensors = {canonical_name(k, base): v for k, v in stored_tensors(directory).items() if not IGNORED.search(k)}
    for head in ("classifier.weight", "classifier.out_proj.weight", "score.weight"):
        if head in tensors:
            config.num_labels = tensors[head].shape[0]

    architecture = raw["architectures"][0]
    config._attn_implementation = "eager"
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    model = CLASSES[architecture](config)
    torch.set_default_dtype(default)

    if architecture == "BertForMaskedLM":
        tensors = {k: v for k, v in tensors.items() if not k.startswith("bert.pooler.")}
        tensors.setdefault("cls.predictions.decoder.weight", tensors["bert.embeddings.word_embeddings.weight"])
        tensors.setdefault("cls.predictions.decoder.bias", tensors["cls.predictions.bias"])
    elif architecture == "DistilBertForMaskedLM":
        tensors.setdefault("vocab_projector.weight", tensors["distilbert.embeddings.word_embeddings.weight"])
    elif architecture == "RobertaForMaskedLM":
        tensors.setdefault("lm_head.decoder.weight", tensors["roberta.embeddings.word_embeddings.weight"])
        tensors.setdefault("lm_head.decoder.bias", tensors["lm_head.bias"])
    elif architecture == "GPT2LMHeadModel":
        tensors.setdefault("lm_head.weight", tensors["transformer.wte.weight"])
    elif architecture in ("BertModel", "DistilBertModel", "RobertaModel", "GPT2Model"):
        tensors = {k.removeprefix(base): v for k, v in tensors.items()}
    model.load_state_dict(tensors, strict=True)
    return model.eval(), raw
