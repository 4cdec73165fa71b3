import Foundation

/// The answer of a tool's service.
struct ToolReply {
  /// Of an answer, in bytes.
  static let maximumBody = 256 << 10
  /// Of an error's message, in characters.
  static let maximumMessage = 500

  var status: Int
  /// The value of `Retry-After`.
  var retryAfter: String?
  /// nil where it is longer than `maximumBody`.
  var body: [UInt8]?

  /// What the language model is told.
  func output() throws(ToolFailure) -> String {
    guard (200..<300).contains(status) else { throw failure }
    guard let body else {
      throw ToolFailure(.malformed, "The service's answer is longer than \(Self.maximumBody) bytes.")
    }
    guard let text = String(validating: body, as: UTF8.self) else {
      throw ToolFailure(.malformed, "The service's answer is not text in UTF-8.")
    }
    return text.isEmpty ? "{}" : text
  }

  private var failure: ToolFailure {
    let said = body.flatMap { try? JSONSerialization.jsonObject(with: Data($0)) }.flatMap(Self.message)
    let message = said.map { String($0.prefix(Self.maximumMessage)) } ?? "The service answered with HTTP \(status)."
    var failure = ToolFailure(.refused, message, status: status)
    // A date (RFC 9110 section 10.2.3) is rare, and no use without a common clock.
    failure.retryAfter = retryAfter.flatMap { Int($0) }.map { .seconds(min(max($0, 0), 86_400)) }
    return failure
  }

  /// `{"error":{"message"}}`, `{"error"}`, `{"message"}` or `{"detail"}`.
  private static func message(_ value: Any) -> String? {
    guard let fields = value as? [String: Any] else { return nil }
    let error = (fields["error"] as? [String: Any])?["message"]
    return [error, fields["error"], fields["message"], fields["detail"]].lazy.compactMap { $0 as? String }.first
  }
}
