import Audio
import Runtime

extension FuzzTarget {
  /// A caller's packets: a byte for the codec, then for each packet how its numbers go on from those of the one before,
  /// when it comes, how loud it is, and its payload, behind a byte with its length. Ticks come in between.
  static let jitterBuffer = FuzzTarget("jitter-buffer", cost: 50) { input in
    var rest = input.bytes[...]
    let codecs: [VoiceCodec] = [.opus, .pcmu, .pcma]
    var buffer = JitterBuffer(codecs[Int(rest.popFirst() ?? 0) % 3])
    var samples = [Int16](repeating: 0, count: JitterBuffer.tickSamples)
    var sequenceNumber: UInt16 = 65_530
    var timestamp: UInt32 = .max - 9600
    var now: Int64 = 0
    var nextTick: Int64 = 0
    var ticks = 0
    while rest.count >= 6 {
      let head = Array(rest.prefix(6))
      rest = rest.dropFirst(6)
      let payload = Array(rest.prefix(Int(head[5])))
      rest = rest.dropFirst(payload.count)
      // Mostly small steps; the ends of the range are jumps.
      let isJump = head[0] >= 0xf0
      sequenceNumber &+= UInt16(truncatingIfNeeded: Int(Int8(bitPattern: head[1])) * (isJump ? 257 : 1))
      timestamp &+= UInt32(truncatingIfNeeded: Int(Int8(bitPattern: head[2])) * (isJump ? 16_000_000 : 240))
      now += Int64(head[3]) * 1_000_000
      while nextTick <= now, ticks < 2000 {
        var span = samples.mutableSpan
        let tick = buffer.tick(at: Instant(nanoseconds: nextTick), into: &span)
        expect(tick == .audio || samples.allSatisfy { $0 == 0 }, "silence that can be heard")
        nextTick += 20_000_000
        ticks += 1
      }
      buffer.insert(
        payload.span.bytes, sequenceNumber: sequenceNumber, timestamp: timestamp, ssrc: UInt32(head[0] >> 6),
        audioLevel: head[4] == 0 ? nil : head[4], at: Instant(nanoseconds: now))
    }
    let statistics = buffer.statistics
    expect(statistics.totalSamplesReceived == ticks * JitterBuffer.tickSamples, "a tick has another length")
    expect(statistics.silentConcealedSamples <= statistics.concealedSamples, "more silent samples than all")
    // What is made up may wait for the next tick.
    expect(
      statistics.concealedSamples <= statistics.totalSamplesReceived + 2 * JitterBuffer.tickSamples,
      "more was made up than was given out")
    expect(
      buffer.targetDelay >= .milliseconds(20) && buffer.targetDelay <= .milliseconds(400), "\(buffer.targetDelay)")
  }
}
