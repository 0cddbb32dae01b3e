import Explorer
import Files
import Foundation
import Reporting
import TestSupport
import Testing
import Transformer

/// The files that the page saves are those of the library's calls.
@Suite(.ownThread) struct ExportTests {
  private static let text = "This movie was a complete waste of"

  /// The picture of the lens without anything else.
  private func svg() throws -> String {
    let reading = try LensReading.ofLibrary("imdb-gpt2-narrow", Self.text)
    return LensFigure([reading], show: nil).picture.svg()
  }

  private func request(_ format: String, text: String = ExportTests.text) -> JSON {
    ["model": "imdb-gpt2-narrow", "text": .string(text), "format": .string(format)]
  }

  @Test(arguments: [
    ("svg", "image/svg+xml", "<?xml"), ("pdf", "application/pdf", "%PDF-"), ("png", "image/png", "\u{89}PNG"),
  ]) func aPictureIsThatOfTheLibrary(_ format: String, _ media: String, _ start: String) async throws {
    let server = try RunningExplorer("imdb-gpt2-narrow")
    let reply = try await server.client.answer("/api/export", request(format))
    #expect(reply.status == 200 && reply.fields("Content-Type") == [media])
    #expect(
      reply.fields("Content-Disposition") == ["attachment; filename=\"lens-imdb-gpt2-narrow.\(format)\""])
    #expect(reply.fields("Content-Length") == ["\(reply.bodyBytes.count)"])
    #expect(reply.fields("X-Content-Type-Options") == ["nosniff"] && reply.fields("Cache-Control") == ["no-store"])
    #expect(reply.bodyBytes.starts(with: start.unicodeScalars.map { UInt8($0.value) }))
    #expect(try reply.bodyBytes == FigureFile.bytes(svg(), for: "a.\(format)").bytes)
  }

  /// 300 pixels per inch, 96 units per inch.
  @Test func aPNGHasTheSizeOfItsPicture() async throws {
    let server = try RunningExplorer("imdb-gpt2-narrow")
    let png = try await server.client.answer("/api/export", request("png")).bodyBytes
    #expect(png.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
    func number(_ place: Int) -> Int { png[place..<place + 4].reduce(0) { $0 << 8 | Int($1) } }
    try #require(png.count > 24 && number(12) == 0x4948_4452)
    let root = try XMLTree.parse(svg()).attributes
    let size = try ["width", "height"].map { try #require(root[$0].flatMap(Double.init)) * 300 / 96 }
    #expect([number(16), number(20)] == size.map { Int($0.rounded()) })
  }

  @Test func theJSONHasTheNumbersOfTheMap() async throws {
    let server = try RunningExplorer("imdb-gpt2-narrow")
    let changed: JSON = [
      "model": "imdb-gpt2-narrow", "text": .string(Self.text), "format": "json", "changes": ["L1H0=zero"],
    ]
    let reply = try await server.client.answer("/api/export", changed)
    #expect(reply.status == 200 && reply.fields("Content-Type") == ["application/json"])
    #expect(reply.fields("Content-Disposition") == ["attachment; filename=\"lens-imdb-gpt2-narrow.json\""])
    let file = JSONNode(try JSON.parse(reply.body, path: "file"), path: "file")
    let map = try await server.client.object("/api/lens", changed)
    #expect(try file["command"].string() == map["command"].string())
    let results = try file["results"].array()
    #expect(results.count == 2)
    #expect(try results.map(\.value) == map["maps"].array().map { $0["reading"].value })
  }

  /// A header field must hold no quote, line or letter that ends it.
  @Test func aFileNameIsSafe() async throws {
    let folder = try TemporaryFolder()
    let name = "a \"b\"; é\r\nX: y"
    try FileManager.default.createSymbolicLink(
      atPath: folder.path(name), withDestinationPath: RunningExplorer.models + "imdb-gpt2-narrow")
    let model = try ExploredModel(Model(directory: folder.path(name)), argument: name)
    let server = try RunningExplorer([model])
    let reply = try await server.client.answer(
      "/api/export", ["model": .string(model.name), "text": "a film", "format": "json"])
    #expect(reply.status == 200, "\(reply.text)")
    #expect(reply.fields("Content-Disposition") == ["attachment; filename=\"lens-a--b-----X--y.json\""])
    #expect(reply.fields("X").isEmpty)
  }

  /// What is too large to be drawn is said, and costs the server nothing.
  @Test func aPNGOfALongTextIsRefused() async throws {
    let server = try RunningExplorer("imdb-gpt2-narrow")
    let long = String(repeating: "a great film . ", count: 100)
    let reply = try await server.client.answer("/api/export", request("png", text: long))
    #expect(
      reply.status == 400 && reply.body.contains("a PNG has at most 32767 on a side"), "\(reply.body.prefix(300))")
    let pdf = try await server.client.answer("/api/export", request("pdf", text: long))
    #expect(pdf.status == 200 && pdf.bodyBytes.starts(with: Array("%PDF-".utf8)))
  }

  /// Drawn at the same time, each picture is what it is alone.
  @Test func picturesOfSeveralClients() async throws {
    let server = try RunningExplorer("imdb-gpt2-narrow", "imdb-bert-1")
    let client = server.client
    let requests: [JSON] = ["pdf", "png"].flatMap { format in
      ["a film", "one of the best"].map { request(format, text: $0) }
    }
    var alone: [[UInt8]] = []
    for request in requests { alone.append(try await client.answer("/api/export", request).bodyBytes) }
    let expected = alone
    #expect(Set(expected).count == 4)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<8 {
        let request = requests[index % 4]
        group.addTask {
          let reply = try await client.answer("/api/export", request)
          #expect(reply.status == 200 && reply.bodyBytes == expected[index % 4])
        }
      }
      try await group.waitForAll()
    }
  }
}
