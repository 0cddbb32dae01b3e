import ArgumentParser
import Checkpoints
import Files
import Foundation
import Reporting
import Transformer

struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a model's weights as safetensors, from a PyTorch .bin or a TensorFlow checkpoint.",
    discussion: """
      The folder gets model.safetensors with every tensor's type and bits, config.json and copies of the tokenizer's files: \
      a directory that transformers opens to the same logits. No pickle is run and no Python is needed; docs/checkpoints.md \
      lists what is read and what is refused.

      EXAMPLES:
        graft convert imdb-bert-1 -o copy
        graft convert gpt2 -o gpt2-safetensors --json
      """)

  @OptionGroup var model: CheckpointArgument

  @Option(name: .shortAndLong, help: .folder("The folder to write into; created if it does not exist."))
  var output: FolderOutput

  @OptionGroup var progress: ProgressOptions
  @OptionGroup var display: OutputOptions

  func run() throws {
    let opened = try model.open()
    let checkpoint = opened.checkpoint
    func place(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }
    guard place(output.path) != place(checkpoint.directory) else {
      throw CommandError.replacesInput(path: output.path, option: "-o", input: "MODEL")
    }
    let digest = BackgroundDigest(of: opened)
    try Progress.during("convert \(opened.name)") { try checkpoint.convert(to: output.path) }
    let written = try Checkpoint(directory: output.path)
    let object = try ResultStamp(command: "convert", model: opened, digest: digest, options: [:]).object([
      "output": output.path, "parameters": written.totalParameterCount, "tensors": written.entries.count,
    ])
    try display.print(object) { style in
      style.painted("written: ", .faint)
        + "\(output)/model.safetensors, \(written.entries.count.counted("tensor")), "
        + "\(written.totalParameterCount.grouped) parameters\n"
    }
  }
}
