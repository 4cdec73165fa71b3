/// The `o=` line (RFC 8866, section 5.2): which session, and which version of its description.
public struct Origin: Sendable, Hashable {
  /// A number, kept as text: some write more digits than fit 64 bits.
  public let session: String
  public let version: String

  init(_ lines: [SDPLine]) throws(SDPError) {
    let form = "o=<user> <session id> <version> IN IP4 <address>"
    guard let line = lines.first(where: { $0.type == UInt8(ascii: "o") }) else {
      throw SDPError(line: 0, text: "", expected: "an origin line, \(form)")
    }
    let fields = line.value.fields
    guard fields.count == 6 else { throw SDPError(line, expected: form) }
    session = String(fields[1])
    version = String(fields[2])
  }
}
