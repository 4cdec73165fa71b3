import Runtime

/// One source that a peer hears.
struct IncomingAudio: Sendable {
  /// Sources that reports are made of. One too many takes the place of the one that was silent for the longest.
  static let capacity = SRTPSourceTable.capacity

  let ssrc: UInt32
  var section: Int
  /// Whether `section` was told by the source itself, not guessed from the payload type.
  var isSectionCertain = false
  var report: ReceiverReportState
  /// Only when it was negotiated that packets may be asked for.
  var nack: NACKGenerator?
  var lastPacket: Instant
  /// Packets up to the last report: a source that is silent since is not reported on.
  var reportedPackets: UInt64 = 0
  var figures = Figures()

  struct Figures: Sendable {
    var bytesReceived: UInt64 = 0
    var headerBytesReceived: UInt64 = 0
    var retransmittedPacketsReceived: UInt64 = 0
    var nackCount: UInt64 = 0
  }

  init(ssrc: UInt32, _ entry: PayloadTable.Entry, usefulAge: Duration, at now: Instant) {
    self.ssrc = ssrc
    section = entry.section
    report = ReceiverReportState(ssrc: ssrc, clockRate: entry.clockRate)
    if entry.nack { nack = NACKGenerator(usefulAge: usefulAge) }
    lastPacket = now
  }
}

/// Which payload types are taken, and what they are.
struct PayloadTable: Sendable {
  struct Entry: Sendable {
    var payloadType: UInt8 = 0
    var clockRate: UInt32 = 1
    var isTelephoneEvent = false
    var nack = false
    var section = 0
  }

  private static let capacity = 16

  private var entries = InlineArray<16, Entry>(repeating: Entry())
  private var count = 0
  /// Of RFC 6464, the same in all sections of a bundle; 0 when it was not negotiated.
  let audioLevelID: UInt8

  init(_ audio: [PeerAudio]) {
    audioLevelID = audio.lazy.compactMap(\.audioLevelID).first ?? 0
    for section in audio where section.direction.receives {
      let entry = Entry(
        payloadType: section.payloadType, clockRate: max(1, section.clockRate), nack: section.nack,
        section: section.section)
      add(entry)
      guard let event = section.telephoneEvent else { continue }
      // On the same clock as the sound whose numbers it shares.
      add(
        Entry(
          payloadType: event, clockRate: entry.clockRate, isTelephoneEvent: true, nack: section.nack,
          section: section.section))
    }
  }

  private mutating func add(_ entry: Entry) {
    guard count < Self.capacity, self[entry.payloadType] == nil else { return }
    entries[count] = entry
    count += 1
  }

  subscript(payloadType: UInt8) -> Entry? {
    for index in 0..<count where entries[index].payloadType == payloadType { return entries[index] }
    return nil
  }
}
