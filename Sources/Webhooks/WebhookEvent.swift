import Foundation

/// Something that happened in a session, for those who asked to be told.
public struct WebhookEvent: Sendable, Equatable {
  /// As `WebhookSettings.Event` names it.
  public var type: String
  public var sessionID: String
  /// Seconds since 1970.
  public var createdAt: Int
  /// The text of a JSON object, without `session_id`, which is added.
  public var data: [UInt8]

  public init(type: String, sessionID: String, createdAt: Int, data: [UInt8] = Array("{}".utf8)) {
    self.type = type
    self.sessionID = sessionID
    self.createdAt = createdAt
    self.data = data
  }

  /// What is delivered: `{"id","object":"event","type","created_at","data":{"session_id",…}}`.
  ///
  /// Data that is no object is left out: a receiver that cannot read one event is sent it for ever.
  func body(id: String) -> [UInt8] {
    let head =
      #"{"id":\#(Self.quoted(id)),"object":"event","type":\#(Self.quoted(type)),"created_at":\#(createdAt),"#
      + #""data":{"session_id":\#(Self.quoted(sessionID))"#
    return Array(head.utf8) + members + Array("}}".utf8)
  }

  /// The members of `data`, each with a comma before it.
  private var members: [UInt8] {
    // A zero byte would have the parser guess another encoding.
    guard !data.contains(0), let fields = try? JSONSerialization.jsonObject(with: Data(data)) as? [String: Any],
      !fields.isEmpty,
      let open = data.firstIndex(of: UInt8(ascii: "{")), let close = data.lastIndex(of: UInt8(ascii: "}"))
    else { return [] }
    return [UInt8(ascii: ",")] + data[(open + 1)..<close]
  }

  private static func quoted(_ text: String) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? #""""#
  }

  /// `evt_` and 128 random bits.
  static func makeID() -> String {
    "evt_" + UUID().uuidString.replacing("-", with: "").lowercased()
  }
}
