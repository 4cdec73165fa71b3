/// A data channel's parameters (RFC 8831, section 6.4), as it was opened.
public struct DataChannel: Sendable, Hashable {
  public enum Reliability: Sendable, Hashable {
    case reliable
    /// Sent again so many times at most.
    case retransmissions(UInt32)
    /// Given up after so many milliseconds.
    case lifetime(UInt32)
  }

  public var label: String
  /// The sub-protocol; empty for none.
  public var `protocol`: String
  public var isOrdered: Bool
  public var reliability: Reliability
  /// 128 is below normal, 256 normal, 512 high, 1024 extra high. Carried, not acted upon.
  public var priority: UInt16

  public init(
    label: String, protocol: String = "", isOrdered: Bool = true, reliability: Reliability = .reliable,
    priority: UInt16 = 256
  ) {
    self.label = label
    self.protocol = `protocol`
    self.isOrdered = isOrdered
    self.reliability = reliability
    self.priority = priority
  }
}

/// One message on a data channel. Text is UTF-8 as it came; whether it is valid nobody checked.
public struct DataChannelMessage: Sendable, Hashable {
  public var isText: Bool
  public var bytes: [UInt8]

  public static func text(_ text: some StringProtocol) -> DataChannelMessage {
    DataChannelMessage(isText: true, bytes: Array(text.utf8))
  }

  public static func binary(_ bytes: [UInt8]) -> DataChannelMessage {
    DataChannelMessage(isText: false, bytes: bytes)
  }

  public init(isText: Bool, bytes: [UInt8]) {
    self.isText = isText
    self.bytes = bytes
  }
}
