// Numbers in network byte order, at any alignment. An offset outside of the span traps, so callers check lengths
// first; the check here is the last line of defence, not the parser.

extension RawSpan {
  @inline(__always)
  func uint8(at offset: Int) -> UInt8 {
    unsafeLoad(fromByteOffset: offset, as: UInt8.self)
  }

  @inline(__always)
  func uint16(at offset: Int) -> UInt16 {
    UInt16(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }

  /// Three bytes.
  @inline(__always)
  func uint24(at offset: Int) -> UInt32 {
    UInt32(uint16(at: offset)) << 8 | UInt32(uint8(at: offset + 2))
  }

  @inline(__always)
  func uint32(at offset: Int) -> UInt32 {
    UInt32(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  @inline(__always)
  func uint64(at offset: Int) -> UInt64 {
    UInt64(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }
}

extension MutableRawSpan {
  @inline(__always)
  mutating func store(_ value: UInt8, at offset: Int) {
    storeBytes(of: value, toByteOffset: offset, as: UInt8.self)
  }

  @inline(__always)
  mutating func store(_ value: UInt16, at offset: Int) {
    storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt16.self)
  }

  /// The lower three bytes of `value`.
  @inline(__always)
  mutating func store24(_ value: UInt32, at offset: Int) {
    store(UInt16(truncatingIfNeeded: value >> 8), at: offset)
    store(UInt8(truncatingIfNeeded: value), at: offset + 2)
  }

  @inline(__always)
  mutating func store(_ value: UInt32, at offset: Int) {
    storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt32.self)
  }

  @inline(__always)
  mutating func store(_ value: UInt64, at offset: Int) {
    storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt64.self)
  }

  @inline(__always)
  mutating func store(_ source: borrowing RawSpan, at offset: Int) {
    for index in 0..<source.byteCount { store(source.uint8(at: index), at: offset + index) }
  }

  @inline(__always)
  mutating func fill(_ bounds: Range<Int>, with value: UInt8 = 0) {
    for offset in bounds { store(value, at: offset) }
  }
}
