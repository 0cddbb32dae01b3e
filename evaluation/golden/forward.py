"""The forward pass of one checkpoint in float64, read by hooks: residual stream, attention weights and every head."""
import torch


class Core:
    """What the families share for the readings: the module with the blocks, the embeddings and the final readout."""

    def __init__(self, model, raw):
        self.model, self.raw = model, raw
        self.kind = raw["model_type"]
        self.gpt2, self.distilbert = self.kind == "gpt2", self.kind == "distilbert"
        self.core = model.base_model
        self.blocks = (self.core.h if self.gpt2 else self.core.transformer.layer if self.distilbert
                       else self.core.encoder.layer)
        embedding = self.core.wte if self.gpt2 else self.core.embeddings.word_embeddings
        self.wE = embedding.weight.detach()
        self.wU = self.unembedding(embedding).detach()
        self.heads = raw["n_head" if self.gpt2 else "n_heads" if self.distilbert else "num_attention_heads"]

    def unembedding(self, embedding):
        """The matrix that scores the vocabulary: the input embedding, unless the head has one of its own."""
        if hasattr(self.model, "cls"):
            return self.model.cls.predictions.decoder.weight
        if hasattr(self.model, "vocab_projector"):
            return self.model.vocab_projector.weight
        if hasattr(self.model, "lm_head"):
            return self.model.lm_head.weight if self.gpt2 else self.model.lm_head.decoder.weight
        return embedding.weight

    @property
    def has_vocabulary_head(self):
        """The checkpoint holds the masked-LM head. GPT-2: the head is the tied embedding, or an own lm_head."""
        if self.gpt2:
            return hasattr(self.model, "lm_head") or self.raw.get("tie_word_embeddings", True)
        return any(hasattr(self.model, head) for head in ("cls", "vocab_projector", "lm_head"))

    def readout(self, hidden):
        """Vocabulary logits of a residual stream [.., d], through all that stands between it and the vocabulary."""
        if self.gpt2:
            return self.core.ln_f(hidden) @ self.wU.T
        if self.distilbert:
            transformed = self.model.activation(self.model.vocab_transform(hidden))
            return self.model.vocab_projector(self.model.vocab_layer_norm(transformed))
        return self.model.cls(hidden) if self.kind == "bert" else self.model.lm_head(hidden)


def run(core, ids, token_types=None):
    """ids [T] to hidden [L+1, T, d], attention [L, H, T, T], logits [T, V] and classifier_logits [C] where present."""
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
        if any(hasattr(core.model, head) for head in ("cls", "vocab_projector", "lm_head")):
            torch.testing.assert_close(result["logits"], out.logits[0], rtol=0, atol=1e-11)
        elif core.raw.get("graft", {}).get("pooling") == "mean":
            if core.raw["graft"]["final_norm"]:
                raise ValueError("pooling mean is defined without the final norm only")
            result["classifier_logits"] = core.model.classifier(result["hidden"][-1]).mean(0)
        elif hasattr(core.model, "classifier") or hasattr(core.model, "score"):
            result["classifier_logits"] = out.logits[0]
    return {name: tensor.detach() for name, tensor in result.items()}
