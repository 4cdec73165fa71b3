import Glibc
import Logging

/// Formats an entry as one line. What a client sent cannot forge a second line or a terminal sequence:
/// control characters are escaped. Metadata whose name says secret (`…key`, `…token`, `…secret`,
/// `…password`, `authorization`) is not written.
struct LineLogHandler: LogHandler {
  let label: String
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?
  private let clock: @Sendable () -> timespec
  private let write: @Sendable (String) -> Void

  init(
    label: String, logLevel: Logger.Level, clock: @escaping @Sendable () -> timespec = Self.wallClock,
    write: @escaping @Sendable (String) -> Void
  ) {
    self.label = label
    self.logLevel = logLevel
    self.clock = clock
    self.write = write
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var all = metadata
    if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
    if let own = event.metadata { all.merge(own) { _, new in new } }
    if let error = event.error { all["error"] = "\(error)" }

    var line = "\(Self.timestamp(clock())) \(event.level.rawValue) \(label): "
    line += Self.escaped("\(event.message)")
    for (key, value) in all.sorted(by: { $0.key < $1.key }) {
      line += " \(Self.escaped(key))=\(Self.isSecret(key) ? "[secret]" : Self.field("\(value)"))"
    }
    write(line + "\n")
  }

  @Sendable static func wallClock() -> timespec {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return now
  }

  /// RFC 3339, UTC, milliseconds.
  static func timestamp(_ time: timespec) -> String {
    var seconds = time.tv_sec
    var utc = tm()
    gmtime_r(&seconds, &utc)
    let date =
      "\(digits(Int(utc.tm_year) + 1900, 4))-\(digits(Int(utc.tm_mon) + 1, 2))-\(digits(Int(utc.tm_mday), 2))"
    let clock = "\(digits(Int(utc.tm_hour), 2)):\(digits(Int(utc.tm_min), 2)):\(digits(Int(utc.tm_sec), 2))"
    return "\(date)T\(clock).\(digits(time.tv_nsec / 1_000_000, 3))Z"
  }

  private static func digits(_ value: Int, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }

  static func isSecret(_ key: String) -> Bool {
    let key = key.lowercased()
    return ["key", "token", "secret", "password", "authorization"].contains { key.hasSuffix($0) }
  }

  /// Quoted when it would not read as one word.
  private static func field(_ value: String) -> String {
    let text = escaped(value)
    guard text.isEmpty || text.contains(where: { " \"=".contains($0) }) else { return text }
    return "\"\(text.replacing("\"", with: "\\\""))\""
  }

  private static func escaped(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
    var safe = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": safe += "\\n"
      case "\r": safe += "\\r"
      case "\t": safe += "\\t"
      case _ where isUnsafe(scalar): safe += "\\u{\(String(scalar.value, radix: 16))}"
      default: safe.unicodeScalars.append(scalar)
      }
    }
    return safe
  }

  private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}
