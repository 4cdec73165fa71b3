import Runtime

/// Decides for each packet of a voice to whom it goes. Sans-IO; for the loop that reads packets: nothing is allocated
/// but where a seat changes hands.
///
/// Each participant gets one stream of audio, so one voice at a time: the *first* speaker's. The first speaker gets the
/// *second* one's, to hear who talks over them. Who begins to speak after a silence is heard from the first packet on;
/// a person who speaks over the agent takes its place after 60 ms, and over another person once that one pauses.
public struct VoiceSwitch: Sendable {
  /// A seat's number and a level tell all that is to be known of a speaker; there are a few at a time.
  private struct Voice {
    var isHeard = false
    /// When it last was loud enough to be a voice; nil before.
    var lastVoiced: Instant?
    /// Packets with voice in a row.
    var run = 0
  }

  /// A louder packet, in −dBov, has a voice in it.
  static let quietestVoice: UInt8 = 50
  /// Taken for what a sender without RFC 6464 is as loud as.
  static let unknownLevel: UInt8 = 40
  /// A gap that is shorter than this is within a sentence.
  static let pause = Duration.milliseconds(300)
  /// Packets of a person, in a row, that silence the agent.
  private static let packetsOverAgent = 3

  private var seats: [RoomSeat] = []
  /// By seat number.
  private var voices: [Voice] = []
  /// By seat number; the empty range for whoever is not heard now.
  private var ranges: [Range<Int>] = []
  private var activity = SpeakerActivity()
  /// Who is heard by all others.
  public private(set) var first: Int?
  /// Who is heard by the first.
  public private(set) var second: Int?
  /// Places in the shard's slab: `route` says which part of it a packet goes to.
  public private(set) var targets: [Int32] = []

  public init() {}

  /// Takes who is in the room now.
  public mutating func seat(_ seats: [RoomSeat]) {
    self.seats = seats
    let count = max(voices.count, (seats.map(\.number).max() ?? -1) + 1)
    voices += repeatElement(Voice(), count: count - voices.count)
    for number in voices.indices {
      let isHeard = seats.contains { $0.number == number && $0.isHeard }
      if isHeard == voices[number].isHeard { continue }
      voices[number] = Voice(isHeard: isHeard)
      activity.forget(number)
      if first == number { first = nil }
      if second == number { second = nil }
    }
    if first == nil { (first, second) = (second, nil) }
    lay()
  }

  /// A packet of a voice has come.
  ///
  /// - Parameters:
  ///   - seat: of its sender.
  ///   - level: in −dBov, 0...127 (RFC 6464); nil when the sender does not tell.
  /// - Returns: the part of `targets` that it goes to, whose peer number is in the slab; empty for nobody.
  public mutating func route(from seat: Int, level: UInt8?, at now: Instant) -> Range<Int> {
    guard voices.indices.contains(seat), voices[seat].isHeard else { return 0..<0 }
    let level = level ?? Self.unknownLevel
    activity.heard(seat, level: level)
    if level <= Self.quietestVoice {
      voices[seat].lastVoiced = now
      voices[seat].run += 1
    } else {
      voices[seat].run = 0
    }
    if seat != first, level <= Self.quietestVoice { contend(seat, at: now) }
    return ranges[seat]
  }

  /// To be asked about ten times a second.
  ///
  /// - Returns: who has become the active speaker; nil when that has not changed.
  public mutating func nextActiveSpeaker(at now: Instant) -> Int? {
    activity.next(at: now)
  }

  // MARK: The two places

  private mutating func contend(_ seat: Int, at now: Instant) {
    let before = (first, second)
    if yields(first, to: seat, at: now) {
      second = first
      first = seat
    } else if seat != second, yields(second, to: seat, at: now) {
      second = seat
    }
    if before != (first, second) { lay() }
  }

  private func yields(_ holder: Int?, to seat: Int, at now: Instant) -> Bool {
    guard let holder, let last = voices[holder].lastVoiced, now - last < Self.pause else { return true }
    return holder == RoomSeat.agent && voices[seat].run >= Self.packetsOverAgent
  }

  /// Lays out anew who gets whose packets.
  private mutating func lay() {
    targets.removeAll(keepingCapacity: true)
    ranges.removeAll(keepingCapacity: true)
    ranges += repeatElement(0..<0, count: voices.count)
    guard let first else { return }
    for seat in seats where seat.number != first {
      if let place = seat.place { targets.append(place) }
    }
    ranges[first] = 0..<targets.count
    guard let second, let place = seats.first(where: { $0.number == first })?.place else { return }
    ranges[second] = targets.count..<targets.count + 1
    targets.append(place)
  }
}
