import Foundation

/// Which proxy a request goes through: `https_proxy`, `http_proxy`, `all_proxy` and `no_proxy`, as curl reads them.
package struct ProxySettings: Equatable, Sendable {
  /// For https and http URLs; nil for none.
  package var https: String?
  package var http: String?
  /// Hosts, and domains with all below them, that are reached directly; "*" for all.
  package var direct: [String]

  package init(environment: [String: String]) {
    func value(_ names: String...) -> String? {
      names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
    }
    let all = value("all_proxy", "ALL_PROXY")
    https = value("https_proxy", "HTTPS_PROXY") ?? all
    // A web server passes a header named Proxy to its programs as HTTP_PROXY, so that name is not to be trusted.
    http = value("http_proxy") ?? all
    direct = (value("no_proxy", "NO_PROXY") ?? "").split { $0 == "," || $0.isWhitespace }.map { $0.lowercased() }
  }

  /// The proxy for a URL; "" for none. This machine itself is never reached through one.
  package func proxy(for url: HubURL) -> String {
    guard !url.isLoopback, !direct.contains(where: { Self.matches(url.host, $0) }) else { return "" }
    return (url.scheme == "https" ? https : http) ?? ""
  }

  private static func matches(_ host: String, _ pattern: String) -> Bool {
    if pattern == "*" { return true }
    let domain = pattern.hasPrefix(".") ? String(pattern.dropFirst()) : pattern
    return host == domain || host.hasSuffix("." + domain)
  }
}
