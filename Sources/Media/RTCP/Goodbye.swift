/// Sources that leave (RFC 3550, section 6.6). Their reason is not read.
public struct Goodbye: Sendable, Hashable {
  /// 0 to 31.
  public let count: Int
  private let start: Int

  init(_ header: RTCPHeader, _ bytes: RawSpan) throws(RTCPError) {
    count = Int(header.count)
    start = header.body.lowerBound
    guard header.body.count >= 4 * count else { throw .truncated }
    guard header.body.count > 4 * count else { return }
    let reason = start + 4 * count
    guard reason + 1 + Int(bytes.uint8(at: reason)) <= header.body.upperBound else { throw .truncated }
  }

  /// - Parameter index: 0 ..< `count`; nil outside.
  /// - Parameter bytes: What the compound was made from.
  public func ssrc(at index: Int, in bytes: RawSpan) -> UInt32? {
    guard (0..<count).contains(index), start + 4 * index + 4 <= bytes.byteCount else { return nil }
    return bytes.uint32(at: start + 4 * index)
  }
}

extension RTCPWriter {
  public mutating func writeGoodbye(of ssrc: UInt32, to buffer: inout MutableRawSpan) -> Bool {
    guard let position = begin(type: RTCPType.goodbye, count: 1, length: 8, in: &buffer) else { return false }
    buffer.store(ssrc, at: position)
    return true
  }
}
