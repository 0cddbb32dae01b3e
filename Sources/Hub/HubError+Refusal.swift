extension HubError {
  /// What a hub means by an answer that is no success.
  /// - Parameter file: the file that was asked for; nil for the repository itself.
  init(refusal head: ResponseHead, of id: String, revision: String, file: String?, _ client: HubClient) {
    let endpoint =
      client.endpoint.shown.hasSuffix("/") ? String(client.endpoint.shown.dropLast()) : client.endpoint.shown
    let message = HubError.shown(head["x-error-message"] ?? "", limit: 200)
    switch (head["x-error-code"] ?? "", head.status) {
    case ("GatedRepo", _):
      self = .gated(id: id, endpoint: endpoint, withToken: client.hasToken)
    case ("RepoNotFound", _):
      self = .repositoryNotFound(id: id, endpoint: endpoint, withToken: client.hasToken)
    case ("RevisionNotFound", _):
      self = .revisionNotFound(id: id, revision: revision)
    case ("EntryNotFound", _):
      self = .fileNotFound(id: id, revision: revision, file: file ?? "")
    case (_, 401) where client.hasToken && message.hasPrefix("Invalid credentials"):
      self = .tokenRefused(endpoint: endpoint)
    case (_, 401):
      // The hub answers so for what is private and for what is not there.
      self = .repositoryNotFound(id: id, endpoint: endpoint, withToken: client.hasToken)
    case (_, 404):
      self =
        file.map { .fileNotFound(id: id, revision: revision, file: $0) }
        ?? .repositoryNotFound(id: id, endpoint: endpoint, withToken: client.hasToken)
    default:
      self = .refused(id: id, status: head.status, message: message)
    }
  }
}
