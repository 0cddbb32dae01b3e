"""The runtimes that peer.py loads a model into. A graph's runtime gives a call from named ids to the first output."""
import json
from pathlib import Path

PRECISIONS = {"torch": {"fp32": "float32", "bf16": "bfloat16"}, "openvino": {"fp32": "f32", "bf16": "bf16"},
              "onnxruntime": {"fp32": None}, "tokenizers": {"fp32": None}}


def config_of(model):
    return json.loads((Path(model) / "config.json").read_text())


def vocabulary_of(model):
    return config_of(model)["vocab_size"]


def is_causal(model):
    return config_of(model)["model_type"] == "gpt2"


def torch_model(options, classifier=False):
    import torch
    import transformers
    torch.set_num_threads(options.threads)
    bert = not is_causal(options.model)
    name = "BertForSequenceClassification" if classifier else "BertModel" if bert else "GPT2Model"
    kind = {"add_pooling_layer": False} if name == "BertModel" else {}
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    model = getattr(transformers, name).from_pretrained(
        options.model, dtype=getattr(torch, PRECISIONS["torch"][options.precision]),
        attn_implementation=options.variant, **kind).eval()
    if not bert:
        model.config.use_cache = False
    return torch, model, vocabulary_of(options.model), {"torch": torch.__version__,
                                                        "transformers": transformers.__version__}


def onnx_session(options):
    import onnxruntime
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    settings.inter_op_num_threads = 1
    settings.log_severity_level = 3
    path = Path(options.model) / "onnx" / f"{options.variant}.onnx"
    session = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
    inputs = {i.name for i in session.get_inputs()}
    return lambda feed: session.run(None, feed)[0], inputs, {"onnxruntime": onnxruntime.__version__}


def openvino_model(options, shape):
    """The plain graph, with the shape of the case or a dynamic one, and without its mask where that is all ones.

    Left alone, OpenVINO computes in bfloat16 where the processor can, and uses one logical processor of each core.
    """
    import numpy
    import openvino
    from openvino import opset13

    import machine
    core = openvino.Core()
    model = core.read_model(Path(options.model) / "onnx" / "plain.onnx")
    form = options.variant.split("-")
    if "static" in form:
        model.reshape({place.any_name: list(shape) for place in model.inputs})
    if "unmasked" in form:
        mask = next(p for p in model.get_parameters() if p.friendly_name == "attention_mask")
        mask.output(0).replace(opset13.constant(numpy.ones(shape, dtype=numpy.int64)).output(0))
        model.remove_parameter(mask)
    compiled = core.compile_model(model, "CPU", {
        "INFERENCE_PRECISION_HINT": PRECISIONS["openvino"][options.precision], "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": options.threads, "NUM_STREAMS": 1, "ENABLE_CPU_PINNING": "pinned" in form,
        "ENABLE_HYPER_THREADING": options.threads > machine.cores()})
    used = {name: str(compiled.get_property(name)) for name in
            ("INFERENCE_PRECISION_HINT", "INFERENCE_NUM_THREADS", "NUM_STREAMS", "ENABLE_CPU_PINNING")}
    request = compiled.create_infer_request()
    inputs = {place.any_name for place in model.inputs}
    return lambda feed: request.infer(feed)[0], inputs, {"openvino": openvino.__version__, "openvino_settings": used}


def graph(options, shape=None):
    return onnx_session(options) if options.runtime == "onnxruntime" else openvino_model(options, shape)
