import Dispatch
import Files
import Reporting

/// Explores models in a browser: one page, and the calls behind it, each of which is a call of the library. Nothing here
/// can be used without the token in `address`.
package final class ExplorerServer: Sendable {
  /// Where a browser begins, with the token: to be told to the user alone.
  package let address: String
  private let listener: HTTPListener
  private let service: ExplorerService

  /// Listens, but answers nobody yet.
  /// - Parameters:
  ///   - models: at least one.
  ///   - port: 0 for any that is free.
  ///   - log: gets a line about each request that is refused, and about what goes wrong.
  /// - Throws: `ExplorerError.sameName`, `.cannotListen`.
  package init(
    _ models: [ExploredModel], atlas: ExploredAtlas? = nil, host: SocketHost, port: UInt16, version: String,
    limits: ServerLimits = ServerLimits(), log: @escaping @Sendable (String) -> Void
  ) throws {
    precondition(!models.isEmpty, "an explorer without a model")
    for (index, model) in models.enumerated() where models[..<index].contains(where: { $0.name == model.name }) {
      throw ExplorerError.sameName(model.name)
    }
    let (socket, port) = try host.listen(port: port)
    let rules = AccessRules(host: host, port: port, token: AccessToken())
    address = "http://\(host.authority):\(port)/?token=\(rules.token.text)"
    listener = HTTPListener(socket, limits, log: log)
    service = ExplorerService(models: models, atlas: atlas, version: version, rules: rules, log: log)
  }

  /// Answers until the task is cancelled, on a thread of its own. The task ends with `CancellationError` or `SocketError`.
  package func start() -> Task<Void, any Error> { listener.start(service) }
}

/// Paths and what answers them.
struct ExplorerService: HTTPService {
  let models: [ExploredModel]
  let atlas: ExploredAtlas?
  let version: String
  let rules: AccessRules
  let log: @Sendable (String) -> Void
  /// Where answers are put into words, which takes longer than some computations.
  let writing = DispatchQueue(label: "explorer answers", attributes: .concurrent)
  /// Where pictures are drawn, one after the other.
  let drawing = DispatchQueue(label: "explorer pictures")

  func admit(_ request: HTTPRequest) throws { try rules.check(request) }

  func answer(_ request: HTTPRequest, _ cancellation: Cancellation) async -> HTTPResponse {
    do {
      switch request.method {
      case .get: return try page(request)
      case .post: return try await call(request, cancellation)
      }
    } catch let refusal as HTTPRefusal {
      log("refused: \(refusal.found)")
      return refusal.response
    } catch is CancellationError {
      return failure(.unavailable, "nobody waits for this any more")
    } catch let error as ExplorerError {
      if case .busy = error { return failure(.unavailable, "\(error)") }
      return failure(.badRequest, "\(error)")
    } catch let error as FigureError {
      switch error {
      case .noLibrary, .noFont: return failure(.unavailable, "\(error)")
      case .failed, .tooLarge: return failure(.badRequest, "\(error)")
      }
    } catch {
      return failure(.badRequest, "\(error)")
    }
  }

  private func failure(_ status: HTTPResponse.Status, _ message: String) -> HTTPResponse {
    HTTPResponse(status, .json, (["error": .string(message)] as JSON).serialized())
  }

  private func page(_ request: HTTPRequest) throws -> HTTPResponse {
    if let isRight = rules.enters(request) {
      guard isRight else { throw HTTPRefusal(.forbidden, "a wrong token") }
      return rules.entrance
    }
    switch request.path {
    case "/": return HTTPResponse(.ok, .html, ExplorerPage.html)
    case "/explorer.css": return HTTPResponse(.ok, .style, ExplorerPage.styleSheet)
    case "/explorer.js": return HTTPResponse(.ok, .script, ExplorerPage.script)
    case "/icon.svg": return HTTPResponse(.ok, .svg, ExplorerPage.icon)
    default: throw HTTPRefusal(.notFound, "a path that is none of its own")
    }
  }

  private func call(_ request: HTTPRequest, _ cancellation: Cancellation) async throws -> HTTPResponse {
    let call = ExplorerCall(rawValue: request.path)
    guard call != nil || request.path == LensExport.path else {
      throw HTTPRefusal(.notFound, "a path that is none of its own")
    }
    let text = String(decoding: request.body, as: UTF8.self)
    let node = JSONNode(try JSON.parse(text, path: "the request"), path: "the request")
    guard let call else { return try await export(node, cancellation) }
    let answer = try await answer(call, node, cancellation)
    return try await writing.value { HTTPResponse(.ok, .json, answer.serialized()) }
  }
}
