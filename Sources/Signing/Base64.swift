import FoundationEssentials

/// RFC 4648 section 4.
enum Base64 {
  static func encode(_ bytes: [UInt8]) -> String {
    Data(bytes).base64EncodedString()
  }

  /// nil where `text` is not base64 with its padding.
  static func decode(_ text: some StringProtocol) -> [UInt8]? {
    Data(base64Encoded: String(text)).map(Array.init)
  }
}
