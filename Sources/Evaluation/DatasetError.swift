/// What can be wrong with a dataset or a choice of its reviews. Wrong content of a file is a `FileError` that names the
/// line.
public enum DatasetError: Error, Equatable, Sendable, CustomStringConvertible {
  /// `path` is no dataset that can be read.
  case unrecognized(path: String, found: String)
  /// A split was asked of a file, which has none.
  case noSplits(path: String, asked: String)
  /// No review in the folder or file.
  case empty(path: String)
  /// A list of ids names a review that the dataset does not hold.
  case unknownReview(path: String, line: Int, id: String, dataset: String)
  /// The number of reviews asked for is not positive.
  case limit(Int)

  public var description: String {
    switch self {
    case .unrecognized(let path, let found):
      return "\(path): expected an aclImdb folder (one that holds test/pos and test/neg), a .csv file with the header"
        + " review,sentiment or a .jsonl file of id, text and label; found \(found)"
    case .noSplits(let path, let asked):
      return "\(path): the split \(asked) was asked for, but only an aclImdb folder has splits; leave the option out"
    case .empty(let path):
      return "\(path): expected at least one review, found none"
    case .unknownReview(let path, let line, let id, let dataset):
      return "\(path) (line \(line)): the review \(id) is not in \(dataset);"
        + " give ids of that dataset and split, one a line"
    case .limit(let limit):
      return "the number of reviews must be at least 1, found \(limit)"
    }
  }
}
