import Foundation

extension StitchedModelFile {
  /// One of the two models, by its name or its folder, with the SHA-256 of its weights.
  package struct Part: Equatable, Sendable {
    /// A name, or the absolute path of a folder.
    package let model: String
    package let sha256: String

    package init(model: String, sha256: String) {
      self.model = model
      self.sha256 = sha256
    }

    /// - Parameter spelling: as written in `stitched.json` in `directory`.
    init(spelling: String, sha256: String, in directory: String) {
      let first = spelling.prefix { $0 != "/" }
      let isRelative = first == "." || first == ".."
      self.init(model: isRelative ? absolute(resolved(directory) + "/" + spelling) : spelling, sha256: sha256)
    }

    var isFolder: Bool { model.hasPrefix("/") }

    /// As written in `stitched.json` in `directory`: a name, or a folder by its path from `directory`, so that a tree
    /// with both can be moved.
    func spelling(in directory: String) -> String {
      guard isFolder else { return model }
      // Links on the way to `directory` are resolved because ".." leaves the folder that a link leads to. Those on the
      // way to the model stay when the path is shorter with them.
      return [absolute(model), resolved(model)].map { path(to: $0, from: resolved(directory)) }
        .min { $0.utf8.count < $1.utf8.count } ?? model
    }
  }
}

/// Without ".", ".." and doubled slashes, and with links resolved as Foundation does for "..".
private func absolute(_ path: String) -> String {
  let whole = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
  return "/"
    + whole.split(separator: "/").reduce(into: [Substring]()) { parts, part in
      if part == ".." { _ = parts.popLast() } else if part != "." { parts.append(part) }
    }.joined(separator: "/")
}

private func resolved(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }

/// Begins with "." or "..", unlike the name of a model.
private func path(to target: String, from directory: String) -> String {
  let (target, directory) = (target.split(separator: "/"), directory.split(separator: "/"))
  let shared = zip(target, directory).prefix { $0 == $1 }.count
  let up = Array(repeating: Substring(".."), count: directory.count - shared)
  return ((up.isEmpty ? ["."] : up) + target[shared...]).joined(separator: "/")
}
