"""ONNX graphs of one model, from the plain export to the most fused form that ONNX Runtime has operators for.

Every graph is written beside the others, checked against PyTorch, and left to the benchmark to choose from: which one is
fastest differs between machines and lengths.
"""
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import helper, numpy_helper
from onnxruntime.transformers import optimizer
from onnxruntime.transformers.fusion_options import FusionOptions

TOLERANCE = 1e-4


class Wrapped(torch.nn.Module):
    """A model as a function from ids (and mask) to one tensor."""

    def __init__(self, model, output):
        super().__init__()
        self.model, self.output = model, output

    def forward(self, input_ids, attention_mask=None):
        # A mask of ones keeps GPT-2's export free of the search for packed sequences, which ONNX cannot express.
        mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        out = self.model(input_ids=input_ids, attention_mask=mask, **({"use_cache": False} if self.causal else {}))
        return getattr(out, self.output)

    @property
    def causal(self):
        return self.model.config.model_type == "gpt2"


def export(model, output, path, masked):
    """The plain graph, with batch and length as dynamic axes."""
    model.config._attn_implementation = "eager"  # the form whose softmax the optimiser's patterns know
    ids = torch.randint(1, 1000, (2, 16))
    names = ["input_ids"] + (["attention_mask"] if masked else [])
    axes = {name: {0: "batch", 1: "length"} for name in names}
    axes[output] = {0: "batch"} if output == "logits" else {0: "batch", 1: "length"}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(Wrapped(model, output).eval(), (ids,) + ((torch.ones_like(ids),) if masked else ()), str(path),
                          dynamo=False, opset_version=17, input_names=names, output_names=[output], dynamic_axes=axes)


def fuse(path, family, multi_head, target):
    """The plain graph after onnxruntime's transformers optimiser; returns how many operators of each kind it made."""
    options = FusionOptions(family)
    options.use_multi_head_attention = multi_head
    model = optimizer.optimize_model(str(path), family, num_heads=12, hidden_size=768,
                                     optimization_options=options, opt_level=0)
    model.save_model_to_file(str(target))
    return {kind: n for kind, n in model.get_fused_operator_statistics().items() if n}


def drop_mask(path, target):
    """A fused BERT graph that takes no mask: what a batch of equal lengths needs, and what attention is fastest with."""
    model = onnx.load(str(path))
    mask_input = {"Attention": 3, "MultiHeadAttention": 4, "EmbedLayerNormalization": 7}
    live, kept = {o.name for o in model.graph.output}, []
    for node in reversed(model.graph.node):
        slot = mask_input.get(node.op_type)
        if slot is not None and len(node.input) > slot:
            node.input[slot] = ""
        if live & set(node.output):
            live |= set(node.input) - {""}
            node.output[:] = [name if name in live else "" for name in node.output]
            kept.append(node)
    del model.graph.node[:]
    model.graph.node.extend(reversed(kept))
    inputs = [i for i in model.graph.input if i.name != "attention_mask"]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    onnx.save(model, str(target))


