/// Who sources are (RFC 3550, section 6.5). Of the items only the canonical name is of use here.
public struct SourceDescription: Sendable, Hashable {
  private static let canonicalNameType: UInt8 = 1

  private let count: Int
  private let body: Range<Int>

  init(_ header: RTCPHeader, _ bytes: RawSpan) throws(RTCPError) {
    count = Int(header.count)
    body = header.body
    var chunk = body.lowerBound
    for _ in 0..<count {
      guard chunk + 4 <= body.upperBound else { throw .truncated }
      chunk = try walk(chunk, bytes).end
    }
  }

  /// Where the canonical name of a source is, in UTF-8 as its sender has it, or nil.
  ///
  /// - Parameter bytes: What the compound was made from.
  public func canonicalName(of ssrc: UInt32, in bytes: RawSpan) -> Range<Int>? {
    guard body.upperBound <= bytes.byteCount else { return nil }
    var chunk = body.lowerBound
    for _ in 0..<count {
      guard chunk + 4 <= body.upperBound, let found = try? walk(chunk, bytes) else { return nil }
      if bytes.uint32(at: chunk) == ssrc { return found.name }
      chunk = found.end
    }
    return nil
  }

  /// Steps over the chunk that begins at `chunk`: a source, items, and zeros up to a multiple of four.
  private func walk(_ chunk: Int, _ bytes: RawSpan) throws(RTCPError) -> (name: Range<Int>?, end: Int) {
    var name: Range<Int>?
    var item = chunk + 4
    while item < body.upperBound {
      let type = bytes.uint8(at: item)
      if type == 0 {
        let end = chunk + (item - chunk) / 4 * 4 + 4
        guard end <= body.upperBound else { throw .truncated }
        return (name, end)
      }
      guard item + 2 <= body.upperBound else { throw .truncated }
      let value = item + 2..<item + 2 + Int(bytes.uint8(at: item + 1))
      guard value.upperBound <= body.upperBound else { throw .truncated }
      if type == Self.canonicalNameType, name == nil { name = value }
      item = value.upperBound
    }
    // No zero at the end.
    throw .badLength
  }
}

extension RTCPWriter {
  /// A description with a canonical name only.
  ///
  /// - Parameter canonicalName: Of at most 255 bytes.
  public mutating func writeSourceDescription(
    of ssrc: UInt32, canonicalName: String, to buffer: inout MutableRawSpan
  ) -> Bool {
    let name = canonicalName.utf8
    guard name.count <= 255 else { return false }
    // One zero at least, up to a multiple of four.
    let chunk = (4 + 2 + name.count) / 4 * 4 + 4
    guard
      let position = begin(
        type: RTCPType.sourceDescription, count: 1, length: RTCPHeader.length + chunk, in: &buffer)
    else { return false }
    buffer.store(ssrc, at: position)
    buffer.store(UInt8(1), at: position + 4)
    buffer.store(UInt8(truncatingIfNeeded: name.count), at: position + 5)
    for (index, byte) in name.enumerated() { buffer.store(byte, at: position + 6 + index) }
    buffer.fill(position + 6 + name.count..<position + chunk)
    return true
  }
}
