import Files

extension Oracle {
  /// GPT-2's forward pass.
  func gpt2(_ ids: [Int]) throws -> Trace {
    var trace = Trace()
    let epsilon = config["layer_norm_epsilon"].isPresent ? try config["layer_norm_epsilon"].double() : 1e-5
    let act = activation(
      config["activation_function"].isPresent ? try config["activation_function"].string() : "gelu_new")
    let heads = try config["n_head"].int()
    let (words, positions) = (try matrix("wte.weight"), try matrix("wpe.weight"))
    var h: Rows = ids.indices.map { t in zip(words[ids[t]], positions[t]).map { $0 + $1 } }
    trace.hidden.append(h.flatMap { $0 })
    for layer in 0..<(try config["n_layer"].int()) {
      let name = "h.\(layer)"
      func keep(_ site: String, _ rows: Rows) -> Rows { changed(rows, site, layer, &trace) }
      h = keep("residPre", h)
      let x = keep("attentionInput", try norm(h, name + ".ln_1", epsilon: epsilon))
      let qkv = try convolution(x, name + ".attn.c_attn")
      let d = h[0].count
      var scale = config["scale_attn_weights"].value == .bool(false) ? 1 : 1 / Double(d / heads).squareRoot()
      if config["scale_attn_by_inverse_layer_idx"].value == .bool(true) { scale /= Double(layer + 1) }
      let z = attend(
        qkv.map { Array($0[0..<d]) }, qkv.map { Array($0[d..<2 * d]) }, qkv.map { Array($0[2 * d..<3 * d]) },
        heads: heads, scale: scale, causal: true, layer: layer, &trace)
      let attnOut = keep("attnOut", try convolution(z, name + ".attn.c_proj"))
      h = keep("residMid", adding(attnOut, h))
      let y = keep("mlpInput", try norm(h, name + ".ln_2", epsilon: epsilon))
      let inner = keep("mlpPreActivation", try convolution(y, name + ".mlp.c_fc"))
      let hidden = keep("mlpHidden", inner.map { $0.map(act) })
      let mlpOut = keep("mlpOut", try convolution(hidden, name + ".mlp.c_proj"))
      h = keep("residPost", adding(mlpOut, h))
      trace.hidden.append(h.flatMap { $0 })
    }
    let final = try norm(h, "ln_f", epsilon: epsilon)
    let tied = config["tie_word_embeddings"].value != .bool(false)
    if tied || has("lm_head.weight") {
      let output = tied ? words : try matrix("lm_head.weight", bare: true)
      trace.logits = product(final, transposed(output)).flatMap { $0 }
    }
    if has("score.weight") {
      let padding = config["pad_token_id"].isPresent ? try config["pad_token_id"].int() : nil
      let last = ids.lastIndex { $0 != padding } ?? 0
      trace.classifierLogits = product([final[last]], transposed(try matrix("score.weight", bare: true)))[0]
    } else if has("classifier.weight") {
      let source = config["graft"]["final_norm"].value == .bool(false) ? h : final
      let scores = try linear(source, "classifier", bare: true)
      trace.classifierLogits = scores[0].indices.map { c in scores.reduce(0) { $0 + $1[c] } / Double(scores.count) }
    }
    return trace
  }
}
