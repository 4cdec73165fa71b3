/// Packets that a receiver misses (RFC 4585, section 6.2.1).
public struct GenericNACK: Sendable, Hashable {
  static let format: UInt8 = 1

  public let senderSSRC: UInt32
  /// The stream that the packets are missing from.
  public let mediaSSRC: UInt32
  /// At least 1.
  public let count: Int
  private let start: Int

  init(_ header: RTCPHeader, _ bytes: RawSpan) throws(RTCPError) {
    let feedback = try FeedbackHeader(header, bytes)
    senderSSRC = feedback.senderSSRC
    mediaSSRC = feedback.mediaSSRC
    guard !feedback.information.isEmpty, feedback.information.count % NACKEntry.length == 0 else { throw .badLength }
    start = feedback.information.lowerBound
    count = feedback.information.count / NACKEntry.length
  }

  /// - Parameter index: 0 ..< `count`; nil outside.
  /// - Parameter bytes: What the compound was made from.
  public func entry(at index: Int, in bytes: RawSpan) -> NACKEntry? {
    let position = start + index * NACKEntry.length
    guard (0..<count).contains(index), position + NACKEntry.length <= bytes.byteCount else { return nil }
    return NACKEntry(
      first: SequenceNumber(bytes.uint16(at: position)), following: bytes.uint16(at: position + 2))
  }
}

/// One missing packet, and which of the 16 after it are missing too. A sequence of those, oldest first.
public struct NACKEntry: Sendable, Hashable, Sequence, IteratorProtocol {
  static let length = 4

  public let first: SequenceNumber
  /// The lowest bit is of the number after `first`.
  public private(set) var following: UInt16
  /// Whether the iteration is past `first`.
  private var isBegun = false

  public init(first: SequenceNumber, following: UInt16 = 0) {
    self.first = first
    self.following = following
  }

  public mutating func next() -> SequenceNumber? {
    guard isBegun else {
      isBegun = true
      return first
    }
    guard following != 0 else { return nil }
    let bit = following.trailingZeroBitCount
    following &= following - 1
    return first.advanced(by: bit + 1)
  }

  /// Whether the entry has room for `sequenceNumber`, which is one of the 16 after the first, and now holds it.
  mutating func add(_ sequenceNumber: SequenceNumber) -> Bool {
    let step = first.distance(to: sequenceNumber)
    guard (1...16).contains(step) else { return false }
    following |= 1 << (step - 1)
    return true
  }
}

/// The missing packets that are asked for at once. What finds no room is asked for the next time.
public struct NACKBatch: Sendable {
  static let capacity = 16

  private var entries = InlineArray<16, NACKEntry>(repeating: NACKEntry(first: 0))
  public private(set) var count = 0

  public init() {}

  public var isEmpty: Bool { count == 0 }

  public subscript(index: Int) -> NACKEntry { entries[index] }

  /// - Parameter sequenceNumber: Newer than those before.
  /// - Returns: False when there is no room.
  mutating func add(_ sequenceNumber: SequenceNumber) -> Bool {
    if count > 0, entries[count - 1].add(sequenceNumber) { return true }
    guard count < Self.capacity else { return false }
    entries[count] = NACKEntry(first: sequenceNumber)
    count += 1
    return true
  }
}

extension RTCPWriter {
  /// - Parameter batch: Not empty.
  public mutating func writeGenericNACK(
    _ batch: borrowing NACKBatch, from senderSSRC: UInt32, of mediaSSRC: UInt32, to buffer: inout MutableRawSpan
  ) -> Bool {
    let length = RTCPHeader.length + FeedbackHeader.length + batch.count * NACKEntry.length
    guard !batch.isEmpty,
      let position = begin(
        type: RTCPType.transportFeedback, count: GenericNACK.format, length: length, in: &buffer)
    else { return false }
    buffer.store(senderSSRC, at: position)
    buffer.store(mediaSSRC, at: position + 4)
    for index in 0..<batch.count {
      buffer.store(batch[index].first.rawValue, at: position + 8 + index * NACKEntry.length)
      buffer.store(batch[index].following, at: position + 10 + index * NACKEntry.length)
    }
    return true
  }
}
