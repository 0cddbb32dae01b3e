import Files
import Foundation
import TestSupport
import Testing

@Suite struct InspectTests {
  @Test func tellsSizesHeadsAndTokenizer() throws {
    let bert = try GraftProcess.run("inspect", "imdb-bert-1", "--json", "--tensors").json()
    #expect(try bert["model_type"].string() == "bert")
    #expect(try bert["norm_placement"].string() == "post")
    #expect(try bert["activation"].string() == "geluErf")
    let part = try bert["parts"].item(0)
    #expect(
      try ["blocks", "hidden", "heads", "feed_forward", "vocabulary"].map { try part[$0].int() } == [
        4, 128, 4, 512, 8192,
      ])
    #expect(try bert["positions"].int() == 512)
    #expect(try bert["language_head"]["tied"].bool())
    #expect(!bert["classifier"].isPresent)
    #expect(try bert["tokenizer"]["special_tokens"]["mask"].int() == 4)
    #expect(try bert["model_sha256"].string() == Digest.ofFile(Repository.model("imdb-bert-1/model.safetensors")))
    let tensors = try bert["tensors"].array()
    let stored = try tensors.reduce(0) { sum, tensor in try sum + tensor["shape"].ints().reduce(1, *) }
    #expect(try bert["parameters"].int() == stored)
    #expect(try bert["memory"]["mapped"].int() == 4 * stored)

    let gpt2 = try GraftProcess.run("inspect", "imdb-gpt2-narrow-sentiment", "--json").json()
    #expect(try gpt2["norm_placement"].string() == "pre")
    #expect(try gpt2["activation"].string() == "geluTanh")
    #expect(try gpt2["classifier"]["labels"].strings() == ["negative", "positive"])
    #expect(try gpt2["classifier"]["pooling"].string() == "mean of tokens, without the final norm")
    #expect(try gpt2["tokenizer"]["kind"].string() == "byte-level BPE")
    #expect(!gpt2["tensors"].isPresent)
  }

  @Test func doesWithoutATokenizer() throws {
    let run = try GraftProcess.run("inspect", Repository.fixture("tiny/gpt2"))
    #expect(run.status == 0)
    #expect(run.output.contains("no files of one"))
  }

  @Test func countsConvertedWeightsTwice() throws {
    let result = try GraftProcess.run("inspect", Repository.fixture("variants/bert-float16"), "--json").json()
    #expect(try result["memory"]["mapped"].int() == 6 * result["parameters"].int())
  }

  @Test func findsModelsByNameFromAnywhere() throws {
    let folder = try TemporaryFolder()
    let elsewhere = try GraftProcess.run(["inspect", "imdb-bert-2", "--json"], directory: folder.path)
    #expect(elsewhere.status == 0)
    let tiny = Repository.fixture("tiny")
    let variants = Repository.fixture("variants")
    let environment = ["GRAFT_MODELS": "\(tiny):\(variants)"]
    for name in ["gpt2-wide", "bert-sharded"] {
      #expect(
        try GraftProcess.run(["inspect", name, "--json"], environment: environment).json()["model"].string() == name)
    }
    let hidden = try GraftProcess.run(["inspect", "imdb-bert-2"], environment: environment)
    #expect(hidden.status == 1)
    #expect(hidden.error.contains("known names: bert, bert-base-only"))
  }

  @Test func takesADirectoryHoweverItIsSpelt() throws {
    let sharded = Repository.fixture("variants/bert-sharded")
    let plain = try GraftProcess.run("inspect", sharded, "--json")
    #expect(try plain.json()["model"].string() == "bert-sharded")
    #expect(try GraftProcess.run("inspect", sharded + "//", "--json").output == plain.output)
    let here = try GraftProcess.run(["inspect", ".", "--json"], directory: sharded)
    #expect(here.output == plain.output)
  }
}
