/// Reads lines into a `SessionDescription` (RFC 8866): strict in form, tolerant in content. Lines may end with CRLF or
/// LF, empty ones are skipped, and so are lines of unknown letters. Any bytes are safe.
struct SDPReader {
  enum Form {
    /// Begins with `v=0` and `o=`.
    case description
    /// `application/trickle-ice-sdpfrag` (RFC 8840, section 9): only `a=` and `m=` lines count.
    case fragment
  }

  private let form: Form
  private var description = SessionDescription()
  private var count = 0

  private init(_ form: Form) {
    self.form = form
  }

  static func read(_ bytes: [UInt8], as form: Form = .description) throws(SDPError) -> SessionDescription {
    guard bytes.count <= SDPLimits.bytes else {
      throw SDPError(line: 0, text: "", expected: "at most \(SDPLimits.bytes) bytes; these are \(bytes.count)")
    }
    var reader = SDPReader(form)
    var rest = bytes.starts(with: byteOrderMark) ? bytes.dropFirst(byteOrderMark.count) : bytes[...]
    var number = 0
    while !rest.isEmpty {
      let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
      number += 1
      try reader.take(rest[..<end], number)
      rest = rest[end...].dropFirst()
    }
    return try reader.finish()
  }

  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
  /// RFC 8866, section 5, which would have a description with any other rejected: nobody would gain by it.
  private static let letters = Set("vosiuepcbtrzkam".utf8)

  private mutating func take(_ bytes: ArraySlice<UInt8>, _ number: Int) throws(SDPError) {
    var bytes = bytes
    while bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    guard !bytes.isEmpty else { return }
    count += 1
    // A byte that is not UTF-8 is shown as U+FFFD: names of sessions in older charsets are no reason to refuse.
    let text = String(decoding: bytes, as: UTF8.self)
    func fail(_ expected: String) -> SDPError { SDPError(line: number, text: text, expected: expected) }

    guard count <= SDPLimits.lines else { throw fail("at most \(SDPLimits.lines) lines") }
    if count == 1, form == .description, text.utf8.prefix(3).elementsEqual("v=0".utf8) == false {
      throw fail(Self.firstLine(insteadOf: text))
    }
    guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == UInt8(ascii: "\t") }) else {
      throw fail("no control characters")
    }
    guard bytes.count >= 2, bytes[bytes.startIndex + 1] == UInt8(ascii: "=") else {
      throw fail("a letter and =, as in \"a=sendrecv\"")
    }
    let letter = bytes[bytes.startIndex]
    guard Self.letters.contains(letter) else { return }
    let value = Substring(text.utf8.dropFirst(2)).trimmed
    try take(SDPLine(Unicode.Scalar(letter), value, number: number))
  }

  private mutating func take(_ line: SDPLine) throws(SDPError) {
    if count == 1, form == .description, line.value != "0" {
      throw SDPError(line, expected: Self.firstLine(insteadOf: line.text))
    }
    if line.type == UInt8(ascii: "m") {
      guard description.sections.count < SDPLimits.sections else {
        throw SDPError(line, expected: "at most \(SDPLimits.sections) m= lines")
      }
      description.sections.append(try Self.section(line))
      return
    }
    let last = description.sections.count - 1
    let lines = last < 0 ? description.session.count : description.sections[last].lines.count
    guard lines < SDPLimits.linesPerSection else {
      throw SDPError(line, expected: "at most \(SDPLimits.linesPerSection) lines in a section")
    }
    if last < 0 {
      description.session.append(line)
    } else {
      description.sections[last].lines.append(line)
    }
  }

  private func finish() throws(SDPError) -> SessionDescription {
    guard count > 0 else { throw SDPError(line: 0, text: "", expected: "an SDP; the body is empty") }
    return description
  }

  /// RFC 8866, section 5.14: `<media> <port>[/<number of ports>] <proto> <fmt> ...`.
  private static func section(_ line: SDPLine) throws(SDPError) -> SessionDescription.Section {
    let fields = line.value.fields
    guard fields.count >= 4, let port = fields[1].cut(at: "/").0.decimal(in: UInt16.min...UInt16.max) else {
      throw SDPError(line, expected: "m=<media> <port 0 to 65535> <protocol> <format> ...")
    }
    guard fields.count - 3 <= SDPLimits.formats else {
      throw SDPError(line, expected: "at most \(SDPLimits.formats) formats")
    }
    return SessionDescription.Section(
      media: String(fields[0]), port: port, proto: String(fields[2]), formats: fields[3...].map(String.init),
      number: line.number)
  }

  /// What people post by mistake is told apart.
  private static func firstLine(insteadOf text: String) -> String {
    if text.hasPrefix("{") || text.hasPrefix("\"") {
      return "\"v=0\": send the description's sdp itself, not JSON"
    }
    return text.contains("\\n")
      ? "\"v=0\" alone on the line: line breaks have to be CR LF, not the characters \\r\\n"
      : "\"v=0\" as the first line"
  }
}
