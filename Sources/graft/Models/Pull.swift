import ArgumentParser
import Files
import Hub
import Reporting

struct Pull: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Download models from the Hugging Face Hub, or bring them up to date.",
    discussion: """
      Every command takes a model's name on the hub, downloads what the cache lacks, and does not ask again; pull asks where \
      the branch is now. The cache is the one that Python's programs use (HF_HOME, HF_HUB_CACHE). Only the files that graft \
      reads are downloaded; an interrupted download is resumed. A private or gated model needs HF_TOKEN.

      EXAMPLES:
        graft pull gpt2
        graft pull google-bert/bert-base-uncased distilgpt2@main
      """)

  @Argument(help: "Names on the hub: name or owner/name, with @revision where a branch, tag or commit is wanted.")
  var ids: [String]

  @OptionGroup var progress: ProgressOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let pulled = try ids.map { id in
      let name = try HubName(id)
      return PulledModel(
        snapshot: try ModelNames.download("pull \(id)") { try Hub.pull(name, progress: $0) },
        repository: HubCache().repository(name))
    }
    try output.print(JSONMembers.header("pull") + ["models": pulled]) { style in
      pulled.map { "\($0.snapshot.id) \($0.snapshot.commit) " + style.painted($0.snapshot.folder, .faint) + "\n" }
        .joined()
    }
  }
}

/// A model as the hub has it now.
private struct PulledModel: Encodable {
  let snapshot: HubSnapshot
  let repository: CachedRepository

  func encode(to encoder: any Encoder) throws {
    let size = repository.revisions.first { $0.commit == snapshot.commit }?.size
    try encoder.encode([
      "id": snapshot.id, "revision": snapshot.revision, "commit": snapshot.commit, "folder": snapshot.folder,
      "size": size,
    ])
  }
}
