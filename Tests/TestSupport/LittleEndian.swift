/// The bytes of numbers as files hold them, lowest first.
public func littleEndian<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}

public func littleEndian(_ values: [Float]) -> [UInt8] { values.flatMap { littleEndian($0.bitPattern) } }
public func littleEndian(_ values: [Double]) -> [UInt8] { values.flatMap { littleEndian($0.bitPattern) } }
public func littleEndian(_ values: [UInt16]) -> [UInt8] { values.flatMap { littleEndian($0) } }
