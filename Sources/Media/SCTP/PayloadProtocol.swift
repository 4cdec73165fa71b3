/// What a user message of SCTP is (RFC 8831, section 8). 52 and 54, messages in parts, are obsolete and ignored.
enum PayloadProtocol: UInt32 {
  case dcep = 50
  case string = 51
  case binary = 53
  /// SCTP has no empty messages: one byte stands for none.
  case stringEmpty = 56
  case binaryEmpty = 57
}
