/// Why bytes are no RTP packet.
public enum RTPError: Error, Hashable, Sendable {
  /// Fewer bytes than the header says.
  case truncated
  case notVersion2
  /// The padding's length is zero, or more than the payload.
  case badPadding
}
