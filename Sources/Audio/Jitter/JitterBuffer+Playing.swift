/// What is played in a tick.
extension JitterBuffer {
  /// What is made up for a stretch of lost audio, at 16 kHz: libopus lets it die away in about this time, 120 ms.
  private static let longestConcealment = 1920
  /// So much over the target is too much: a bit more than a tick.
  private static let excess = RTPUnits.from(milliseconds: 22)
  /// So much under it is too little.
  private static let shortage = -RTPUnits.from(milliseconds: 5)
  /// 2.5 ms at 16 kHz.
  private static let step = 40
  /// A source without packets for 1 s, in ticks, has stopped: its silence is not loss.
  private static let ticksToStop = 50
  /// 10 s.
  private static let ticksToRelease = 500

  mutating func tick(_ now: Int64, _ output: UnsafeMutableBufferPointer<Int16>) -> Tick {
    playing.delayAtDecoding = nil
    playing.ticksSincePacket += 1
    playing.ticksSinceDecoding += 1
    statistics.totalSamplesReceived += Self.tickSamples
    if playing.ticksSinceDecoding == Self.ticksToRelease { decoder.release() }
    if playing.rest == .pause, slab.waiting == 0, queue.isQuiet {
      output.update(repeating: 0)
      return .silence
    }
    // Each turn adds samples or takes a packet, so there are few.
    while queue.count < Self.tickSamples { advance(now) }
    adjustDelay(now)
    return queue.take(into: output) ? .audio : .silence
  }

  /// The next piece of audio, or of the lack of it.
  private mutating func advance(_ now: Int64) {
    guard let head = slab.firstWaiting(from: playing.nextSequence, through: highest) else { return starve() }
    if delay(of: head.timestamp, now) > configuration.maximumDelay + Self.hardLimitMargin { return drop(head) }
    if let rest = playing.rest {
      // Begins with a tick, so that there is no more delay than has to be.
      guard queue.count == 0, delay(of: head.timestamp, now) >= target else {
        return fillWithSilence(Self.tickSamples - queue.count, asLoss: rest == .starved)
      }
      playing.rest = nil
      playing.nextSequence = head.sequence
      playing.position = head.timestamp
      return play(head, now)
    }
    let gap = head.timestamp - playing.position
    guard gap > 0 else { return play(head, now) }
    // Nothing is lost: the sender has left out silence.
    guard head.sequence > playing.nextSequence else { return playing.rest = .pause }
    bridge(gap, to: head, now)
  }

  /// Fills the gap of lost packets before `head`.
  private mutating func bridge(_ gap: Int64, to head: PacketSlab.Packet, _ now: Int64) {
    if playing.unexplained > 0 { return explain(gap, by: head) }
    if !playing.decoderLags, head.hasFEC, gap == head.frameDuration, recover(before: head, now) { return }
    // There is too much delay, which goes with the gap.
    if delay(of: head.timestamp, now) >= target + RTPUnits.from(milliseconds: 20) {
      playing.count(lost: true)
      playing.position = head.timestamp
      return
    }
    // Whole steps, and such that the packet which `head` knows stays whole.
    let known = head.hasFEC && gap > head.frameDuration ? head.frameDuration : 0
    let piece = min(gap - known, RTPUnits.from(milliseconds: 20))
    let samples = max(Self.step, Int(piece / RTPUnits.perSample) / Self.step * Self.step)
    conceal(samples)
    playing.count(lost: true)
    playing.position = min(head.timestamp, playing.position + Int64(samples) * RTPUnits.perSample)
  }

  /// What was made up while there was no packet was in the place of lost ones, as it turns out.
  private mutating func explain(_ gap: Int64, by head: PacketSlab.Packet) {
    var rest = max(0, gap - playing.unexplained)
    // The packet that `head` knows is worth some delay.
    if head.hasFEC, rest < head.frameDuration, rest * 2 >= head.frameDuration { rest = min(gap, head.frameDuration) }
    playing.unexplained = 0
    playing.count(lost: true)
    playing.position = head.timestamp - rest
  }

