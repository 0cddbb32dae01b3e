import Foundation

/// Where the cache is, which hub is asked, and as whom: the environment variables of the Hugging Face Python client.
public struct HubSettings: Sendable {
  /// The cache's folder: `HF_HUB_CACHE`, else `HUGGINGFACE_HUB_CACHE`, else `HF_HOME/hub`, else
  /// `XDG_CACHE_HOME/huggingface/hub`, else `~/.cache/huggingface/hub`.
  public var cacheFolder: String
  /// The hub's address: `HF_ENDPOINT`, else https://huggingface.co.
  public var endpoint: String
  /// Whether no socket may be opened: `HF_HUB_OFFLINE` or `TRANSFORMERS_OFFLINE` is 1, on, yes or true.
  public var isOffline: Bool

  /// A file of certificates that are trusted in place of the system's: `SSL_CERT_FILE`, `CURL_CA_BUNDLE` or
  /// `REQUESTS_CA_BUNDLE`.
  package var certificates: String?
  package var proxies: ProxySettings
  package var retry = RetryPolicy()
  private let token: TokenSource

  /// Where the token is: a variable's value, a file that is read when it is needed, or nowhere.
  private enum TokenSource: Sendable {
    case none
    case variable(name: String, value: String)
    case file(path: String)
  }

  /// Variables that are set but empty count as not set. Paths may begin with `~` and hold `$NAME` or `${NAME}`.
  public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    func value(_ names: String...) -> String? {
      names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
    }
    func path(_ names: String...) -> String? {
      names.lazy.compactMap { value($0) }.first.map { Self.expanded($0, environment) }
    }
    func isOn(_ name: String) -> Bool {
      ["1", "on", "yes", "true"].contains((environment[name] ?? "").lowercased())
    }
    let home = path("HF_HOME") ?? (path("XDG_CACHE_HOME") ?? Self.home(environment) + "/.cache") + "/huggingface"
    cacheFolder = path("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE") ?? home + "/hub"
    var endpoint = value("HF_ENDPOINT") ?? "https://huggingface.co"
    while endpoint.hasSuffix("/") { endpoint.removeLast() }
    self.endpoint = endpoint
    isOffline = isOn("HF_HUB_OFFLINE") || isOn("TRANSFORMERS_OFFLINE")
    certificates = path("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
    proxies = ProxySettings(environment: environment)
    if isOn("HF_HUB_DISABLE_IMPLICIT_TOKEN") {
      token = .none
    } else if let name = ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"].first(where: { value($0) != nil }) {
      token = .variable(name: name, value: environment[name] ?? "")
    } else {
      token = .file(path: path("HF_TOKEN_PATH") ?? home + "/token")
    }
  }

  /// The token to present to the hub; nil where there is none.
  /// - Throws: `HubError.badToken` for one that cannot stand in a header; `FileError`.
  package func readToken() throws -> String? {
    let text: String
    let source: String
    switch token {
    case .none: return nil
    case .variable(let name, let value): (text, source) = (value, name)
    case .file(let path):
      guard let bytes = try CacheFolder.smallFile(path, limit: 1 << 16) else { return nil }
      (text, source) = (String(decoding: bytes, as: UTF8.self), path)
    }
    let token = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !token.isEmpty else { return nil }
    guard token.utf8.count <= 4096, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw HubError.badToken(source: source)
    }
    return token
  }

  private static func home(_ environment: [String: String]) -> String {
    environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()
  }

  /// `~` and variables replaced; a variable that is not set stays as it is written, as in Python.
  private static func expanded(_ path: String, _ environment: [String: String]) -> String {
    var rest = path[...]
    var result = ""
    if rest == "~" || rest.hasPrefix("~/") {
      result = home(environment)
      rest = rest.dropFirst()
    }
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      rest = rest[dollar...]
      let hasBrace = rest.dropFirst().hasPrefix("{")
      let name = rest.dropFirst(hasBrace ? 2 : 1).prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
      let length = name.count + (hasBrace ? 3 : 1)
      let written = rest.prefix(length)
      if !name.isEmpty, !hasBrace || written.hasSuffix("}"), let value = environment[String(name)] {
        result += value
        rest = rest.dropFirst(length)
      } else {
        result += "$"
        rest = rest.dropFirst()
      }
    }
    return result + rest
  }
}
