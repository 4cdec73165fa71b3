import Runtime

/// Who the active speaker is, for those who look on: told with more patience than `VoiceSwitch` has, so that a cough is
/// no change. Sans-IO.
///
/// Time is cut into windows of 100 ms, and a seat speaks in one if its loudest packet there is a voice. Somebody becomes
/// the active speaker who has spoken in three of the last five windows while the one before has spoken in one at most,
/// or who has outspoken them for a second by 6 dB. (After Volfin and Cohen, "Dominant speaker identification for
/// multipoint videoconferencing", 2012: evidence on a short and on a long scale, and who has the floor keeps it.)
struct SpeakerActivity: Sendable {
  private struct Record {
    /// Of the present window, in −dBov.
    var loudest: UInt8 = 127
    /// Windows with a voice, the newest in the lowest bit.
    var windows: UInt16 = 0
    /// Smoothed over its voiced windows, in −dBov.
    var level = 127.0

    func voiced(of count: UInt16) -> Int { (windows & (1 << count - 1)).nonzeroBitCount }
    var speaks: Bool { voiced(of: 5) >= 3 }
    var pauses: Bool { voiced(of: 5) <= 1 }
  }

  private static let window = Duration.milliseconds(100)
  /// What a challenger has to be louder by, in dB.
  private static let margin = 6.0

  /// By seat number.
  private var records: [Record] = []
  private var active: Int?
  private var windowEnd: Instant?

  /// A packet of a seat. Nothing is allocated for a seat that was heard before.
  mutating func heard(_ seat: Int, level: UInt8) {
    if seat >= records.count { records += repeatElement(Record(), count: seat + 1 - records.count) }
    records[seat].loudest = min(records[seat].loudest, level)
  }

  mutating func forget(_ seat: Int) {
    if seat < records.count { records[seat] = Record() }
    if active == seat { active = nil }
  }

  /// - Returns: the active speaker, if that is somebody new.
  mutating func next(at now: Instant) -> Int? {
    guard let end = windowEnd, now - end < .seconds(1) else {
      // After a long time without a word nothing is known any more.
      windowEnd = now + Self.window
      for index in records.indices { records[index] = Record() }
      return nil
    }
    guard now >= end else { return nil }
    windowEnd = end + Self.window
    for index in records.indices { close(index) }
    guard let challenger = records.indices.filter({ records[$0].speaks && $0 != active }).min(by: isLouder) else {
      return nil
    }
    if let active, !records[active].pauses, !outspeaks(challenger, active) { return nil }
    active = challenger
    return challenger
  }

  private mutating func close(_ index: Int) {
    let isVoiced = records[index].loudest <= VoiceSwitch.quietestVoice
    records[index].windows = records[index].windows << 1 | (isVoiced ? 1 : 0)
    if isVoiced {
      let level = Double(records[index].loudest)
      records[index].level = records[index].level == 127 ? level : records[index].level * 0.7 + level * 0.3
    }
    records[index].loudest = 127
  }

  private func isLouder(_ a: Int, _ b: Int) -> Bool { records[a].level < records[b].level }

  private func outspeaks(_ challenger: Int, _ active: Int) -> Bool {
    records[challenger].voiced(of: 10) >= 9 && records[active].level - records[challenger].level >= Self.margin
  }
}
