/// The pieces of the Prometheus text exposition format 0.0.4.
enum PrometheusText {
  /// `a="1",b="2"`, sorted by name.
  static func labels(_ labels: [String: String]) -> String {
    labels.sorted { $0.key < $1.key }
      .map { "\($0.key)=\"\(escapedLabel($0.value))\"" }
      .joined(separator: ",")
  }

  static func escapedLabel(_ value: String) -> String {
    escaped(value, quotes: true)
  }

  static func escapedHelp(_ value: String) -> String {
    escaped(value, quotes: false)
  }

  // By scalar: as characters, a carriage return and its newline are one.
  private static func escaped(_ value: String, quotes: Bool) -> String {
    var text = String.UnicodeScalarView()
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\\": text.append(contentsOf: "\\\\".unicodeScalars)
      case "\n": text.append(contentsOf: "\\n".unicodeScalars)
      case "\"" where quotes: text.append(contentsOf: "\\\"".unicodeScalars)
      default: text.append(scalar)
      }
    }
    return String(text)
  }

  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return Int64(exactly: value).map(String.init) ?? "\(value)"
  }

  /// `[a-zA-Z_:][a-zA-Z0-9_:]*`
  static func isMetricName(_ name: String) -> Bool {
    isLabelName(name.replacing(":", with: "_"))
  }

  /// `[a-zA-Z_][a-zA-Z0-9_]*`
  static func isLabelName(_ name: String) -> Bool {
    guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
      return false
    }
    return name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
        true
      default: false
      }
    }
  }
}
