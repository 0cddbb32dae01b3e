import ArgumentParser
import DenseMath
import Explorer
import Foundation
import Interpretability
import Synchronization

struct Explore: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Explore models in a browser: lens, attribution, changes, heads and neurons of a typed text.",
    discussion: """
      Prints an address and answers it until Ctrl-C. A browser that opens the address shows the lens of any text; a click on a \
      cell says which heads and blocks made it, a click on one of those takes it away or puts in what another text makes, and \
      the map is drawn again with the difference. The map can be saved as SVG, PDF, PNG or JSON, and copied as the command \
      that prints it.

      Only this machine can reach it, and only a browser that came by the printed address, whose token is new each time. \
      Nothing is sent elsewhere or written.

      EXAMPLES:
        graft explore imdb-gpt2-wide
        graft explore imdb-bert-1 imdb-bert-2 --port 8080
        graft atlas build imdb-gpt2-wide
        graft explore imdb-gpt2-wide --atlas atlas.sqlite
      """)

  @Argument(
    help: "Models that can be chosen: directories, also of stitched models, or names.",
    completion: ModelNames.completion)
  var model: [String]

  @OptionGroup var hub: HubOptions

  @Option(help: ArgumentHelp("The port to listen at; 0 takes any that is free.", valueName: "number"))
  var port: UInt16 = 0

  @Option(
    help: ArgumentHelp(
      "The address to listen at. With any but a loopback address, other machines can reach the server, over a connection that is "
        + "not encrypted.", valueName: "address"), transform: Explore.host)
  var host: SocketHost?

  @Option(help: ArgumentHelp("A tuned lens of one of the models; may be repeated.", valueName: "path"))
  var tuned: [String] = []

  @Option(help: ArgumentHelp("An atlas to search in, as graft atlas build makes it.", valueName: "path"))
  var atlas: String?

  @Option(name: [.short, .long], help: "Threads to compute on (default: one a processor core).")
  var threads: Int?

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads must be from 1 to 1024, not \(threads).")
    }
  }

  func run() throws {
    let lenses = try tuned.map { (lens: try TunedLens(path: $0), path: $0) }
    let models = try model.map { name in
      try ExploredModel(
        ModelArgument.open(name), argument: name, tuned: lenses, threads: threads.map { Threads($0) } ?? .available)
    }
    try ExploredModel.check(lenses.map(\.path), against: models)
    let opened = try atlas.map { try ExploredAtlas($0) }
    guard let host = host ?? SocketHost("127.0.0.1") else { return }
    if !host.isLoopback {
      Console.note("\(host.text) can be reached from other machines, over a connection that is not encrypted")
    }
    let refusals = Mutex(0)
    let server = try ExplorerServer(
      models, atlas: opened, host: host, port: port, version: Version.current
    ) { line in
      // A page that tries again and again must not fill a terminal.
      let count = refusals.withLock { count in
        count += 1
        return count
      }
      if count <= Self.mostNotes { Console.note(line) }
      if count == Self.mostNotes { Console.note("more of this kind is not shown") }
    }
    Interruption.isExpected()
    try Console.write(server.address + "\n")
    let outcome = Mutex<(any Error)?>(nil)
    let ended = DispatchSemaphore(value: 0)
    let answering = server.start()
    Task {
      do {
        try await answering.value
      } catch {
        outcome.withLock { $0 = error }
      }
      ended.signal()
    }
    ended.wait()
    if let error = outcome.withLock({ $0 }) { throw error }
  }

  private static let mostNotes = 50

  private static func host(_ text: String) throws -> SocketHost {
    guard let host = SocketHost(text) else {
      throw ValidationError("--host must be one address of this machine as a number, such as 127.0.0.1, not \(text).")
    }
    return host
  }
}
