import Audio
import Media
import Resilience
import Rooms
import Runtime
import Sessions

/// The media of a caller as their session sees it, or of a guest in a caller's room; and what the shard's loop knows of
/// them.
///
/// `@unchecked Sendable`: all of it is used on the thread of its shard only. The session lives there and calls nowhere
/// else (`MediaChannel`), and the loop checks the thread where it is entered.
final class CallMedia: MediaChannel, @unchecked Sendable {
  let session: Session
  let tag: UInt32
  /// Of the caller, in whose room this one is a guest; nil for callers themselves.
  let host: UInt32?
  let participant: ParticipantID
  /// Outlives every call.
  private unowned let loop: MediaLoop
  /// Of what the caller hears.
  var format: PlayoutFormat
  /// For a session that has a WebSocket and gets this beside it: how many guests may join, once it carries sound. nil
  /// where there is nothing beside it.
  let guestsBesideSocket: Int?
  /// nil when the answer has no data channel.
  let data: DataChannelPlan?
  let onEnd: @Sendable () -> Void

  /// Of the data channel's association, once it was begun.
  var association: DataChannels.ID?
  /// The session has been given it.
  var isAttached = false
  /// Media may flow, or could before.
  var wasConnected = false
  var isLost = false
  var link = LinkWatch()
  /// The caller was lost, and the session is over if they are not back by then.
  var expires: Instant?
  /// When the caller said goodbye (RTCP BYE), which may have been for one voice of several.
  var goodbye: Instant?

  /// The caller's.
  var room: LiveRoom?
  var guests: [UInt32] = []

  init(
    session: Session, tag: UInt32, guest: (host: UInt32, participant: ParticipantID)?, loop: MediaLoop,
    format: PlayoutFormat, data: DataChannelPlan?, guestsBesideSocket: Int? = nil,
    onEnd: @escaping @Sendable () -> Void
  ) {
    self.session = session
    self.tag = tag
    host = guest?.host
    participant = guest?.participant ?? .client
    self.loop = loop
    self.format = format
    self.guestsBesideSocket = guestsBesideSocket
    self.data = data
    self.onEnd = onEnd
  }

  /// The caller hears Opus, so that packets of a voice may go out as they are.
  var takesPackets: Bool { format.codec == .opus }
  var phraseFormat: PlayoutFormat? { format }

  func play(_ samples: [Int16]) { loop.play(samples, by: tag) }

  func play(packet: [UInt8], lasting samples: Int) { loop.play(packet: packet, by: tag) }

  func play(_ phrase: EncodedPhrase) { loop.play(phrase, by: tag) }

  /// The playout fills up the last packet by itself, when nothing more comes.
  func endAnswer() {}

  func clear() { loop.clear(tag) }

  func close(reason: String) { loop.close(self) }
}

/// What a room does to media. See `CallMedia` for why this is `@unchecked Sendable`: it is used in the same places.
final class RoomChannel: RoomMedia, @unchecked Sendable {
  private let host: UInt32
  private unowned let loop: MediaLoop

  init(host: UInt32, loop: MediaLoop) {
    self.host = host
    self.loop = loop
  }

  func seat(_ seats: [RoomSeat]) { loop.seat(seats, in: host) }

  func transcribe(_ place: Int32?) { loop.transcribe(place.map { Int($0) }, in: host) }

  func muteCaller(_ isMuted: Bool) { loop.muteCaller(host, isMuted) }
}

/// What was negotiated of a data channel.
struct DataChannelPlan: Sendable {
  /// Ours, in DTLS.
  var role: DTLSRole
  var configuration: SCTPConfiguration

  init?(_ answer: Answer) {
    guard let data = answer.data, let role = answer.transport.role else { return nil }
    self.role = role
    configuration = SCTPConfiguration()
    configuration.port = data.localPort
    configuration.peerPort = data.remotePort
    configuration.peerMaximumMessageSize = data.remoteMaximumMessageSize ?? configuration.maximumMessageSize
  }
}
