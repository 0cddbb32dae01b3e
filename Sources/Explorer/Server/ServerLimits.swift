/// What a client may use of the server.
package struct ServerLimits: Sendable {
  /// Bytes of the request line and the header fields.
  package var headBytes = 16 << 10
  /// Bytes of a body.
  package var bodyBytes = 64 << 10
  /// How long a head may take to arrive, in seconds.
  package var headSeconds = 5.0
  /// How long a body may take to arrive after its head.
  package var bodySeconds = 10.0
  /// How long a client may take to read its response.
  package var writeSeconds = 30.0
  /// Connections at one time. For one more, the oldest that has not yet sent its request is closed.
  package var connections = 64
  /// Computations per model that wait for the one that runs.
  package var waiting = 8

  package init() {}
}
