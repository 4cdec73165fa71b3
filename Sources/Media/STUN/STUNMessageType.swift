/// Method and class of a message (RFC 8489, section 5). Binding is the one method that ICE uses.
public struct STUNMessageType: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
  public let rawValue: UInt16

  public init(rawValue: UInt16) {
    self.rawValue = rawValue
  }

  public static let bindingRequest = STUNMessageType(rawValue: 0x0001)
  public static let bindingIndication = STUNMessageType(rawValue: 0x0011)
  public static let bindingSuccess = STUNMessageType(rawValue: 0x0101)
  public static let bindingError = STUNMessageType(rawValue: 0x0111)
}
