import Foundation
import Signing

/// What is sent to a tool's service: the same id and body at every attempt, so that the service can tell a repeated
/// call from a second one.
struct ToolMessage {
  /// Of arguments, in bytes.
  static let maximumArguments = 256 << 10

  /// Made of the session's id and the call's, since language models number their calls as they like: two sessions
  /// may both have a `call_0`.
  let id: String
  /// JSON text.
  let body: [UInt8]

  /// - Parameter createdAt: Of the call, in seconds since 1970.
  init(_ request: ToolRequest, createdAt: Int) throws(ToolFailure) {
    id = "call_" + SHA256.hexadecimal(Array("\(request.sessionID)\u{0}\(request.callID)".utf8)).prefix(32)
    let arguments = try Self.arguments(request.arguments)
    let head: JSONValue = [
      "type": "tool.call", "id": .string(id), "created_at": .integer(createdAt),
      "tool": .string(request.tool.name), "call_id": .string(request.callID),
      "session_id": .string(request.sessionID), "agent": .string(request.agent),
    ]
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let text = try? encoder.encode(head) else { throw Self.noObject }
    // As the model wrote them: a number of twenty digits stays what it is.
    body = text.dropLast() + Array(#","arguments":"#.utf8) + arguments + [UInt8(ascii: "}")]
  }

  /// - Returns: the text of a JSON object. Models write nothing at all for a function without parameters.
  private static func arguments(_ text: String) throws(ToolFailure) -> [UInt8] {
    let bytes = Array(text.utf8)
    guard bytes.count <= maximumArguments else {
      throw ToolFailure(.invalidArguments, "The arguments are longer than \(maximumArguments) bytes.")
    }
    if text.allSatisfy(\.isWhitespace) { return Array("{}".utf8) }
    // A zero byte would have the parser guess another encoding.
    guard !bytes.contains(0), (try? JSONSerialization.jsonObject(with: Data(bytes))) is [String: Any],
      let open = bytes.firstIndex(of: UInt8(ascii: "{")), let close = bytes.lastIndex(of: UInt8(ascii: "}"))
    else { throw noObject }
    return Array(bytes[open...close])
  }

  private static let noObject = ToolFailure(
    .invalidArguments, "The arguments must be one JSON object. Call the function again with valid JSON.")
}
