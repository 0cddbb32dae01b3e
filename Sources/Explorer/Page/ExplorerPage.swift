import Reporting

/// The page: its own files, none from elsewhere. They are sent as they stand here.
enum ExplorerPage {
  static let html = document.description
  static let styleSheet = frameStyle.description + partStyle.description + HeatMap.pageColors
  static let script = [
    elementScript, stateScript, mapScript, cellScript, attentionScript, neuronScript, pageScript,
  ].map(\.description).joined()
  static let icon = """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#00224e"/>\
    <rect x="3" y="9" width="4" height="4" fill="#fee838"/><rect x="9" y="9" width="4" height="4" fill="#7d7c78"/>\
    <rect x="9" y="3" width="4" height="4" fill="#c3b369"/></svg>
    """
}
