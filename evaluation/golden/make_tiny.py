"""make_tiny.py OUT: small random checkpoints, each with one awkward trait, and the forward pass expected of it.

Every weight comes from one seeded NumPy generator a model; matrices are far larger than a trained model's, so that an
error in any stage shows. OUT/NAME holds config.json, model.safetensors (or shards with their index) and
expected.safetensors.
"""
import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

import checkpoint
import forward
import generate
from transformers import BertConfig, DistilBertConfig, GPT2Config, RobertaConfig

SEED = 20231121
BERT = dict(vocab_size=101, hidden_size=36, num_hidden_layers=2, num_attention_heads=3, intermediate_size=44,
            max_position_embeddings=24, hidden_dropout_prob=0.1, pad_token_id=0)
GPT2 = dict(vocab_size=97, n_embd=36, n_layer=2, n_head=3, n_positions=24, bos_token_id=0, eos_token_id=0)
DISTILBERT = dict(vocab_size=101, dim=36, n_layers=2, n_heads=3, hidden_dim=44, max_position_embeddings=24)
ROBERTA = dict(vocab_size=99, hidden_size=36, num_hidden_layers=2, num_attention_heads=3, intermediate_size=44,
               max_position_embeddings=26, type_vocab_size=1, layer_norm_eps=1e-5)
# By the beginning of an architecture's name.
FAMILIES = {"Bert": (BertConfig, BERT), "DistilBert": (DistilBertConfig, DISTILBERT), "GPT2": (GPT2Config, GPT2),
            "Roberta": (RobertaConfig, ROBERTA)}


def prefixless(tensors):
    return {k.removeprefix("bert.").removeprefix("transformer."): v for k, v in tensors.items()}


def model_prefix(tensors):
    return {"model." + k: v for k, v in tensors.items()}


def gamma_beta(tensors):
    """As Google's own BERT checkpoints on the hub: old norm names, pooler, next-sentence head, tied decoder stored."""
    old = {k.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): v
           for k, v in tensors.items()}
    old["cls.predictions.decoder.weight"] = old["bert.embeddings.word_embeddings.weight"].clone()
    old["bert.embeddings.position_ids"] = torch.arange(BERT["max_position_embeddings"])[None]
    for name, shape in (("bert.pooler.dense.weight", (36, 36)), ("bert.pooler.dense.bias", (36,)),
                        ("cls.seq_relationship.weight", (2, 36)), ("cls.seq_relationship.bias", (2,))):
        old[name] = torch.full(shape, 0.5)
    return old


def causal_buffers(tensors):
    """As OpenAI's own GPT-2 on the hub: no prefix, the causal mask of every block stored as `attn.bias`."""
    old, n = prefixless(tensors), GPT2["n_positions"]
    for layer in range(GPT2["n_layer"]):
        old[f"h.{layer}.attn.bias"] = torch.tril(torch.ones(n, n))[None, None]
        old[f"h.{layer}.attn.masked_bias"] = torch.tensor(-1e4)
    return old


def position_ids(tensors):
    """As earlier releases stored a RoBERTa: the rows of the positions beside them."""
    return tensors | {"embeddings.position_ids": torch.arange(ROBERTA["max_position_embeddings"])[None]}


@dataclass
class Variant:
    """One checkpoint: what differs from its family above, the type stored, and what is done to the names stored."""

    architecture: str
    options: dict = field(default_factory=dict)
    dtype: torch.dtype = torch.float32
    layout: Callable = lambda tensors: tensors
    shards: int = 1
    token_types: tuple = ()
    ids: tuple = ()
    readings: bool = False  # lens, effective attention, attribution and projections, too


