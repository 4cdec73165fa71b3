/// Why bytes are no RTCP.
public enum RTCPError: Error, Hashable, Sendable {
  /// Fewer bytes than a length field says, or than a packet's type needs.
  case truncated
  case notVersion2
  /// Padding in another than the last packet, or of a wrong length.
  case badPadding
  /// A length that does not fit what the packet holds.
  case badLength
}
