"""The cases of peer.py that need derivatives: a step of fine-tuning, and attribution by the Jacobian."""
import json
from pathlib import Path

TOKENS = 64


def ids_of(rows, length, vocabulary):
    return [[((r * length + t) * 7919 + 104729) % vocabulary for t in range(length)] for r in range(rows)]


def train_step(options):
    """16 texts of 128 tokens through a classifier whose embeddings and lower blocks are frozen, back through the last 3
    blocks, pooler and classifier, clipping and AdamW. Labels are 0 and 1 in turn; no dropout."""
    import torch
    import transformers
    torch.set_num_threads(options.threads)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    attention, _, compiled = options.variant.partition("-")
    model = transformers.BertForSequenceClassification.from_pretrained(
        options.model, dtype=torch.float32, attn_implementation=attention).eval()
    for p in model.parameters():
        p.requires_grad = False
    weights = [p for part in [*model.bert.encoder.layer[-3:], model.bert.pooler, model.classifier]
               for p in part.parameters()]
    for p in weights:
        p.requires_grad = True
    optimizer = torch.optim.AdamW(weights, lr=1e-5, weight_decay=0.01, fused=compiled == "fused")
    ids = torch.tensor(ids_of(16, 128, model.config.vocab_size))
    labels = torch.arange(16) % 2
    first = []

    def run():
        loss = torch.nn.functional.cross_entropy(model(input_ids=ids).logits, labels)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        first.append(loss.item())

    return run, run, lambda _: {"first_loss": first[0]}, {"torch": torch.__version__}


def attribution(options):
    """Jacobian norms of the states of every level of a text of 64 tokens with respect to the embedding output, in part:
    the directions of the first token (jacfwd: all levels at once), or the states of the first token (jacrev: once a
    level). Either is a sixty-fourth of the products with tangents or cotangents that the whole is made of."""
    import torch
    import transformers
    torch.set_num_threads(options.threads)
    config = json.loads((Path(options.model) / "config.json").read_text())
    model = transformers.BertModel.from_pretrained(
        options.model, dtype=torch.float32, attn_implementation="eager", add_pooling_layer=False).eval()
    model.requires_grad_(False)
    ids = torch.tensor(ids_of(1, TOKENS, config["vocab_size"]))
    h = model.embeddings(input_ids=ids)[0]

    def levels(x):
        states = []
        x = x[None]
        for block in model.encoder.layer:
            out = block(x)
            x = out[0] if isinstance(out, tuple) else out
            states.append(x[0])
        return states

    def forward():
        def of(first):
            return torch.stack(levels(torch.cat([first, h[1:]])))
        jacobian = torch.func.jacfwd(of)(h[:1])  # [L, T, d, 1, d]
        return jacobian.pow(2).sum((2, 4)).sqrt()  # [L, T, 1]

    def reverse():
        norms = []
        for level in range(len(model.encoder.layer)):
            jacobian = torch.func.jacrev(lambda x: levels(x)[level][:1], chunk_size=256)(h)  # [1, d, T, d]
            norms.append(jacobian.pow(2).sum((1, 3)).sqrt())  # [1, T]
        return torch.stack(norms)

    run = forward if options.variant == "jacfwd" else reverse

    def result(norms):
        return {"last_level": norms[-1].flatten()[:8].tolist()} if options.variant == "jacfwd" else {}

    return run, run, result, {"torch": torch.__version__, "share": 1 / TOKENS}