VARIANTS = {
    "bert-odd-sizes": Variant("BertForMaskedLM", dict(
        hidden_size=35, num_attention_heads=5, intermediate_size=37, num_hidden_layers=3)),
    "bert-three-types": Variant("BertForMaskedLM", dict(type_vocab_size=3), token_types=(0,) * 5 + (1,) * 4 + (2,) * 4),
    "bert-gelu-new": Variant("BertForMaskedLM", dict(hidden_act="gelu_new", layer_norm_eps=1e-5)),
    "bert-untied": Variant("BertForMaskedLM", dict(tie_word_embeddings=False)),
    "bert-base-only": Variant("BertModel"),
    "bert-model-prefix": Variant("BertModel", layout=model_prefix),
    "bert-gamma-beta": Variant("BertForMaskedLM", layout=gamma_beta),
    "bert-sharded": Variant("BertForMaskedLM", shards=3),
    "bert-three-labels": Variant("BertForSequenceClassification", dict(num_labels=3)),
    "bert-float16": Variant("BertForMaskedLM", dtype=torch.float16),
    "bert-bfloat16": Variant("BertForMaskedLM", dtype=torch.bfloat16),
    "bert-float64": Variant("BertForMaskedLM", dict(num_hidden_layers=1), dtype=torch.float64),
    "gpt2-odd-sizes": Variant("GPT2LMHeadModel", dict(
        n_embd=33, n_inner=50, n_layer=3, scale_attn_by_inverse_layer_idx=True)),
    "gpt2-unscaled": Variant("GPT2LMHeadModel", dict(
        scale_attn_weights=False, activation_function="gelu", layer_norm_epsilon=1e-3)),
    "gpt2-untied": Variant("GPT2LMHeadModel", dict(tie_word_embeddings=False)),
    "gpt2-base-only": Variant("GPT2Model"),
    "gpt2-stored-masks": Variant("GPT2LMHeadModel", layout=causal_buffers),
    "gpt2-sharded": Variant("GPT2LMHeadModel", shards=3),
    "gpt2-last-token-classifier": Variant("GPT2ForSequenceClassification", dict(num_labels=3, pad_token_id=0)),
    "gpt2-float16": Variant("GPT2LMHeadModel", dtype=torch.float16),
    "gpt2-bfloat16": Variant("GPT2LMHeadModel", dtype=torch.bfloat16),
    # The order decides the seeds: new variants stand at the end.
    "distilbert": Variant("DistilBertForMaskedLM", readings=True),
    "distilbert-base-only": Variant("DistilBertModel", dict(sinusoidal_pos_embds=True)),
    "distilbert-three-labels": Variant("DistilBertForSequenceClassification", dict(num_labels=3)),
    "roberta": Variant("RobertaForMaskedLM", ids=(0, 7, 1, 50, 17, 98, 3, 3, 61, 44, 2), readings=True),
    "roberta-base-only": Variant("RobertaModel", layout=position_ids),
    "roberta-three-labels": Variant("RobertaForSequenceClassification", dict(num_labels=3)),
    "roberta-other-padding": Variant("RobertaForMaskedLM", dict(
        pad_token_id=4, type_vocab_size=2, hidden_act="relu", tie_word_embeddings=False),
        ids=(0, 7, 4, 50, 1, 4, 4, 98), token_types=(0, 0, 1, 1, 0, 1, 0, 1)),
}


def random_model(variant, rng):
    make, options = next(v for family, v in FAMILIES.items() if variant.architecture.startswith(family))
    config = make(**{**options, **variant.options})
    config.architectures = [variant.architecture]
    config.dtype = str(variant.dtype).removeprefix("torch.")
    model = checkpoint.CLASSES[variant.architecture](config)
    for name, parameter in sorted(model.named_parameters()):
        values = rng.standard_normal(tuple(parameter.shape))
        norm = parameter.dim() == 1 and name.endswith("weight")
        values = 1 + 0.1 * values if norm else (0.1 if parameter.dim() == 1 else 0.2) * values
        parameter.data = torch.from_numpy(values)
    if hasattr(model, "cls"):
        # Two names of one bias, whether or not the decoder's matrix is tied.
        model.cls.predictions.decoder.bias.data = model.cls.predictions.bias.data.clone()
    if variant.architecture == "RobertaForMaskedLM":
        model.lm_head.decoder.bias.data = model.lm_head.bias.data.clone()
    model.tie_weights()
    return model, config


def stored_tensors(model, variant):
    """The state dictionary without the second name of a tied tensor, as it is stored."""
    seen, kept = set(), {}
    for name, tensor in model.state_dict().items():
        if tensor.data_ptr() not in seen:
            seen.add(tensor.data_ptr())
            kept[name] = tensor.to(variant.dtype).contiguous()
    return variant.layout(kept)


def save(tensors, folder, shards):
    if shards == 1:
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        return
    names = sorted(tensors)
    weight_map = {}
    for s in range(shards):
        file = f"model-{s + 1:05d}-of-{shards:05d}.safetensors"
        part = {name: tensors[name] for name in names[s::shards]}
        save_file(part, folder / file, metadata={"format": "pt"})
        weight_map.update({name: file for name in part})
    total = sum(t.numel() * t.element_size() for t in tensors.values())
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2, sort_keys=True) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    for number, (name, variant) in enumerate(VARIANTS.items()):
        rng = np.random.default_rng([SEED, number])
        model, config = random_model(variant, rng)
        folder = out / name
        folder.mkdir(parents=True, exist_ok=True)
        save(stored_tensors(model, variant), folder, variant.shards)
        config.to_json_file(folder / "config.json", use_diff=False)

        ids = torch.from_numpy(rng.integers(1, config.vocab_size, 13))
        ids = torch.tensor(variant.ids) if variant.ids else ids
        expected = {"ids": ids}
        if variant.token_types:
            expected["token_types"] = torch.tensor(variant.token_types)
        core = forward.Core(*checkpoint.load(folder))
        if variant.readings:
            expected |= generate.model_tensors(core, ids, expected.get("token_types"))
            (folder / "expected.json").write_text(json.dumps(generate.model_json(core, folder), indent=1) + "\n")
        else:
            expected |= forward.run(core, ids, expected.get("token_types"))
        save_file({k: v.contiguous() for k, v in expected.items()}, folder / "expected.safetensors")
        print(f"{name}: {', '.join(f'{k} {list(v.shape)}' for k, v in sorted(expected.items()))}")


if __name__ == "__main__":
    main()