def gpt2_graph(model, path, attention):
    """GPT-2 written operator by operator, every fusion made: the optimiser's patterns miss this release's attention.

    `attention` is `Attention` (packed projections inside the operator) or `MultiHeadAttention`.
    """
    weights, nodes = {}, []
    ms = "com.microsoft"

    def constant(name, value):
        weights[name] = np.ascontiguousarray(value.detach().numpy() if torch.is_tensor(value) else value)
        return name

    def node(kind, inputs, outputs, domain="", **attributes):
        nodes.append(helper.make_node(kind, inputs, outputs, domain=domain, **attributes))
        return outputs[0]

    core, config = model, model.config
    epsilon, heads = config.layer_norm_epsilon, config.n_head
    node("Shape", ["input_ids"], ["length"], start=1, end=2)
    node("Slice", [constant("wpe", core.wpe.weight), constant("zero", np.array([0])), "length"], ["places"])
    node("Gather", [constant("wte", core.wte.weight), "input_ids"], ["tokens"])
    stream = node("Add", ["tokens", "places"], ["stream"])
    normed = node("LayerNormalization", [stream, constant("n0.w", core.h[0].ln_1.weight),
                                         constant("n0.b", core.h[0].ln_1.bias)], ["n0"], axis=-1, epsilon=epsilon)
    for i, block in enumerate(core.h):
        w, b = constant(f"{i}.qkv.w", block.attn.c_attn.weight), constant(f"{i}.qkv.b", block.attn.c_attn.bias)
        if attention == "Attention":
            mixed = node("Attention", [normed, w, b], [f"{i}.mixed"], ms, num_heads=heads, unidirectional=1)
        else:
            node("MatMul", [normed, w], [f"{i}.qkv"])
            node("Split", [f"{i}.qkv"], [f"{i}.q", f"{i}.k", f"{i}.v"], axis=-1, num_outputs=3)
            mixed = node("MultiHeadAttention", [f"{i}.q", f"{i}.k", f"{i}.v", b], [f"{i}.mixed"], ms,
                         num_heads=heads, unidirectional=1)
        out = node("MatMul", [mixed, constant(f"{i}.o.w", block.attn.c_proj.weight)], [f"{i}.out"])
        # SkipLayerNormalization(x, skip, gamma, beta, bias): outputs 0 the norm, 3 the sum itself.
        node("SkipLayerNormalization",
             [out, stream, constant(f"{i}.n2.w", block.ln_2.weight), constant(f"{i}.n2.b", block.ln_2.bias),
              constant(f"{i}.o.b", block.attn.c_proj.bias)],
             [f"{i}.n2", "", "", f"{i}.middle"], ms, epsilon=epsilon)
        inner = node("MatMul", [f"{i}.n2", constant(f"{i}.in.w", block.mlp.c_fc.weight)], [f"{i}.in"])
        act = node("FastGelu", [inner, constant(f"{i}.in.b", block.mlp.c_fc.bias)], [f"{i}.act"], ms)
        down = node("MatMul", [act, constant(f"{i}.down.w", block.mlp.c_proj.weight)], [f"{i}.down"])
        last = i + 1 == len(core.h)
        norm = core.ln_f if last else core.h[i + 1].ln_1
        normed, stream = ("last_hidden_state" if last else f"{i}.n1"), f"{i}.stream"
        node("SkipLayerNormalization",
             [down, f"{i}.middle", constant(f"{i}.n1.w", norm.weight), constant(f"{i}.n1.b", norm.bias),
              constant(f"{i}.down.b", block.mlp.c_proj.bias)],
             [normed] if last else [normed, "", "", stream], ms, epsilon=epsilon)
    shape = ["batch", "length"]
    graph = helper.make_graph(
        nodes, "gpt2", [helper.make_tensor_value_info("input_ids", onnx.TensorProto.INT64, shape)],
        [helper.make_tensor_value_info("last_hidden_state", onnx.TensorProto.FLOAT, shape + [config.n_embd])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid(ms, 1)],
                                ir_version=9), str(path))


def session(path, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def largest_error(model, output, path, threads=2):
    """The largest difference of a graph to PyTorch, over two rows of which one is padded where the graph takes a mask."""
    ids = torch.randint(1, 30_000, (2, 96), generator=torch.Generator().manual_seed(1))
    run = session(path, threads)
    feed, mask = {"input_ids": ids.numpy()}, torch.ones_like(ids)
    if "attention_mask" in [i.name for i in run.get_inputs()]:
        mask[1, 60:] = 0
        feed["attention_mask"] = mask.numpy()
    with torch.no_grad():
        expected = getattr(model(input_ids=ids, attention_mask=mask), output).numpy()
    got = run.run(None, feed)[0]
    if output == "last_hidden_state":
        expected, got = expected[mask.numpy() == 1], got[mask.numpy() == 1]
    error = float(np.abs(got - expected).max())
    if not error <= TOLERANCE:
        raise ValueError(f"{path}: differs from PyTorch by {error}, more than {TOLERANCE}")
    return error
