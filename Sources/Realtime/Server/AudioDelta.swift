/// `response.output_audio.delta`, written by hand: most bytes that a session sends are in it.
enum AudioDelta {
  static func encoded(_ address: ContentAddress, audio: [UInt8], eventID: String) -> [UInt8] {
    var head: [UInt8] = []
    head.reserveCapacity(256)
    head.append(contentsOf: #"{"type":"response.output_audio.delta","event_id":""#.utf8)
    append(eventID, to: &head)
    head.append(contentsOf: #"","response_id":""#.utf8)
    append(address.responseID, to: &head)
    head.append(contentsOf: #"","item_id":""#.utf8)
    append(address.itemID, to: &head)
    head.append(contentsOf: #"","output_index":"#.utf8)
    head.append(contentsOf: String(address.outputIndex).utf8)
    head.append(contentsOf: #","content_index":"#.utf8)
    head.append(contentsOf: String(address.contentIndex).utf8)
    head.append(contentsOf: #","delta":""#.utf8)
    return Base64.encode(audio, between: head, and: tail)
  }

  private static let tail = Array(#""}"#.utf8)

  /// The inside of a JSON string (RFC 8259 §7).
  private static func append(_ text: String, to bytes: inout [UInt8]) {
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case 0..<0x20:
        let hex = String(byte, radix: 16)
        bytes.append(contentsOf: (byte < 0x10 ? "\\u000" : "\\u00").utf8)
        bytes.append(contentsOf: hex.utf8)
      default:
        bytes.append(byte)
      }
    }
  }
}
