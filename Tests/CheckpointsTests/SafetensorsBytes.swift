import TestSupport

/// The bytes of a safetensors file with exactly this header and data, right or wrong.
func safetensors(_ header: String, data: [UInt8] = [], declaredLength: UInt64? = nil) -> [UInt8] {
  littleEndian(declaredLength ?? UInt64(header.utf8.count)) + Array(header.utf8) + data
}

/// A file with one tensor `x` of these bytes.
func oneTensor(_ type: String, shape: [Int], data: [UInt8], padding: Int = 0) -> [UInt8] {
  let header = #"{"x":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":[0,\#(data.count)]}}"#
  let aligned = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8 + padding)
  return safetensors(aligned, data: data)
}
