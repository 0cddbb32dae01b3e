"""What is read off one forward pass or off the weights: lens, effective attention, attribution, projections.

Plain formulas on whole float64 arrays, for models and inputs small enough that nothing needs to be blocked.
"""
import torch

TOP_TOKENS, TOP_PAIRS, LENS_TOP = 20, 20, 5
RANK_TOLERANCE = 1e-10


class Weights:
    """One block's matrices under the project's names: wQ wK wV [d, d], wO [d, d], keys and values [dFF, d], bV [d]."""

    def __init__(self, core, layer):
        block = core.blocks[layer]
        if core.distilbert:
            own = block.attention
            self.wQ, self.wK, self.wV = (m.weight.detach().T for m in (own.q_lin, own.k_lin, own.v_lin))
            self.bV = own.v_lin.bias.detach()
            self.wO = own.out_lin.weight.detach().T
            self.keys = block.ffn.lin1.weight.detach()
            self.values = block.ffn.lin2.weight.detach().T
        elif not core.gpt2:
            own = block.attention.self
            self.wQ, self.wK, self.wV = (m.weight.detach().T for m in (own.query, own.key, own.value))
            self.bV = own.value.bias.detach()
            self.wO = block.attention.output.dense.weight.detach().T
            self.keys = block.intermediate.dense.weight.detach()
            self.values = block.output.dense.weight.detach().T
        else:
            self.wQ, self.wK, self.wV = block.attn.c_attn.weight.detach().chunk(3, dim=1)
            self.bV = block.attn.c_attn.bias.detach().chunk(3)[2]
            self.wO = block.attn.c_proj.weight.detach()
            self.keys = block.mlp.c_fc.weight.detach().T
            self.values = block.mlp.c_proj.weight.detach()

    def head(self, index, heads):
        """wQ, wK, wV [d, dHead], bV [dHead] and wO [dHead, d] of one head."""
        size = self.wQ.shape[1] // heads
        part = slice(index * size, (index + 1) * size)
        return self.wQ[:, part], self.wK[:, part], self.wV[:, part], self.bV[part], self.wO[part]


def lens(core, hidden):
    """Every hidden state through everything between it and the vocabulary; entropy and KL(final, layer) in nats."""
    with torch.no_grad():
        logprob = core.readout(hidden).log_softmax(-1)
    top = logprob.topk(LENS_TOP, dim=-1)
    p, final = logprob.exp(), logprob[-1]
    return {"lens_top_id": top.indices, "lens_top_logprob": top.values, "lens_entropy": -(p * logprob).sum(-1),
            "lens_kl_to_final": (final.exp() * (final - logprob)).sum(-1)}


def column_space(T):
    """An orthonormal basis of the columns of T, its left singular vectors above the tolerance."""
    U, S, _ = torch.linalg.svd(T, full_matrices=False)
    return U[:, S > RANK_TOLERANCE * S[0]]


def effective_attention(core, hidden, attention):
    """A projected onto the column space of T_h = (X wV + bV) wO (Brunner et al. 2020); a causal row within its past."""
    layers, heads, length, _ = attention.shape
    effective = torch.zeros_like(attention)
    rank = torch.zeros(layers, heads, dtype=torch.int64)
    for l in range(layers):
        weights = Weights(core, l)
        with torch.no_grad():
            X = core.blocks[l].ln_1(hidden[l]) if core.gpt2 else hidden[l]
        for h in range(heads):
            _, _, wV, bV, wO = weights.head(h, heads)
            T = (X @ wV + bV) @ wO
            U = column_space(T)
            rank[l, h] = U.shape[1]
            if not core.gpt2:
                effective[l, h] = attention[l, h] @ U @ U.T
                continue
            for i in range(length):
                U = column_space(T[:i + 1])
                effective[l, h, i, :i + 1] = attention[l, h, i, :i + 1] @ U @ U.T
    return {"effective_attention": effective, "value_rank": rank}


def attribution(core, hidden):
    """[l-1, j, i]: Frobenius norm of the Jacobian of h_j^l by h_i^0, normalised over i (Brunner et al. 2020)."""
    length, d = hidden.shape[1:]
    mask = None
    if core.gpt2:
        mask = torch.full((length, length), torch.finfo(hidden.dtype).min, dtype=hidden.dtype).triu(1)[None, None]
    total, result = torch.eye(length * d, dtype=hidden.dtype), []
    for l, block in enumerate(core.blocks):
        def run(x, block=block):
            out = block(x[None], attention_mask=mask)
            return (out[0] if isinstance(out, tuple) else out)[0]

        jacobian = torch.func.jacrev(run, chunk_size=256)(hidden[l]).detach().reshape(length * d, length * d)
        total = jacobian @ total
        norms = total.reshape(length, d, length, d).pow(2).sum((1, 3)).sqrt()
        result.append(norms / norms.sum(1, keepdim=True))
    return {"attribution": torch.stack(result)}


def top_pairs(core):
    """The highest scores of wE W_VO wE^T and wE W_QK wE^T for three heads: [row id, column id, score]."""
    layers, found = len(core.blocks), []
    for l, h in ((0, 0), (layers - 1, core.heads - 1), (layers // 2, 1)):
        wQ, wK, wV, _, wO = Weights(core, l).head(h, core.heads)
        for matrix, left, right in (("vo", wV, wO.T), ("qk", wQ, wK)):
            scores = (core.wU @ left) @ (core.wU @ right).T
            top = scores.flatten().topk(TOP_PAIRS)
            width = scores.shape[1]
            pairs = [[i // width, i % width, s] for i, s in zip(top.indices.tolist(), top.values.tolist())]
            found.append({"layer": l, "head": h, "matrix": matrix, "pairs": pairs})
    return found


def top_tokens(core):
    """The highest scores of wE k and wE v for four feed-forward neurons: [id, score]."""
    found = []
    for l in (0, len(core.blocks) - 1):
        weights = Weights(core, l)
        for index in (0, 7):
            entry = {"layer": l, "index": index}
            for name, vectors in (("key", weights.keys), ("value", weights.values)):
                top = (core.wU @ vectors[index]).topk(TOP_TOKENS)
                entry[name] = [[i, s] for i, s in zip(top.indices.tolist(), top.values.tolist())]
            found.append(entry)
    return found
