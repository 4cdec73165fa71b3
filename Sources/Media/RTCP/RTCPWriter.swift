/// Writes RTCP packets one after another into a buffer of the caller's, which is given to each call.
///
/// A packet for which there is no room is left out, and the call returns false. Each packet type's file has its part.
public struct RTCPWriter: Sendable {
  /// Bytes written.
  public private(set) var count = 0
  /// Where the last packet begins.
  private var start = 0

  public init() {}

  /// Begins a packet of `length` bytes, a multiple of four, of which the header is written here.
  ///
  /// - Returns: Where its body begins, or nil when there is no room.
  mutating func begin(
    type: UInt8, count format: UInt8, length: Int, in buffer: inout MutableRawSpan
  ) -> Int? {
    guard buffer.byteCount - count >= length else { return nil }
    start = count
    count += length
    buffer.store(0x80 | format & 0x1f, at: start)
    buffer.store(type, at: start + 1)
    writeLength(to: &buffer)
    return start + RTCPHeader.length
  }

  /// Makes the last packet longer, and its count higher by one.
  ///
  /// - Returns: Where the new bytes begin, or nil when there is no room.
  mutating func extend(by length: Int, in buffer: inout MutableRawSpan) -> Int? {
    guard count > 0, buffer.byteCount - count >= length else { return nil }
    let first = buffer.bytes.uint8(at: start)
    guard first & 0x1f < 31 else { return nil }
    buffer.store(first + 1, at: start)
    defer { count += length }
    let position = count
    buffer.store(UInt16(truncatingIfNeeded: (count + length - start) / 4 - 1), at: start + 2)
    return position
  }

  private func writeLength(to buffer: inout MutableRawSpan) {
    buffer.store(UInt16(truncatingIfNeeded: (count - start) / 4 - 1), at: start + 2)
  }
}
