import Foundation

@testable import Realtime

extension FuzzTarget {
  /// A text message of a client.
  static let clientEvent = FuzzTarget("client-event") { input in
    do throws(RealtimeError) {
      let event = try ClientEvent.decode(input.bytes)
      checkScanner(agreesOn: input.bytes)
      switch event.body {
      case .sessionUpdate(let patch):
        update(RealtimeSession(id: "sess_1", model: "assistant"), patch)
        update(RealtimeSession(id: "sess_1", model: "assistant", kind: .transcription), patch)
      case .conversationItemCreate(let item, _):
        checkReadable(.conversationItemAdded(item, previousItemID: nil))
      default: break
      }
    } catch {
      checkRefusal(error)
    }
  }

  /// The body of `POST /v1/realtime/client_secrets`.
  static let clientSecret = FuzzTarget("client-secret") { input in
    do throws(RealtimeError) {
      let request = try ClientSecretRequest.decode(input.bytes)
      expect((10...7200).contains(request.seconds), "a key for \(request.seconds) s")
      if let patch = request.session { update(RealtimeSession(id: "sess_1", model: "assistant"), patch) }
    } catch {
      checkRefusal(error)
    }
  }

  /// JSON that is carried as it is, like the schema of a tool.
  static let jsonValue = FuzzTarget("json-value") { input in
    // With a NUL byte JSONDecoder takes it for UTF-16.
    guard (try? RealtimeJSON.checkShape(of: input.bytes)) != nil else { return }
    let value = JSONReader.read(input.bytes)
    let decoded = try? JSONDecoder().decode(JSONValue.self, from: Data(input.bytes))
    // JSONDecoder takes a comma at the end of a list, and anything as a field that is there already.
    guard value != nil else {
      if let decoded { expect(JSONValue(text: decoded.text).isSame(as: decoded), "\(decoded.text) is not read") }
      return
    }
    expect(
      value.isSame(as: decoded), "JSONDecoder reads \(String(describing: decoded)), not \(String(describing: value))")
    expect(value.flatMap { JSONValue(text: $0.text) } == value, "it does not come back")
  }

  static let base64 = FuzzTarget("base64") { input in
    // Foundation takes more than there should be, like `AB=g`.
    if let decoded = input.bytes.withUnsafeBufferPointer({ Base64.decode($0) }) {
      expect(Data(decoded) == Data(base64Encoded: Data(input.bytes)), "Foundation decodes it otherwise")
    }
    let encoded = Base64.encode(input.bytes)
    expect(encoded == Data(input.bytes).base64EncodedString(), "Foundation encodes it otherwise")
    expect(Base64.decode(encoded) == input.bytes, "it does not come back")
  }

  private static func update(_ session: RealtimeSession, _ patch: SessionPatch) {
    do throws(RealtimeError) {
      checkReadable(.sessionUpdated(try session.applying(patch, audioHasBeenProduced: false)))
    } catch {
      checkRefusal(error)
    }
  }

  /// The fast reader of appends may leave a message alone, but must not read it otherwise than the general one.
  private static func checkScanner(agreesOn bytes: [UInt8]) {
    guard let append = AppendScanner.scan(bytes) else { return }
    guard let general = try? RealtimeJSON.decode(ClientMessage.self, from: bytes) else {
      fatalError("the scanner takes what is no message")
    }
    expect(general.eventID == append.eventID, "event_id is \(String(describing: append.eventID))")
    expect(
      general.body == Result { () throws(RealtimeError) in try append.body }, "the scanner reads another body")
  }

  private static func checkReadable(_ event: ServerEvent) {
    do throws(RealtimeError) {
      let message = try ServerMessage.decode(event.encoded(eventID: "event_1"))
      expect(message.type == event.type, "\(event.type) came back as \(message.type)")
    } catch {
      fatalError("\(event.type) cannot be read back: \(error.message)")
    }
  }

  /// An error is in OpenAI's shape, and does not repeat all that it was given.
  private static func checkRefusal(_ error: RealtimeError) {
    expect(error.type == "invalid_request_error", "the error is of type \(error.type)")
    expect(error.code != nil, "the error has no code: \(error.message)")
    let size = ServerEvent.error(error).encoded(eventID: "event_1").count
    expect(size < 16 << 10, "the error has \(size) bytes")
  }
}

extension JSONValue? {
  /// Equal, but for the last digits of a number: JSONDecoder cuts off the fraction of one that is almost an integer.
  fileprivate func isSame(as other: JSONValue?) -> Bool {
    switch (self, other) {
    case (.array(let left)?, .array(let right)?):
      left.count == right.count && zip(left, right).allSatisfy { Optional($0).isSame(as: $1) }
    case (.object(let left)?, .object(let right)?):
      left.count == right.count && left.allSatisfy { Optional($0.value).isSame(as: right[$0.key]) }
    default:
      if let left = number, let right = other.number {
        abs(left - right) <= abs(left) * 1e-12
      } else {
        self == other
      }
    }
  }

  private var number: Double? {
    switch self {
    case .integer(let integer): Double(integer)
    case .number(let number): number
    default: nil
    }
  }
}
