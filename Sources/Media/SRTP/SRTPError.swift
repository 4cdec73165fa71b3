/// Why a packet was not protected or not accepted.
public enum SRTPError: Error, Hashable, Sendable {
  /// Too short for its header and tag, or longer than any packet here.
  case badLength
  /// The header is no RTP or RTCP header.
  case badHeader
  /// The buffer has no room for what protection adds.
  case noRoom
  /// Forged, damaged, or of other keys.
  case notAuthentic
  /// Seen before, or too old to tell. Also what is at or below the index at which a restored receiver begins.
  case replayed
  /// RTCP that says it is not encrypted.
  case notEncrypted
  /// Of a source that was not declared, that was given up before, or that is one too many.
  case unknownSource
  /// To be sent with an index that is not reserved, or with one of before the restart.
  case notReserved
  /// libsrtp or OpenSSL failed otherwise, which has to do with memory or with their installation.
  case library
}
