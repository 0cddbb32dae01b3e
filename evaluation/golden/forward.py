"""The forward pass of one checkpoint in float64, read by hooks: the residual stream, attention weights and every head."""
import torch


class Core:
    """What BERT and GPT-2 share for the readings: the module with the blocks, the embeddings and the final readout."""

    def __init__(self, model, raw):
        self.model, self.raw = model, raw
        self.bert = raw["model_type"] == "bert"
        self.core = model.base_model
        self.blocks = self.core.encoder.layer if self.bert else self.core.h
        embedding = self.core.embeddings.word_embeddings if self.bert else self.core.wte
        self.wE = embedding.weight.detach()
        self.wU = self.unembedding(embedding).detach()
        self.heads = raw["num_attention_heads"] if self.bert else raw["n_head"]

    def unembedding(self, embedding):
        """The matrix that scores the vocabulary: the input embedding, unless the head has one of its own."""
        if hasattr(self.model, "cls"):
            return self.model.cls.predictions.decoder.weight
        return self.model.lm_head.weight if hasattr(self.model, "lm_head") else embedding.weight

    @property
    def has_vocabulary_head(self):
        """BERT: the checkpoint holds the masked-LM head. GPT-2: the head is the tied embedding, or an own lm_head."""
        if self.bert:
            return hasattr(self.model, "cls")
        return hasattr(self.model, "lm_head") or self.raw.get("tie_word_embeddings", True)

    def readout(self, hidden):
        """Vocabulary logits of a residual stream [.., d], through everything that stands between it and the vocabulary."""
        if self.bert:
            return self.model.cls(hidden)
        return self.core.ln_f(hidden) @ self.wU.T


def run(core, ids, token_types=None):
    """ids [T] to {hidden [L+1, T, d], attention [L, H, T, T], logits [T, V], classifier_logits [C]}, heads where present."""
    stream = []
    hooks = [core.blocks[0].register_forward_pre_hook(lambda _, inputs: stream.append(inputs[0][0]))]
    for block in core.blocks:
        hooks.append(block.register_forward_hook(
            lambda _, __, out: stream.append((out[0] if isinstance(out, tuple) else out)[0])))
    inputs = {"input_ids": ids[None], "output_attentions": True}
    if token_types is not None:
        inputs["token_type_ids"] = token_types[None]
    with torch.no_grad():
        out = core.model(**inputs)
    for hook in hooks:
        hook.remove()

    result = {"hidden": torch.stack(stream), "attention": torch.stack([a[0] for a in out.attentions])}
    with torch.no_grad():
        if core.has_vocabulary_head:
            result["logits"] = core.readout(result["hidden"][-1])
        if hasattr(core.model, "lm_head") or hasattr(core.model, "cls"):
            torch.testing.assert_close(result["logits"], out.logits[0], rtol=0, atol=1e-11)
        elif core.raw.get("graft", {}).get("pooling") == "mean":
            if core.raw["graft"]["final_norm"]:
                raise ValueError("pooling mean is defined without the final norm only")
            result["classifier_logits"] = core.model.classifier(result["hidden"][-1]).mean(0)
        elif hasattr(core.model, "classifier") or hasattr(core.model, "score"):
            result["classifier_logits"] = out.logits[0]
    return {name: tensor.detach() for name, tensor in result.items()}
