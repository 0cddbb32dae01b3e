"""What is computed from the weights of two models with one vocabulary: maps between them and how their layers align."""
import torch

from readings import Weights

# Rows compared: feed-forward keys and values, columns of wQ, wK, wV, rows of wO; no biases (Dar et al. 2023).
GROUPS = {"K": lambda w: w.keys, "V": lambda w: w.values, "W_K": lambda w: w.wK.T, "W_Q": lambda w: w.wQ.T,
          "W_V": lambda w: w.wV.T, "W_O": lambda w: w.wO}


def maps(a, b):
    """stitch_map wE_A^T (wE_B)^+T and transpose_map wE_A^T wE_B, [d_A, d_B]: h_B = h_A S."""
    return {"stitch_map": a.wE.T @ torch.linalg.pinv(b.wE).T, "transpose_map": a.wE.T @ b.wE}


def standardised(rows):
    centred = rows - rows.mean(1, keepdim=True)
    return centred / centred.norm(dim=1, keepdim=True)


def alignment(a, b, group, embedded):
    """[L_A, L_B]: mean absolute Pearson correlation of all row pairs, over vocabulary scores or over features."""
    def rows(core, layer):
        own = GROUPS[group](Weights(core, layer))
        return standardised(own @ core.wE.T if embedded else own)

    of_b = [rows(b, l) for l in range(len(b.blocks))]
    return torch.stack([torch.stack([(x @ y.T).abs().mean() for y in of_b])
                        for x in (rows(a, l) for l in range(len(a.blocks)))])


def compare(a, b):
    result = maps(a, b)
    for group in GROUPS:
        result[f"alignment_{group}"] = alignment(a, b, group, embedded=True)
        if a.wE.shape[1] == b.wE.shape[1]:
            result[f"raw_alignment_{group}"] = alignment(a, b, group, embedded=False)
    return result
