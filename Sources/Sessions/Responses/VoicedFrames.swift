/// Which frames of a clause's audio hold a voice, a bit each: it is kept as long as the message may be truncated.
struct VoicedFrames {
  private var words: [UInt64] = []
  private var count = 0

  mutating func append(_ isVoiced: Bool) {
    if count % 64 == 0 { words.append(0) }
    if isVoiced { words[count / 64] |= 1 << UInt64(count % 64) }
    count += 1
  }

  var voicedCount: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

  func voicedCount(before frame: Int) -> Int {
    guard frame > 0 else { return 0 }
    guard frame < count else { return voicedCount }
    let whole = words.prefix(frame / 64).reduce(0) { $0 + $1.nonzeroBitCount }
    let rest = words[frame / 64] & (1 << UInt64(frame % 64) &- 1)
    return whole + rest.nonzeroBitCount
  }
}
