/// One packet of a compound. Lists stay in the bytes, and are read from there.
public enum RTCPPacket: Sendable {
  case senderReport(SenderReport)
  case receiverReport(ReceiverReport)
  case sourceDescription(SourceDescription)
  case goodbye(Goodbye)
  case genericNACK(GenericNACK)
  /// What asks for a picture. Nothing is done about it while there is only audio.
  case pictureLossIndication(PictureLossIndication)
  case fullIntraRequest(FullIntraRequest)
  /// Of a type, or of a feedback format, that is not acted upon: APP, XR, bandwidth estimates.
  case other(type: UInt8, format: UInt8)
}

/// Packet types (RFC 3550, section 12.1; RFC 4585, section 6.1).
enum RTCPType {
  static let senderReport: UInt8 = 200
  static let receiverReport: UInt8 = 201
  static let sourceDescription: UInt8 = 202
  static let goodbye: UInt8 = 203
  static let transportFeedback: UInt8 = 205
  static let payloadFeedback: UInt8 = 206
}
