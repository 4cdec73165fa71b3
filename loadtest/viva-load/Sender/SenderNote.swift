import Foundation
import Media

/// A line of the sender's output.
struct SenderNote: Encodable {
  var event: String
  /// Since 1970.
  var unixMilliseconds = Double(WallClock.now.unixNanoseconds) / 1e6
  var sdp: String?
  var ssrc: UInt32?
  /// Of the packet, with its rollover counter.
  var index: UInt64?
  var hertz: Int?
  /// SDES' name of the SRTP suite.
  var cipher: String?
  /// Audio packets that were authentic.
  var received: Int?
  /// Datagrams that were not taken, by the reason.
  var dropped: [String: Int]?
  /// As the client reports it.
  var remotePacketsLost: Int32?

  init(event: String) { self.event = event }

  func say() {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    if let line = try? encoder.encode(self) { viva_load.say(String(decoding: line, as: UTF8.self)) }
  }
}
