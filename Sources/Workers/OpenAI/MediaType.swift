import Foundation

/// The value of a `Content-Type`: `audio/pcm; rate=24000` (RFC 9110, section 8.3.1).
struct MediaType {
  /// Lower case, without parameters; empty where there is none.
  let name: String
  private let parameters: [String: String]

  init(_ text: String) {
    let parts = text.lowercased().split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
    name = parts.first ?? ""
    let pairs = parts.dropFirst().compactMap { part -> (String, String)? in
      guard let equals = part.firstIndex(of: "=") else { return nil }
      return (String(part[..<equals]), part[part.index(after: equals)...].trimmingCharacters(in: ["\"", " "]))
    }
    parameters = Dictionary(pairs) { first, _ in first }
  }

  /// Of audio in a form that Viva does not read, or of no audio at all.
  var isUnplayable: Bool {
    name.hasPrefix("text/") || name.hasPrefix("image/") || name.hasPrefix("video/") || name == "application/json"
      || ["audio/mpeg", "audio/mp3", "audio/aac", "audio/mp4", "audio/flac", "audio/x-flac"].contains(name)
  }

  func integer(_ parameter: String) -> Int? {
    parameters[parameter].flatMap { Int($0) }
  }
}
