/// What can go wrong between a model's name and a folder of its files. Every case says which model or file, what was
/// expected, found, and what to do.
public enum HubError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The text is no name of a model on the hub; `rule` is what a name must have.
  case badName(text: String, rule: String)
  /// The token in `source`, a variable or a file, has characters that no token has.
  case badToken(source: String)
  /// `HF_ENDPOINT` is no address of a hub.
  case badEndpoint(text: String, expected: String)

  /// No network is to be used, and the cache does not hold `missing`.
  case offline(id: String, revision: String, missing: String, cache: String)
  /// Several cached commits begin with the digits given.
  case ambiguousCommit(id: String, digits: String, commits: [String])
  /// A file of the cache holds something else than it must.
  case damagedCache(path: String, expected: String, found: String)
  /// A link in the cache leads a write to a place outside.
  case leavesCache(path: String, target: String)

  /// No such repository, or one that is not shown to this user.
  case repositoryNotFound(id: String, endpoint: String, withToken: Bool)
  /// The repository has no such branch, tag or commit.
  case revisionNotFound(id: String, revision: String)
  /// The repository has no such file at that revision.
  case fileNotFound(id: String, revision: String, file: String)
  /// The authors ask for an agreement before the files are shown.
  case gated(id: String, endpoint: String, withToken: Bool)
  /// The hub does not know the token.
  case tokenRefused(endpoint: String)
  /// The hub refuses the request for another reason, which `message` gives in its words.
  case refused(id: String, status: Int, message: String)

  /// No connection.
  case unreachable(url: String, reason: String)
  /// The server's certificate was not accepted.
  case untrusted(url: String, reason: String)
  /// The server did not answer well after several attempts; `status` is nil where the connection was lost each time.
  case unavailable(url: String, status: Int?, attempts: Int, reason: String)
  /// The answer is not a hub's.
  case unexpectedAnswer(url: String, expected: String, found: String)
  /// A redirect that is not followed.
  case refusedRedirect(url: String, target: String, reason: String)

  /// The list of files has a name that could leave the repository's folder, or one that no file has.
  case unsafeFileName(id: String, name: String, reason: String)
  /// The repository has no weights in a format that is read; `found` are weight files in others.
  case noWeights(id: String, revision: String, found: [String])
  /// The file has fewer or more bytes than the hub says.
  case wrongSize(id: String, file: String, expected: Int, found: Int)
  /// The file's bytes are not those that the hub has.
  case wrongChecksum(id: String, file: String, expected: String, found: String)
  /// There is no space for the file.
  case diskFull(path: String, needed: Int, available: Int)

  public var description: String {
    switch self {
    case .badName, .badToken, .badEndpoint: settingsText
    case .offline, .ambiguousCommit, .damagedCache, .leavesCache, .diskFull: cacheText
    case .unsafeFileName, .noWeights, .wrongSize, .wrongChecksum: filesText
    default: networkText
    }
  }

  private var settingsText: String {
    switch self {
    case .badName(let text, let rule):
      "\"\(text)\" is no name of a model on the hub: expected name or owner/name, with @revision where one is wanted; "
        + "it must have \(rule)"
    case .badToken(let source):
      "the token in \(source) is no token: expected printable characters without spaces; store it anew"
    case .badEndpoint(let text, let expected):
      "HF_ENDPOINT is \"\(text)\": expected \(expected), such as https://huggingface.co"
    default: ""
    }
  }

  private var cacheText: String {
    switch self {
    case .offline(let id, let revision, let missing, let cache):
      "\(id) at \(revision): \(missing) is not in the cache \(cache), and offline mode forbids asking the hub; download the "
        + "model once without HF_HUB_OFFLINE, or set HF_HUB_CACHE to the folder that holds it"
    case .ambiguousCommit(let id, let digits, let commits):
      "\(id): several cached commits begin with \(digits): \(commits.joined(separator: ", ")); give more digits"
    case .damagedCache(let path, let expected, let found):
      "\(path): expected \(expected), found \(found); remove it, and the model is downloaded again when it is next needed"
    case .leavesCache(let path, let target):
      "\(path) is a link to \(target), outside the cache, where nothing is written; remove it, or set HF_HUB_CACHE to the "
        + "cache that is meant"
    case .diskFull(let path, let needed, let available):
      "\(path): \(needed) bytes are to be written and \(available) are free; free some space, or set HF_HUB_CACHE to a "
        + "folder on another disk"
    default: ""
    }
  }

  private var filesText: String {
    switch self {
    case .unsafeFileName(let id, let name, let reason):
      "\(id): the hub lists a file \"\(name)\", whose name \(reason); nothing was downloaded, since no honest list has such "
        + "a name"
    case .noWeights(let id, let revision, let found):
      "\(id) at \(revision): expected model.safetensors or pytorch_model.bin, whole or in parts, found "
        + (found.isEmpty ? "no weights" : found.joined(separator: ", ") + ", which are not read")
        + "; choose another revision or repository that has one of the two"
    case .wrongSize(let id, let file, let expected, let found):
      "\(id): \(file) must have \(expected) bytes and the server sent \(found); the file was not kept, try again later"
    case .wrongChecksum(let id, let file, let expected, let found):
      "\(id): \(file) must have the checksum \(expected), and what the server sent has \(found); the file was not kept, try "
        + "again, and if it happens again look for what changes downloads on the way, such as a proxy"
    default: ""
    }
  }

  private var networkText: String {
    switch self {
    case .repositoryNotFound(let id, let endpoint, let withToken):
      "\(endpoint) shows no model \(id): the name is wrong, or the repository is private "
        + (withToken
          ? "and this token's account may not read it"
          : "and no token was sent: set HF_TOKEN (none is sent over plain http)")
    case .revisionNotFound(let id, let revision):
      "\(id) has no branch, tag or commit \(revision); the page of the model lists those that it has"
    case .fileNotFound(let id, let revision, let file):
      "\(id) at \(revision) has no file \(file), although it needs one; choose another revision"
    case .gated(let id, let endpoint, let withToken):
      "\(id) is gated: its authors ask for an agreement first; open \(endpoint)/\(id) and accept it"
        + (withToken ? " with the account of this token" : ", then set HF_TOKEN to a token of that account")
    case .tokenRefused(let endpoint):
      "\(endpoint) does not know the token: it is misspelt, expired or revoked; set HF_TOKEN to a valid one, or to nothing "
        + "and remove the stored one for what is public"
    case .refused(let id, let status, let message):
      "the hub refuses \(id) with status \(status)" + (message.isEmpty ? "" : ": \(message)")
    case .unreachable(let url, let reason):
      "\(url): no connection: \(reason); check the network, HF_ENDPOINT, https_proxy and no_proxy"
    case .untrusted(let url, let reason):
      "\(url): no secure connection: \(reason); where a proxy has certificates of its own, name their file in SSL_CERT_FILE"
    case .unavailable(let url, let status, let attempts, let reason):
      "\(url): "
        + (status.map { "status \($0)" } ?? "the connection was lost")
        + " \(attempts) times in a row: \(reason); try again later, what has been downloaded is kept"
    case .unexpectedAnswer(let url, let expected, let found):
      "\(url): expected \(expected), found \(found); check that HF_ENDPOINT is a hub and that no proxy answers in its place"
    case .refusedRedirect(let url, let target, let reason):
      "\(url) redirects to \(target): \(reason); check HF_ENDPOINT and the proxy"
    default: ""
    }
  }

  /// What somebody else wrote, fit for a message: one line of printable characters, not too long.
  package static func shown(_ text: String, limit: Int = 120) -> String {
    var result = ""
    for scalar in text.unicodeScalars.prefix(limit) {
      switch scalar.properties.generalCategory {
      case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
        result += scalar.escaped(asASCII: true)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return text.unicodeScalars.count > limit ? result + "..." : result
  }
}