  /// There is no packet to play.
  private mutating func starve() {
    let missing = Self.tickSamples - queue.count
    if let rest = playing.rest { return fillWithSilence(missing, asLoss: rest == .starved) }
    guard !playing.isDTX, !playing.decoderLags else { return playing.rest = .pause }
    guard playing.concealed < Self.longestConcealment else { return playing.rest = .starved }
    let samples = (missing + Self.step - 1) / Self.step * Self.step
    conceal(samples)
    playing.unexplained += Int64(samples) * RTPUnits.perSample
  }

  /// Plays the packet that is next.
  private mutating func play(_ packet: PacketSlab.Packet, _ now: Int64) {
    let end = packet.timestamp + packet.duration
    // Its time has been filled otherwise, or it is of no time.
    guard end > playing.position, packet.duration > 0 else {
      if packet.duration > 0 { statistics.packetsDiscarded += 1 }
      return finish(packet, at: playing.position)
    }
    let isSilent = isSilent(packet)
    let excess = delay(of: packet.timestamp, now) - target
    if isSilent, excess > Self.excess {
      statistics.removedSamplesForAcceleration += Int(packet.duration / RTPUnits.perSample)
      statistics.packetsNotDecoded += 1
      playing.decoderLags = true
      queue.isBroken = true
      return finish(packet, at: end)
    }
    if isSilent, playing.decoderLags, excess < Self.shortage {
      let missing = Self.tickSamples - queue.count
      statistics.insertedSamplesForDeceleration += missing
      return queue.appendSilence(missing)
    }

    let samples = Int(packet.duration / RTPUnits.perSample)
    statistics.jitterBufferDelay += Double(samples) * Double(now - packet.arrival) / 48_000
    statistics.jitterBufferTargetDelay += Double(samples) * Double(target) / 48_000
    statistics.jitterBufferEmittedCount += samples
    playing.delayAtDecoding = delay(of: packet.timestamp, now)
    playing.hasPlayed = true
    playing.hasFEC = packet.hasFEC || (playing.hasFEC && playing.lossShare > 0.001)
    playing.count(lost: false)
    if isSilent {
      skip(packet, samples)
    } else {
      decode(packet, samples)
    }
    playing.concealed = 0
    playing.unexplained = 0
    finish(packet, at: end)
  }

  private mutating func finish(_ packet: PacketSlab.Packet, at position: Int64) {
    slab.take(packet.sequence)
    playing.nextSequence = packet.sequence + 1
    playing.position = position
  }

  private mutating func drop(_ packet: PacketSlab.Packet) {
    statistics.packetsDiscarded += 1
    playing.decoderLags = true
    queue.isBroken = true
    finish(packet, at: packet.timestamp + packet.duration)
  }

  // MARK: Delay

  /// How late audio of that time would be played now, against the fastest packets.
  private func delay(of timestamp: Int64, _ now: Int64) -> Int64 {
    now - timestamp - (delays.base ?? 0)
  }

  /// What `delay(of:)` should be when a packet is decoded; `RTPUnits`.
  var target: Int64 {
    var wanted = delays.quantileDelay
    // A packet's copy comes with the next one.
    if playing.hasFEC, playing.lossShare > 0.01 {
      wanted = max(wanted, delays.usualDelay + RTPUnits.from(milliseconds: 20))
    }
    return min(max(configuration.minimumDelay, wanted), configuration.maximumDelay)
  }

  /// Makes the voice shorter or longer by a period, when the delay is off.
  private mutating func adjustDelay(_ now: Int64) {
    playing.ticksSinceScaling += 1
    guard playing.rest == nil, playing.concealed == 0, !playing.decoderLags else { return }
    let target = target
    let excess = delay(of: playing.position, now) + Int64(queue.count) * RTPUnits.perSample - target
    // Every 60 ms is not heard; far off, everything must do.
    let isFarOff = abs(excess) > RTPUnits.from(milliseconds: 150)
    guard isFarOff || playing.ticksSinceScaling >= 3 else { return }
    let similarity: Float = isFarOff ? 0.5 : 0.85

    if excess > Self.excess {
      let needed = Self.tickSamples + PitchPeriod.range.upperBound
      if queue.count < needed { decodeOneMore(now) }
      guard queue.count >= max(needed, SampleQueue.samplesToShorten) else { return }
      let removed = queue.shorten(similarity: similarity)
      statistics.removedSamplesForAcceleration += removed
      if removed > 0 { playing.ticksSinceScaling = 0 }
    } else if let delay = playing.delayAtDecoding, delay - target < Self.shortage {
      let inserted = queue.lengthen(similarity: similarity)
      statistics.insertedSamplesForDeceleration += inserted
      if inserted > 0 { playing.ticksSinceScaling = 0 }
    }
  }

