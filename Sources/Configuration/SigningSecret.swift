import Foundation

/// What requests to webhooks and tools are signed with (Standard Webhooks).
enum SigningSecret {
  static let allowed = "whsec_ and the base64 of 24 to 64 bytes, or 16 characters or more"

  static func isValid(_ text: String) -> Bool {
    let prefix = "whsec_"
    guard text.hasPrefix(prefix) else { return text.count >= 16 && text.utf8.count <= 4096 }
    guard let key = Data(base64Encoded: String(text.dropFirst(prefix.count))) else { return false }
    return (24...64).contains(key.count)
  }
}
