import Evaluation
import Testing

/// Which columns are read.
@Suite struct DatasetColumnsTests {
  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  @Test(arguments: [
    "review,sentiment", "text,label", "Text,Label", " TEXT , labels ", "sentence,label", "content,label",
    "text,sentiment",
    "review,class", "\"text\",\"label\"", "tweet,target", "\u{FEFF}text,label", "comment,category",
  ])
  func commonPairs(header: String) throws {
    let dataset = try Dataset.read(try folder.write(header + "\ngood film,1\nbad film,0\n", to: "a.csv"))
    #expect(dataset.reviews.map(\.text) == ["good film", "bad film"])
    #expect(dataset.reviews.map(\.label) == [1, 0])
  }

  @Test func othersAreLeftOut() throws {
    let header = ",label,text,label_text,id,\n0,2,a,neutral,x,\n1,0,b,negative,y,\n"
    let dataset = try Dataset.read(try folder.write(header, to: "a.csv"))
    #expect(dataset.reviews.map(\.text) == ["a", "b"])
    #expect(dataset.reviews.map(\.label) == [2, 0])
  }

  @Test func namedColumns() throws {
    let csv = try folder.write("Body,text,STANCE,label\na,b,for,1\nc,d,against,0\n", to: "a.csv")
    let dataset = try Dataset.read(csv, columns: DatasetColumns(text: "body", label: "stance"))
    #expect(dataset.reviews.map(\.text) == ["a", "c"])
    #expect(dataset.classNames == ["against", "for"])
    #expect(dataset.reviews.map(\.label) == [1, 0])
    #expect(try Dataset.read(csv, columns: DatasetColumns(text: "Body")).reviews.map(\.label) == [1, 0])
    let lines = try folder.write(#"{"body":"a","stance":"for"}"# + "\n", to: "a.jsonl")
    #expect(try Dataset.read(lines, columns: DatasetColumns(text: "body", label: "stance")).reviews[0].text == "a")
    // An exact name wins over one in another case.
    let both = try folder.write("x,X,label\na,b,1\n", to: "b.csv")
    #expect(try Dataset.read(both, columns: DatasetColumns(text: "X")).reviews[0].text == "b")
  }

  @Test(arguments: [
    ("a.csv", "text,review,label\n", DatasetColumns(), "(line 1): expected only one of the names review, text,"),
    (
      "a.csv", "text,label,sentiment\n", DatasetColumns(),
      "for the column of the labels, found the columns \"text\", \"label\", \"sentiment\""
    ),
    (
      "a.csv", "text,text,label\n", DatasetColumns(text: "text"), "expected one column text for the column of the texts"
    ),
    ("a.csv", "title,stars\n", DatasetColumns(), "found the columns \"title\", \"stars\""),
    ("a.csv", "text,label\n", DatasetColumns(label: "stance"), "expected one column stance"),
    ("a.csv", "text,label\n", DatasetColumns(text: "label"), "expected another column than that of the texts"),
    (
      "a.csv", "text;label\n", DatasetColumns(),
      "separated by commas, and its header holds semicolons: save it with commas"
    ),
    ("a.csv", "text\tlabel\n", DatasetColumns(), "its header holds tabs: name it .tsv"),
    ("a.tsv", "text,label\n", DatasetColumns(), "separated by tabs, and its header holds commas: name it .csv"),
    ("a.jsonl", "\n{\"title\":\"a\",\"stars\":5}\n", DatasetColumns(), "(line 2): expected one of the names review,"),
    ("a.jsonl", "{\"title\":\"a\",\"stars\":5}\n", DatasetColumns(), "found the keys \"title\", \"stars\""),
    ("a.jsonl", "[1]\n", DatasetColumns(), "expected an object, found the number 1"),
  ])
  func whatIsNotThereIsListed(name: String, text: String, columns: DatasetColumns, found: String) throws {
    let path = try folder.write(text, to: name)
    let error = message { _ = try Dataset.read(path, columns: columns) }
    #expect(error.hasPrefix(path) && error.contains(found), "\(error)")
  }

  @Test func aFolderHasNone() throws {
    try folder.write("good", to: "aclImdb/test/pos/1.txt")
    try folder.write("bad", to: "aclImdb/test/neg/1.txt")
    #expect(throws: DatasetError.noColumns(path: folder.path + "/aclImdb")) {
      try Dataset.read(folder.path + "/aclImdb", columns: DatasetColumns(label: "x"))
    }
  }
}
