import ArgumentParser
import Files
import Reporting

struct AtlasExport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write an atlas as pages to browse, without a server.",
    discussion: """
      Writes index.html, where words are looked up, and one page per block: L0.html, L1.html... They open from a folder and \
      load nothing from elsewhere. Existing pages are replaced.

      EXAMPLES:
        graft atlas build imdb-gpt2-wide
        graft atlas export --html pages
      """)

  @Option(help: .folder("The folder to write into; created if it does not exist."))
  var html: FolderOutput
  @OptionGroup var atlas: AtlasArgument
  @OptionGroup var progress: ProgressOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let atlas = try atlas.open()
    let files = try AtlasPages(atlas, command: CommandText.repeating(atlas.stamp)).write(
      to: html.path, progress: .command)
    try output.print(
      JSONMembers.header("atlas export") + atlas.progressMembers + ["files": files, "folder": html.path]
    ) { style in
      style.painted("written: ", .faint) + "\(html)/index.html and \(atlas.layers.counted("page")) of blocks\n"
        + atlas.partialNote(style)
    }
  }
}
