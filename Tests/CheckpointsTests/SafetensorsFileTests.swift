import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite struct SafetensorsFileTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = folder.path("x.safetensors")
  }

  private func open(_ type: String, shape: [Int], data: [UInt8], padding: Int = 0) throws -> SafetensorsFile {
    try SafetensorsFile(folder.write(oneTensor(type, shape: shape, data: data, padding: padding), to: "x.safetensors"))
  }

  @Test func usesFloat32InPlace() throws {
    let values: [Float] = [1, -2.5, .leastNonzeroMagnitude, .greatestFiniteMagnitude, -0.0, 3]
    let file = try open("F32", shape: [2, 3], data: littleEndian(values))
    let tensor = try file.floats("x", shape: [2, 3])
    #expect(tensor.shape == [2, 3])
    #expect(tensor.values.map(\.bitPattern) == values.map(\.bitPattern))
    #expect(try file.floats("x").pointer == tensor.pointer)
    #expect(try SafetensorsFile(path).floats("x").pointer != tensor.pointer)
  }

  @Test func keepsTheMappingAsLongAsATensor() throws {
    let values = (0..<100_000).map(Float.init)
    let tensor = try open("F32", shape: [100_000], data: littleEndian(values)).floats("x")
    try FileManager.default.removeItem(atPath: path)
    #expect(tensor.values == values)
  }

  @Test(arguments: [1, 2, 3, 5])
  func copiesFloat32ThatIsNotAligned(padding: Int) throws {
    let values: [Float] = [1, -2.5, 3]
    let file = try open("F32", shape: [3], data: littleEndian(values), padding: padding)
    #expect(try file.floats("x").values == values)
    #expect(try file.floats("x").pointer != file.floats("x").pointer)
    #expect(try file.doubles("x").values == values.map(Double.init))
  }

  // The value by its definition, IEEE 754-2008, 3.4.
  @Test func widensEveryFloat16Exactly() throws {
    let patterns = (0...UInt16.max).map { $0 }
    let file = try open("F16", shape: [65_536], data: littleEndian(patterns), padding: 1)
    let values = try file.floats("x")
    for pattern in patterns {
      let sign: Double = pattern >> 15 == 1 ? -1 : 1
      let exponent = Int(pattern >> 10 & 31)
      let fraction = Double(pattern & 1023) / 1024
      let value = values[Int(pattern)]
      switch exponent {
      case 31 where fraction != 0: #expect(value.isNaN)
      case 31: #expect(value == Float(sign) * .infinity)
      case 0: #expect(Double(value) == sign * fraction * pow(2, -14))
      default: #expect(Double(value) == sign * (1 + fraction) * pow(2, Double(exponent - 15)))
      }
      #expect((value.sign == .minus) == (sign < 0))
    }
  }

  @Test func widensBFloat16Exactly() throws {
    let patterns: [UInt16] = [0x0000, 0x8000, 0x3F80, 0xC0A0, 0x0001, 0x7F7F, 0x0080, 0x7F80, 0xFF80, 0x7FC0, 0x3DCD]
    let values = try open("BF16", shape: [11], data: littleEndian(patterns)).floats("x").values
    #expect(values[2] == 1)
    #expect(values[3] == -5)
    #expect(values[4] == Float(sign: .plus, exponent: -133, significand: 1))
    #expect(values[7] == .infinity)
    #expect(values[9].isNaN)
    #expect(values.map { UInt16($0.bitPattern >> 16) } == patterns)
    #expect(values.allSatisfy { $0.bitPattern & 0xFFFF == 0 })
  }

  @Test func widensAcrossChunks() throws {
    let count = 600_001
    let patterns = (0..<count).map { UInt16(truncatingIfNeeded: $0 % 0x7C00) }
    let halves = try open("F16", shape: [count], data: littleEndian(patterns)).floats("x")
    #expect((0..<count).allSatisfy { Double(halves[$0]) == Self.half($0 % 0x7C00) })
  }

  private static func half(_ pattern: Int) -> Double {
    let exponent = pattern >> 10
    let fraction = Double(pattern & 1023) / 1024
    return exponent == 0
      ? fraction * 0x1p-14 : (1 + fraction) * Double(sign: .plus, exponent: exponent - 15, significand: 1)
  }

  @Test func roundsFloat64ToNearest() throws {
    let values: [Double] = [0.1, -1.0 / 3, 1e-50, 3.4028235e38, .infinity, .nan, 16_777_217, 16_777_219]
    let file = try open("F64", shape: [2, 4], data: littleEndian(values), padding: 3)
    let floats = try file.floats("x", shape: [2, 4]).values
    #expect(floats.map(\.bitPattern) == values.map { Float($0).bitPattern })
    let doubles = try file.doubles("x")
    #expect(doubles.shape == [2, 4])
    #expect(doubles.values.map(\.bitPattern) == values.map(\.bitPattern))
  }

  @Test func refusesFloat64PastFloat32() throws {
    let file = try open("F64", shape: [4], data: littleEndian([1, .infinity, -1e39, 2]))
    #expect(
      throws: CheckpointError.outOfRange(path: path, tensor: "x", index: 2, value: "-1e+39", target: "Float32")
    ) { try file.floats("x") }
    #expect(try file.doubles("x").values[2] == -1e39)
  }

  @Test(arguments: [
    ("I64", [UInt8](repeating: 0xFE, count: 1) + [UInt8](repeating: 0xFF, count: 7), -2),
    ("I32", [0xFE, 0xFF, 0xFF, 0xFF], -2), ("I16", [0xFE, 0xFF], -2), ("I8", [0xFE], -2),
    ("U64", [0xFE, 0, 0, 0, 0, 0, 0, 0x7F], 0x7F00_0000_0000_00FE), ("U32", [0xFE, 0xFF, 0xFF, 0xFF], 4_294_967_294),
    ("U16", [0xFE, 0xFF], 65_534), ("U8", [0xFE], 254), ("BOOL", [2], 1), ("BOOL", [0], 0),
  ])
  func readsIntegers(type: String, data: [UInt8], expected: Int) throws {
    let (shape, values) = try open(type, shape: [1, 2], data: data + data, padding: 1).integers("x")
    #expect(shape == [1, 2])
    #expect(values == [expected, expected])
  }

  @Test func refusesAnIntegerPastInt() throws {
    let file = try open("U64", shape: [2], data: littleEndian(UInt64(7)) + littleEndian(UInt64.max))
    #expect(
      throws: CheckpointError.outOfRange(
        path: path, tensor: "x", index: 1, value: "18446744073709551615", target: "Int64")
    ) { try file.integers("x") }
  }

  @Test func refusesAnotherNameShapeOrType() throws {
    let file = try open("I32", shape: [2, 1], data: [UInt8](repeating: 0, count: 8))
    #expect(throws: CheckpointError.missingTensor(path: path, tensor: "y", stored: ["x"])) { try file.floats("y") }
    #expect(throws: CheckpointError.missingTensor(path: path, tensor: "y", stored: ["x"])) { try file.integers("y") }
    #expect(throws: CheckpointError.wrongShape(path: path, tensor: "x", expected: [1, 2], found: [2, 1])) {
      try file.floats("x", shape: [1, 2])
    }
    let expected = "F32, F16, BF16 or F64"
    #expect(throws: CheckpointError.wrongType(path: path, tensor: "x", expected: expected, found: .int32)) {
      try file.floats("x")
    }
    #expect(throws: CheckpointError.wrongType(path: path, tensor: "x", expected: expected, found: .int32)) {
      try file.doubles("x")
    }
    let floats = try open("F32", shape: [2], data: [UInt8](repeating: 0, count: 8))
    #expect(throws: CheckpointError.wrongType(path: path, tensor: "x", expected: "an integer type", found: .float32)) {
      try floats.integers("x")
    }
  }

  @Test func findsTheFirstNumberThatIsNotFinite() throws {
    let count = 700_003
    for bad in [Float.nan, -.nan, .infinity, -.infinity, .signalingNaN] {
      for index in [0, 262_143, 262_144, 600_000, count - 1] {
        var values = [Float](repeating: -.greatestFiniteMagnitude, count: count)
        values[index] = bad
        values[count - 1] = bad
        let tensor = try open("F32", shape: [count], data: littleEndian(values)).floats("x")
        #expect(tensor.firstNonFinite() == index)
      }
    }
    let finite: [Float] = [.greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude, -0.0, 0]
    #expect(try open("F32", shape: [5], data: littleEndian(finite)).floats("x").firstNonFinite() == nil)
    #expect(try open("F32", shape: [0], data: []).floats("x").firstNonFinite() == nil)
  }
}
