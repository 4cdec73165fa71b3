import Foundation

/// Reads `input_audio_buffer.append` in its plain shape, the one that every client sends fifty times a second: a
/// flat object of `type`, `audio` and perhaps `event_id`, all of them ASCII strings without escapes.
///
/// Whatever looks different is left to the general decoder, errors included, so both always agree.
struct AppendScanner {
  struct Append {
    var eventID: String?
    var audio: [UInt8]

    var body: ClientEvent.Body {
      get throws(RealtimeError) {
        do {
          return try ClientEvent.append(audio)
        } catch {
          var error = error
          error.eventID = eventID
          throw error
        }
      }
    }
  }

  private let bytes: UnsafeBufferPointer<UInt8>
  private var position = 0

  /// - Returns: nil unless the whole message has the plain shape.
  static func scan(_ bytes: [UInt8]) -> Append? {
    bytes.withUnsafeBufferPointer { bytes in
      var scanner = AppendScanner(bytes: bytes)
      return scanner.append()
    }
  }

  private init(bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
  }

  private mutating func append() -> Append? {
    var isAppend = false
    var audio: [UInt8]?
    var eventID: String?
    guard take("{") else { return nil }
    repeat {
      guard let key = string(), take(":"), let value = string() else { return nil }
      if key.isEqual(to: "type"), !isAppend {
        guard value.isEqual(to: "input_audio_buffer.append") else { return nil }
        isAppend = true
      } else if key.isEqual(to: "audio"), audio == nil {
        // Escapes and control characters are outside the alphabet, so this checks the string as well.
        guard let decoded = Base64.decode(value) else { return nil }
        audio = decoded
      } else if key.isEqual(to: "event_id"), eventID == nil {
        guard (1...512).contains(value.count), value.allSatisfy(Self.isPlain) else { return nil }
        eventID = String(decoding: value, as: UTF8.self)
      } else {
        return nil
      }
    } while take(",")
    guard take("}"), skipSpace(), position == bytes.count, isAppend, let audio else { return nil }
    return Append(eventID: eventID, audio: audio)
  }

  /// What stands between two quotes. Its bytes are not checked.
  private mutating func string() -> UnsafeBufferPointer<UInt8>? {
    guard take("\""), position < bytes.count, let base = bytes.baseAddress else { return nil }
    let start = base + position
    guard let quote = memchr(start, Int32(UInt8(ascii: "\"")), bytes.count - position) else { return nil }
    let length = UnsafeRawPointer(quote) - UnsafeRawPointer(start)
    position += length + 1
    return UnsafeBufferPointer(start: start, count: length)
  }

  private mutating func take(_ byte: Unicode.Scalar) -> Bool {
    guard skipSpace(), position < bytes.count, bytes[position] == UInt8(ascii: byte) else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() -> Bool {
    while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    return true
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    (0x20..<0x7F).contains(byte) && byte != UInt8(ascii: "\\")
  }
}

extension UnsafeBufferPointer<UInt8> {
  fileprivate func isEqual(to text: StaticString) -> Bool {
    guard let baseAddress, count == text.utf8CodeUnitCount else { return false }
    return memcmp(baseAddress, text.utf8Start, count) == 0
  }
}
