import Audio
import Media
import Runtime

/// A voice on its way over a virtual network, with Viva's own sender (`Playout`, whose FEC follows the loss that RTCP
/// reports) and receiver (`JitterBuffer`) at its ends, in virtual time: the same with each seed.
public final class VirtualVoiceCall {
  /// What the receiver made of a clip.
  public struct Reception: Sendable {
    /// At 16 kHz, from the clip's first packet on.
    public var samples: [Int16] = []
    /// Of the clip, those that never came count as lost.
    public var packetsSent = 0
    public var packetsLost = 0
    /// Those that were taken from the copy in their successor.
    public var packetsRecovered = 0
    /// In samples at 16 kHz; of these, silent ones.
    public var concealed = 0
    public var concealedSilent = 0
    /// Of the clip, in samples at 16 kHz.
    public var spoken = 0
    /// For each tick in which a packet was decoded, how long it had waited, in milliseconds.
    public var waits: [Double] = []
    /// For each of these, how far behind the fastest packets the buffer meant to be, in milliseconds.
    public var targets: [Double] = []
  }

  private static let tick = Duration.milliseconds(20)
  private static let silenceBetweenClips = Duration.milliseconds(700)

  private let world: VirtualWorld
  private let sender: VirtualPeer
  private let receiver: VirtualPeer
  private let slowest: Duration
  private var playout: Playout
  private var jitter = JitterBuffer(.opus)
  private var payload = [UInt8](repeating: 0, count: 1500)
  private var frame = [Int16](repeating: 0, count: JitterBuffer.tickSamples)
  private var reception = Reception()
  private var isDrained = false
  private var nextPacket: Instant
  /// The receiver's clock is another one.
  private var nextTick: Instant
  private var nextReport: Instant

  /// - Parameters:
  ///   - fec: Whether the sender may use in-band FEC.
  ///   - nack: Whether the receiver asks for lost packets again.
  public init(_ conditions: NetworkConditions, fec: Bool = true, nack: Bool = false, seed: UInt64) {
    var call = VirtualCall(sdes: .aeadAES128GCM, seed: seed, nack: nack)
    for index in call.client.audio.indices { call.client.audio[index].audioLevelID = 1 }
    for index in call.server.audio.indices { call.server.audio[index].audioLevelID = 1 }
    world = VirtualWorld(seed: seed)
    world.network.conditions = conditions
    slowest = conditions.delay + conditions.jitter
    sender = world.add(call.client, at: VirtualCall.clientAddress)
    receiver = world.add(call.server, at: VirtualCall.serverAddress)
    playout = Playout(PlayoutFormat(.opus, usesFEC: fec), queueBytes: 1 << 23, at: world.now)
    nextPacket = world.now
    nextTick = world.now + .milliseconds(7)
    nextReport = world.now + .seconds(1)
  }

  /// What the encoder was last told to expect, in percent; 0 is without FEC.
  public var expectedLoss: Int { playout.adaptation.expectedLoss }

  /// Says a clip to its end, and a pause after it.
  ///
  /// - Parameter samples: At 24 kHz, at most a minute or so.
  public func say(_ samples: [Int16]) -> Reception {
    reception = Reception()
    reception.spoken = samples.count * 2 / 3
    isDrained = !playout.append(samples)
    let before = jitter.statistics
    while !isDrained { step() }
    // Until the last packet has been played.
    run(for: slowest + jitter.targetDelay + Self.tick)
    let after = jitter.statistics
    reception.packetsRecovered = after.packetsRecovered - before.packetsRecovered
    reception.concealed = after.concealedSamples - before.concealedSamples
    reception.concealedSilent = after.silentConcealedSamples - before.silentConcealedSamples
    reception.packetsLost += reception.packetsSent
    run(for: .milliseconds(200))
    let finished = reception
    run(for: Self.silenceBetweenClips)
    return finished
  }

  private func run(for duration: Duration) {
    let end = world.now + duration
    while world.now < end { step() }
  }

  private func step() {
    world.run(for: world.step)
    let now = world.now
    take()
    if now >= nextPacket {
      nextPacket = nextPacket + Self.tick
      speak(at: now)
    }
    if now >= nextTick {
      hear(at: nextTick)
      nextTick = nextTick + Self.tick
    }
    // As the gateway's media loop does it.
    if now >= nextReport {
      nextReport = nextReport + .seconds(1)
      playout.received(
        fractionLost: UInt8(clamping: Int(sender.peer.lossFraction * 256)), roundTrip: sender.peer.roundTripTime)
    }
  }

  private func take() {
    guard !receiver.heard.isEmpty else { return }
    for packet in receiver.heard {
      reception.packetsLost -= 1
      jitter.insert(
        packet.payload.span.bytes, sequenceNumber: packet.audio.sequenceNumber.rawValue,
        timestamp: packet.audio.timestamp, ssrc: packet.audio.ssrc,
        audioLevel: packet.audio.audioLevel?.decibelsBelowOverload, at: packet.at)
    }
    receiver.forgetHeard()
  }

  private func speak(at now: Instant) {
    while let step = next(at: now) {
      switch step {
      case .drained: isDrained = true
      case .packet(let packet):
        reception.packetsSent += 1
        sender.send(
          Array(payload.prefix(packet.length)), samples: UInt32(packet.duration), marker: packet.marker,
          audioLevel: AudioLevel(decibelsBelowOverload: packet.audioLevel, isVoice: packet.isVoice), at: now,
          into: &world.network)
      case .started, .recorded: break
      }
    }
  }

  private func next(at now: Instant) -> PlayoutStep? {
    var span = payload.mutableSpan
    var bytes = span.mutableBytes
    return playout.next(at: now, into: &bytes)
  }

  private func hear(at now: Instant) {
    let before = jitter.statistics
    var span = frame.mutableSpan
    _ = jitter.tick(at: now, into: &span)
    reception.samples += frame
    let emitted = jitter.statistics.jitterBufferEmittedCount - before.jitterBufferEmittedCount
    guard emitted > 0 else { return }
    let waited = jitter.statistics.jitterBufferDelay - before.jitterBufferDelay
    reception.waits.append(waited / Double(emitted) * 1000)
    reception.targets.append(jitter.targetDelay.inSeconds * 1000)
  }
}