  private mutating func decodeOneMore(_ now: Int64) {
    guard let head = slab.packet(playing.nextSequence), head.isWaiting, head.timestamp == playing.position,
      !isSilent(head)
    else { return }
    play(head, now)
  }

  // MARK: Silence

  /// Whether the sender has called this packet, and some before it, silent.
  private func isSilent(_ packet: PacketSlab.Packet) -> Bool {
    if playing.isDTX, isDTX(packet) { return true }
    if packet.level == 127 { return playing.silentPackets >= 2 }
    return packet.level >= configuration.silenceLevel && playing.silentPackets >= 10
  }

  /// Whether it is a packet of which Opus says that it need not be sent.
  private func isDTX(_ packet: PacketSlab.Packet) -> Bool { codec == .opus && packet.length <= 2 }

  private mutating func skip(_ packet: PacketSlab.Packet, _ samples: Int) {
    statistics.packetsNotDecoded += 1
    playing.decoderLags = true
    playing.isDTX = isDTX(packet)
    queue.appendSilence(samples)
  }

  private mutating func fillWithSilence(_ samples: Int, asLoss: Bool) {
    queue.appendSilence(samples)
    guard asLoss, playing.ticksSincePacket < Self.ticksToStop else { return }
    statistics.concealedSamples += samples
    statistics.silentConcealedSamples += samples
  }

  // MARK: Decoding

  private mutating func decode(_ packet: PacketSlab.Packet, _ samples: Int) {
    playing.ticksSinceDecoding = 0
    playing.silentPackets = packet.level >= configuration.silenceLevel ? playing.silentPackets + 1 : 0
    if playing.decoderLags { catchUp(before: packet.sequence) }
    // libopus goes over from what it made up by itself.
    if playing.concealed > 0, codec != .opus { queue.isBroken = true }
    let payload = slab.payload(of: packet)
    playing.isDTX = isDTX(packet)
    let room = queue.room(for: samples)
    if decoder.decode(payload, into: room) != samples { decoder.conceal(into: room) }
    queue.append(samples)
  }

  /// Begins anew with the last two packets that were left out, so that the decoder is where the sender's encoder was.
  private mutating func catchUp(before sequence: Int64) {
    playing.decoderLags = false
    queue.isBroken = true
    decoder.reset()
    for sequence in sequence - 2..<sequence {
      guard let packet = slab.packet(sequence), !packet.isWaiting, packet.duration > 0 else { continue }
      let room = queue.room(for: Int(packet.duration / RTPUnits.perSample))
      _ = decoder.decode(slab.payload(of: packet), into: room)
    }
  }

  /// Takes the lost packet from its copy in `packet`.
  private mutating func recover(before packet: PacketSlab.Packet, _ now: Int64) -> Bool {
    let samples = Int(packet.frameDuration / RTPUnits.perSample)
    let room = queue.room(for: samples)
    guard decoder.recover(before: slab.payload(of: packet), into: room) == samples else { return false }
    playing.ticksSinceDecoding = 0
    queue.append(samples)
    statistics.packetsRecovered += 1
    playing.count(lost: true)
    playing.concealed = 0
    playing.nextSequence = packet.sequence
    playing.position = packet.timestamp
    return true
  }

  private mutating func conceal(_ samples: Int) {
    if playing.concealed == 0 { statistics.concealmentEvents += 1 }
    statistics.concealedSamples += samples
    guard playing.concealed < Self.longestConcealment, !playing.decoderLags else {
      statistics.silentConcealedSamples += samples
      return queue.appendSilence(samples)
    }
    decoder.conceal(into: queue.room(for: samples))
    queue.append(samples)
    playing.concealed += samples
    if playing.concealed >= Self.longestConcealment { queue.fadeOut(samples) }
  }
}
