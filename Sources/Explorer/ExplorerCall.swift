import Evaluation
import Files
import Interpretability
import Reporting
import Transformer

/// The calls of the page.
enum ExplorerCall: String {
  case models = "/api/models"
  case lens = "/api/lens"
  case attribution = "/api/attribution"
  case attention = "/api/attention"
  case head = "/api/head"
  case pairs = "/api/pairs"
  case neuron = "/api/neuron"
  case neurons = "/api/neurons"
  case decision = "/api/decision"
  case search = "/api/search"
}

extension ExplorerService {
  /// - Throws: `FileError` for a body that is not as expected, `ExplorerError`, what the library throws.
  func answer(_ call: ExplorerCall, _ node: JSONNode, _ cancellation: Cancellation) async throws -> JSON {
    switch call {
    case .models:
      return try JSON(
        encoding: [
          "atlas": atlas != nil, "models": models.map(\.description),
          "statistics": LensStatistic.allCases.map(\.rawValue),
          "version": version,
        ] as JSONMembers)
    case .search:
      guard let atlas else { throw ExplorerError.lacks(model: "this explorer", what: "atlas") }
      return try atlas.search(PromptRequest.text(node["words"]))
    case .lens:
      let picture = try await picture(node, cancellation)
      let (request, model) = try (PromptRequest(node), model(node["model"]))
      let command = try command(node)
      return try await writing.value {
        let found = try JSON(
          encoding: picture.members + ["command": command, "spans": model.spans(of: request.text)] as JSONMembers)
        // Of one place all tokens are listed, of a whole text those in the cells.
        return request.positions == nil ? found : found.naming(model.tokenizer)
      }
    default:
      return try await inspect(call, node, cancellation).naming(model(node["model"]).tokenizer)
    }
  }

  /// The map as a file.
  /// - Throws: as `answer`; `FigureError`.
  func export(_ node: JSONNode, _ cancellation: Cancellation) async throws -> HTTPResponse {
    let format = try LensExport.Format(node["format"])
    let export = LensExport(
      format, try await picture(node, cancellation), command: try command(node),
      model: try model(node["model"]).name)
    return try await (format == .json ? writing : drawing).value {
      try cancellation.check()
      return try export.response()
    }
  }

  /// The command that prints what is shown of a text.
  private func command(_ node: JSONNode) throws -> String {
    CommandLineText.lens(
      try PromptRequest(node), try model(node["model"]), beside: try PromptRequest.optional(node["beside"]["text"]))
  }

  /// The readings side by side: those of a text, and of a second text or model.
  private func picture(_ node: JSONNode, _ cancellation: Cancellation) async throws -> LensPicture {
    let request = try PromptRequest(node)
    let beside = node["beside"]
    var answers = [LensAnswer(request: request, model: try model(node["model"]))]
    if beside.isPresent {
      answers.append(
        LensAnswer(
          request: try PromptRequest(request, text: PromptRequest.optional(beside["text"])),
          model: try model(beside["model"].isPresent ? beside["model"] : node["model"])))
    }
    let isAlone = answers.count == 1
    var readings: [LensReading] = []
    for answer in answers {
      readings += try await answer.model.worker.run(cancellation) { workspace, progress in
        isAlone ? try answer.readings(workspace, progress) : [try answer.reading(workspace, progress)]
      }
    }
    return LensPicture(
      readings: readings, show: request.show, isChanged: isAlone && !request.changes.isEmpty)
  }

  private func inspect(_ call: ExplorerCall, _ node: JSONNode, _ cancellation: Cancellation) async throws -> JSON {
    let model = try model(node["model"])
    let attention = AttentionAnswer(model: model)
    switch call {
    case .pairs:
      let (place, matrix) = try (Self.head(node["head"]), Self.matrix(node["matrix"]))
      return try await model.worker.run(cancellation) { workspace, _ in
        try attention.pairs(place, matrix, threads: workspace.threads)
      }
    case .decision:
      let text = try PromptRequest.text(node["text"])
      let found = try await model.worker.run(cancellation) { workspace, _ in
        try DecisionAnswer(model: model).json(text, workspace)
      }
      return found.adding("command", .string(CommandLineText.decision(text, model)))
    default: break
    }
    let request = try PromptRequest(node)
    let answer = LensAnswer(request: request, model: model)
    switch call {
    case .attribution:
      let position = try node["position"].int()
      let found = try await model.worker.run(cancellation) { workspace, progress in
        try AttributionAnswer(request: request, model: model).json(at: position, workspace, progress)
      }
      return found.adding("command", .string(CommandLineText.attribution(request, model, at: position)))
    case .head:
      let place = try Self.head(node["head"])
      return try await model.worker.run(cancellation) { workspace, _ in
        try attention.head(place, request.text, workspace, cancellation)
      }
    case .neuron:
      let place = try Self.neuron(node["neuron"])
      return try await model.worker.run(cancellation) { workspace, _ in
        try attention.neuron(place, answer, workspace)
      }
    case .neurons:
      let (layer, position) = try (node["layer"].int(), node["position"].int())
      return try await model.worker.run(cancellation) { workspace, _ in
        try attention.neurons(ofBlock: layer, at: position, answer, workspace)
      }
    default:
      return try await model.worker.run(cancellation) { workspace, _ in
        try attention.thumbnails(answer, workspace, cancellation)
      }
    }
  }

  private func model(_ node: JSONNode) throws -> ExploredModel {
    let name = try PromptRequest.text(node)
    guard let model = models.first(where: { $0.name == name }) else { throw ExplorerError.noSuchModel(name) }
    return model
  }

  private static func head(_ node: JSONNode) throws -> HeadPlace {
    let text = try PromptRequest.text(node)
    guard let place = HeadPlace(try Address(text, as: .head)) else { throw node.wrong("a head such as L5H3") }
    return place
  }

  private static func neuron(_ node: JSONNode) throws -> VectorPlace {
    let text = try PromptRequest.text(node)
    guard let place = VectorPlace(try Address(text, as: .vector)), place.head == nil else {
      throw node.wrong("a neuron such as L3:90")
    }
    return place
  }

  private static func matrix(_ node: JSONNode) throws -> VocabularyProjection.HeadMatrix {
    guard let matrix = VocabularyProjection.HeadMatrix(rawValue: try PromptRequest.text(node)) else {
      throw node.wrong("vo or qk")
    }
    return matrix
  }
}
