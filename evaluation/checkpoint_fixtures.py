"""Write Tests/CheckpointsTests/Fixtures: the same tensors as safetensors and as torch.save and TensorFlow write them.

    python evaluation/checkpoint_fixtures.py Tests/CheckpointsTests/Fixtures

torch 2.15.0, safetensors 0.8.0 and tensorflow-cpu 2.21.0 wrote the files that are committed. TensorFlow's and the
older container's bytes differ from run to run (addresses are keys there); their tensors do not.
"""

import json
import os
import sys

import numpy
import tensorflow
import torch
from safetensors.torch import save_file

SEED = 14


def torch_tensors():
    """Views, strides, shared storages and every type that a state dict may hold."""
    make = torch.Generator().manual_seed(SEED)
    flat = torch.randn(120, generator=make)
    grid = torch.randn(6, 10, generator=make)
    shared = torch.randn(4, 3, generator=make)
    cube = torch.randn(2, 3, 4, generator=make)
    return {
        "matrix": torch.randn(5, 7, generator=make),
        "flat.first": flat[:12].view(3, 4),
        "flat.second": flat[12:37].view(5, 5),
        "transposed": torch.randn(9, 4, generator=make).t(),
        "slice": grid[2:5, 1:8:3],
        "column": grid[:, 4],
        "cube": cube.permute(2, 0, 1),
        "shared.one": shared,
        "shared.two": shared,
        "shared.turned": shared.t(),
        "parameter": torch.nn.Parameter(torch.randn(3, generator=make)),
        "buffer": torch.nn.Parameter(torch.randn(3, generator=make), requires_grad=False),
        "half": torch.randn(5, 3, generator=make).half(),
        "half.turned": torch.randn(5, 3, generator=make).half().t(),
        "bfloat": torch.randn(7, generator=make).bfloat16(),
        "double": torch.randn(2, 3, generator=make, dtype=torch.float64).t(),
        "position_ids": torch.arange(11).expand((1, -1)),
        "int": torch.tensor([[1, -2], [3, -4]], dtype=torch.int32).t(),
        "short": torch.tensor([-5, 6], dtype=torch.int16),
        "char": torch.tensor([-7, 8], dtype=torch.int8),
        "byte": torch.tensor([[9, 250, 3], [4, 5, 6]], dtype=torch.uint8).t(),
        "bool": torch.tensor([True, False, True]),
        "unsigned": torch.tensor([1, 65535], dtype=torch.uint16),
        "float8": torch.randn(4, generator=make).to(torch.float8_e4m3fn),
        "scalar": torch.tensor(2.5),
        "scalar.of.grid": grid[3, 4],
        "empty": torch.empty(0, 3),
        "special": torch.tensor([float("nan"), float("inf"), -0.0, 1e-45]),
        "größe": torch.ones(1),
    }


def write_torch(folder):
    tensors = torch_tensors()

    def path(*parts):
        os.makedirs(os.path.join(folder, *parts[:-1]), exist_ok=True)
        return os.path.join(folder, *parts)

    plain = {name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}
    save_file(plain, path("torch", "expected.safetensors"))
    torch.save(tensors, path("torch", "zip.bin"))
    torch.save(tensors, path("torch", "stream.bin"), _use_new_zipfile_serialization=False)
    torch.save(tensors, path("torch", "zip-protocol-5.bin"), pickle_protocol=5)
    few = ["matrix", "transposed", "half", "position_ids", "shared.one", "shared.two"]
    module = torch.nn.Module()
    for name in few:
        module.register_buffer("x_" + name.replace(".", "_"), tensors[name])
    # An OrderedDict with the attribute _metadata.
    torch.save(module.state_dict(), path("torch", "module.bin"))
    torch.save(
        {"epoch": 3, "loss": 0.5, "state_dict": {name: tensors[name] for name in few}}, path("torch", "wrapped.bin")
    )
    torch.save({"epoch": 3, "weights": tensors["matrix"]}, path("torch", "refused.bin"))
    names = sorted(plain)
    halves = [names[0::2], names[1::2]]
    index = {"metadata": {"total_size": 0}, "weight_map": {}}
    for number, half in enumerate(halves, 1):
        shard = f"pytorch_model-{number:05d}-of-00002.bin"
        index["weight_map"].update({name: shard for name in half})
        torch.save({name: tensors[name] for name in half}, path("torch-shards", shard))
    with open(path("torch-shards", "pytorch_model.bin.index.json"), "w") as file:
        json.dump(index, file, indent=1, sort_keys=True)


