import Audio
import Media
import Runtime

/// What the caller says, and what the agent says to them, 20 ms at a time.
extension MediaTable {
  /// What a tick has sent.
  struct Spoken {
    /// Of the agent's voice, at 24 kHz.
    var samples = 0
    /// Nothing is left.
    var isDrained = false
  }

  /// The next 20 ms of what the caller says.
  ///
  /// - Parameters:
  ///   - samples: `JitterBuffer.tickSamples` of them.
  ///   - due: of the tick, however late it is.
  mutating func hear(_ slot: Int, into samples: inout [Int16], due: Instant) -> JitterBuffer.Tick {
    var span = samples.mutableSpan
    return legs[slot]!.jitter.tick(at: due, into: &span)
  }

  /// Sends what the agent has to say now.
  mutating func speak(_ slot: Int, due: Instant, at now: Instant) -> Spoken {
    var spoken = Spoken()
    let before = legs[slot]!.playout.played
    var payload = UnsafeMutableRawBufferPointer(start: self.payload, count: Self.payloadBytes).mutableBytes
    while let step = legs[slot]!.playout.next(at: due, complexity: complexity.current, into: &payload) {
      switch step {
      case .packet(let packet): send(packet, slot, at: now)
      case .drained: spoken.isDrained = true
      case .started, .recorded: break
      }
    }
    spoken.samples = legs[slot]!.playout.played - before
    return spoken
  }

  private mutating func send(_ packet: PlayoutPacket, _ slot: Int, at now: Instant) {
    if let room = legs[slot]!.room { return speak(packet, in: room, at: now) }
    deliver(packet, to: slot, at: now)
  }

  mutating func deliver(_ packet: PlayoutPacket, to slot: Int, at now: Instant) {
    let index = outbound(of: slot)
    var buffer = sockets[index].outbound.nextSlot.mutableBytes
    let bytes = UnsafeRawBufferPointer(start: payload, count: packet.length).bytes
    let transmit = legs[slot]!.peer.send(
      bytes, samples: UInt32(packet.duration), marker: packet.marker,
      audioLevel: AudioLevel(decibelsBelowOverload: packet.audioLevel, isVoice: packet.isVoice), now: now, into: &buffer
    )
    if let transmit { enqueue(transmit, by: index) }
  }

  /// The encoder follows the network, once a second.
  mutating func adapt(_ slot: Int) {
    guard legs[slot]!.peer.state == .connected else { return }
    let loss = UInt8(clamping: Int(legs[slot]!.peer.lossFraction * 256))
    let roundTrip = legs[slot]!.peer.roundTripTime
    legs[slot]!.playout.received(fractionLost: loss, roundTrip: roundTrip)
  }
}