def bert_variables():
    """A BERT of one block, by its names in TensorFlow; and those of Hugging Face, with what is transposed."""
    rng = numpy.random.default_rng(SEED)
    hidden, inner, vocabulary = 8, 12, 21
    variables, expected = {}, {}

    def add(tf_name, hf_name, *shape, transposed=False):
        values = rng.standard_normal(shape).astype(numpy.float32)
        variables[tf_name] = values
        expected[hf_name] = torch.from_numpy(values.T.copy() if transposed else values.copy())
        variables[tf_name + "/adam_m"] = values * 0
        variables[tf_name + "/adam_v"] = values * 0

    def dense(tf_name, hf_name, inputs, outputs):
        add(tf_name + "/kernel", hf_name + ".weight", inputs, outputs, transposed=True)
        add(tf_name + "/bias", hf_name + ".bias", outputs)

    def norm(tf_name, hf_name):
        add(tf_name + "/gamma", hf_name + ".weight", hidden)
        add(tf_name + "/beta", hf_name + ".bias", hidden)

    for kind, size in [("word", vocabulary), ("position", 16), ("token_type", 2)]:
        add(f"bert/embeddings/{kind}_embeddings", f"bert.embeddings.{kind}_embeddings.weight", size, hidden)
    norm("bert/embeddings/LayerNorm", "bert.embeddings.LayerNorm")
    tf_block, hf_block = "bert/encoder/layer_0", "bert.encoder.layer.0"
    for part in ["query", "key", "value"]:
        dense(f"{tf_block}/attention/self/{part}", f"{hf_block}.attention.self.{part}", hidden, hidden)
    dense(f"{tf_block}/attention/output/dense", f"{hf_block}.attention.output.dense", hidden, hidden)
    norm(f"{tf_block}/attention/output/LayerNorm", f"{hf_block}.attention.output.LayerNorm")
    dense(f"{tf_block}/intermediate/dense", f"{hf_block}.intermediate.dense", hidden, inner)
    dense(f"{tf_block}/output/dense", f"{hf_block}.output.dense", inner, hidden)
    norm(f"{tf_block}/output/LayerNorm", f"{hf_block}.output.LayerNorm")
    dense("bert/pooler/dense", "bert.pooler.dense", hidden, hidden)
    dense("cls/predictions/transform/dense", "cls.predictions.transform.dense", hidden, hidden)
    norm("cls/predictions/transform/LayerNorm", "cls.predictions.transform.LayerNorm")
    add("cls/predictions/output_bias", "cls.predictions.bias", vocabulary)
    add("cls/seq_relationship/output_weights", "cls.seq_relationship.weight", 2, hidden)
    add("cls/seq_relationship/output_bias", "cls.seq_relationship.bias", 2)
    variables["global_step"] = numpy.array(1000, dtype=numpy.int64)
    config = {
        "attention_probs_dropout_prob": 0.1, "hidden_act": "gelu", "hidden_dropout_prob": 0.1, "hidden_size": hidden,
        "initializer_range": 0.02, "intermediate_size": inner, "max_position_embeddings": 16,
        "num_attention_heads": 2, "num_hidden_layers": 1, "type_vocab_size": 2, "vocab_size": vocabulary,
    }
    return variables, expected, config


def save_v2(prefix, variables, slices=None):
    names = sorted(variables)
    tensorflow.raw_ops.SaveV2(
        prefix=prefix, tensor_names=names, shape_and_slices=[(slices or {}).get(name, "") for name in names],
        tensors=[tensorflow.constant(variables[name]) for name in names],
    )


def write_tensorflow(folder):
    variables, expected, config = bert_variables()
    bert = os.path.join(folder, "tensorflow")
    os.makedirs(bert, exist_ok=True)
    save_file(expected, os.path.join(bert, "expected.safetensors"))
    with open(os.path.join(bert, "bert_config.json"), "w") as file:
        json.dump(config, file, indent=1)
    save_v2(os.path.join(bert, "bert_model.ckpt"), variables)

    # Two data files, several types, a classifier.
    several = os.path.join(folder, "tensorflow-several")
    os.makedirs(several, exist_ok=True)
    half = numpy.arange(6, dtype=numpy.float16).reshape(2, 3)
    parts = [
        {"output_weights": half + 1, "bert/a/kernel": half, "global_step": numpy.int32(1)},
        {
            "output_bias": tensorflow.constant([1.5, -2.0], tensorflow.bfloat16),
            "bert/b/kernel": numpy.arange(6.0).reshape(3, 2), "cls/squad/output_weights": numpy.ones((2, 2), numpy.float32),
            "text": tensorflow.constant(["not a number"]),
        },
    ]
    prefixes = [os.path.join(several, f"part{number}") for number in (0, 1)]
    for prefix, part in zip(prefixes, parts):
        save_v2(prefix, part)
    tensorflow.raw_ops.MergeV2Checkpoints(
        checkpoint_prefixes=prefixes, destination_prefix=os.path.join(several, "model.ckpt-20"), delete_old_dirs=False
    )
    sliced = os.path.join(folder, "tensorflow-sliced")
    os.makedirs(sliced, exist_ok=True)
    save_v2(
        os.path.join(sliced, "model.ckpt"), {"bert/a/kernel": numpy.ones((2, 3), numpy.float32)},
        {"bert/a/kernel": "4 3 0,2:0,3"},
    )
    # Keras's and TF 2's own checkpoints store a graph of objects.
    tensorflow.train.Checkpoint(step=tensorflow.Variable(1.0)).write(os.path.join(folder, "tensorflow-objects"))


if __name__ == "__main__":
    write_torch(sys.argv[1])
    write_tensorflow(sys.argv[1])
