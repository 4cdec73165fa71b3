import Media
import Runtime

/// What a thread does for its bots' calls: every 20 ms each sends a packet, and what comes is taken when it comes. On the
/// shard's thread only.
///
/// The calls are spread over ten sub-ticks of 2 ms, as callers are who know nothing of each other.
final class CallLoop {
  private static let subTicks = 10
  private static let subTick = Duration.milliseconds(2)
  /// A loop that is later than this leaves packets out instead of hurrying after them.
  private static let maximumLateness = Duration.milliseconds(100)
  /// Handshake steps, of some 0.3 ms each, in a sub-tick: the packets of others go on meanwhile.
  private static let handshakeSteps = 3
  private static let batchesPerWakeup = 4

  private let shard: Shard
  private let tally: BotTally
  /// In memory of its own, so that no access is checked.
  private let calls: UnsafeMutablePointer<BotCall?>
  private let capacity: Int
  private let sockets: UnsafeMutablePointer<CallSockets>
  private let inbound: UnsafeMutablePointer<DatagramBatch>
  private var free: [Int]
  private var slots: [UInt64: Int] = [:]
  /// Places from here on were never used.
  private var used = 0
  private var handshakes: [Int] = []
  private var ended: [(Int, BotFinding?)] = []
  private var report = BotReport()
  private var drops = (received: 0, sent: 0)
  private var nextReport = Instant(nanoseconds: 0)
  private var nextTick = Instant(nanoseconds: 0)
  private var tickNumber = 0
  private var isTicking = false
  private var watches: [Shard.Watch] = []
  private var fire: @Sendable () -> Void = {}

  init(shard: Shard, capacity: Int, isLoopback: Bool, tally: BotTally) {
    self.shard = shard
    self.tally = tally
    self.capacity = capacity
    calls = .allocate(capacity: capacity)
    for slot in 0..<capacity { (calls + slot).initialize(to: nil) }
    sockets = .allocate(capacity: 1)
    sockets.initialize(to: CallSockets(calls: capacity, isLoopback: isLoopback))
    inbound = .allocate(capacity: 1)
    inbound.initialize(to: DatagramBatch())
    free = Array(0..<capacity)
    handshakes.reserveCapacity(capacity)
    // For the shard's thread, on which all of the loop happens. It lives until `stop`.
    nonisolated(unsafe) let loop = self
    fire = { loop.tick() }
  }

  deinit {
    calls.deinitialize(count: capacity)
    calls.deallocate()
    sockets.deinitialize(count: 1)
    sockets.deallocate()
    inbound.deinitialize(count: 1)
    inbound.deallocate()
  }

  /// No datagram is read any more, and no tick comes.
  func stop() {
    for watch in watches { shard.unwatch(watch) }
    watches = []
    fire = {}
  }

  // MARK: Calls

  /// - Parameter onEnd: called here when nothing is left of the call, be it that there was no room for it.
  func open(_ plan: BotCall.Plan, as id: UInt64, onEnd: @escaping @Sendable () -> Void) {
    let now = Instant.now
    guard let slot = place() else {
      tally.failed("no room or no socket for a call")
      return onEnd()
    }
    used = max(used, slot + 1)
    slots[id] = slot
    calls[slot] = BotCall(plan, as: id, at: now, onEnd: onEnd)
    calls[slot]!.peer.advance(to: now)
    drain(slot, at: now)
    sockets.pointee.flush()
    if !isTicking { beginTicking() }
  }

  private func place() -> Int? {
    guard !free.isEmpty else { return nil }
    // The one that is free for longest: the server may still know the others' addresses.
    let slot = free.removeFirst()
    do throws(SystemError) {
      guard let descriptor = try sockets.pointee.open(forCall: slot) else { return slot }
      let index = sockets.pointee.index(ofCall: slot)
      // As in `init`.
      nonisolated(unsafe) let loop = self
      watches.append(try shard.watch(descriptor) { loop.readable(index) })
      return slot
    } catch {
      free.append(slot)
      return nil
    }
  }

  func heard(_ event: CallEvent, _ id: UInt64) {
    guard let slot = slots[id] else { return }
    calls[slot]!.ear.heard(event, at: .now, into: &report)
  }

  func hangUp(_ id: UInt64) {
    guard let slot = slots[id] else { return }
    calls[slot]!.hangsUp = true
  }

  private func end(_ slot: Int, _ finding: BotFinding?, at now: Instant) {
    guard calls[slot] != nil else { return }
    if let finding { report.add(finding) }
    calls[slot]!.count(into: &report.calls)
    calls[slot]!.peer.close(now: now)
    while transmit(slot) {}
    sockets.pointee.flush()
    if let connectedAt = calls[slot]!.connectedAt { tally.ended(after: now - connectedAt) }
    slots[calls[slot]!.id] = nil
    let onEnd = calls[slot]!.onEnd
    calls[slot] = nil
    free.append(slot)
    flushReport()
    onEnd()
  }

  // MARK: Datagrams

  private func readable(_ socket: Int) {
    for _ in 0..<Self.batchesPerWakeup {
      sockets.pointee.receive(socket, into: &inbound.pointee)
      let now = Instant.now
      for datagram in 0..<inbound.pointee.count { take(datagram, socket, at: now) }
      guard inbound.pointee.isFull else { break }
    }
    sockets.pointee.flush()
    endThose(at: .now)
  }

  private func take(_ datagram: Int, _ socket: Int, at now: Instant) {
    let local = inbound.pointee.local(datagram)
    guard let slot = sockets.pointee.slot(of: local, by: socket), slot < used, calls[slot] != nil else { return }
    var bytes = inbound.pointee.bytes(datagram).mutableBytes
    let input = calls[slot]!.peer.receive(
      &bytes, from: TransportAddress(inbound.pointee.remote(datagram)), at: TransportAddress(local), now: now)
    if case .audio(let audio) = input {
      calls[slot]!.ear.count(Int64(audio.index.rawValue), into: &report)
      // Two bytes or less say that there is nothing to say (RFC 6716, section 3.2.1).
      guard audio.payload.count > 2, audio.audioLevel.map({ $0.decibelsBelowOverload < 127 }) ?? true else { return }
      return calls[slot]!.ear.heard(
        index: Int64(audio.index.rawValue), timestamp: audio.timestamp, marker: audio.marker, at: now, into: &report)
    }
    drain(slot, at: now)
  }

  private func transmit(_ slot: Int) -> Bool {
    var buffer = sockets.pointee.nextSlot(forCall: slot).mutableBytes
    guard let transmit = calls[slot]!.peer.pollTransmit(into: &buffer) else { return false }
    sockets.pointee.append(transmit, ofCall: slot)
    return true
  }

  private func drain(_ slot: Int, at now: Instant) {
    while transmit(slot) {}
    while let event = calls[slot]!.peer.pollEvent() { take(event, slot, at: now) }
    if !calls[slot]!.isQueued, calls[slot]!.peer.needsHandshakeStep {
      calls[slot]!.isQueued = true
      handshakes.append(slot)
    }
  }

  private func take(_ event: PeerEvent, _ slot: Int, at now: Instant) {
    switch event {
    case .connected:
      calls[slot]!.connectedAt = now
      tally.began()
      report.calls.connectTimes.append(now - calls[slot]!.plan.posted)
      calls[slot]!.plan.onConnected()
    case .failed(let failure): ended.append((slot, .failed("call failed: \(failure)")))
    case .path(.consentExpired): ended.append((slot, .failed("the server fell silent")))
    case .dtlsClosed, .goodbye: ended.append((slot, .failed("the server hung up")))
    case .path, .data, .reservation: break
    }
  }

  private func endThose(at now: Instant) {
    guard !ended.isEmpty else { return }
    let those = ended
    ended.removeAll(keepingCapacity: true)
    for (slot, finding) in those { end(slot, finding, at: now) }
  }

  // MARK: Ticks

  private func beginTicking() {
    isTicking = true
    nextTick = .now + Self.subTick
    nextReport = .now + .seconds(1)
    _ = shard.schedule(at: nextTick, fire)
  }

  private func tick() {
    let now = Instant.now
    report.add(.late(now - nextTick))
    if now - nextTick > Self.maximumLateness { nextTick = now }
    let due = nextTick
    for slot in stride(from: tickNumber % Self.subTicks, to: used, by: Self.subTicks) where calls[slot] != nil {
      serve(slot, due: due, at: now)
    }
    stepHandshakes(at: now)
    sockets.pointee.flush()
    endThose(at: now)
    tickNumber &+= 1
    if now >= nextReport {
      nextReport = now + .seconds(1)
      flushReport()
    }
    guard !slots.isEmpty else { return isTicking = false }
    nextTick = due + Self.subTick
    _ = shard.schedule(at: nextTick, fire)
  }

  private func stepHandshakes(at now: Instant) {
    for _ in 0..<min(Self.handshakeSteps, handshakes.count) {
      let slot = handshakes.removeFirst()
      guard calls[slot] != nil else { continue }
      calls[slot]!.isQueued = false
      calls[slot]!.peer.stepHandshake(now: now)
      // It may take longer than a packet's time.
      drain(slot, at: .now)
    }
  }

  private func serve(_ slot: Int, due: Instant, at now: Instant) {
    if let deadline = calls[slot]!.peer.nextDeadline, deadline <= now {
      calls[slot]!.peer.advance(to: now)
      drain(slot, at: now)
    }
    guard now < calls[slot]!.plan.end, !calls[slot]!.hangsUp, calls[slot]!.ear.answers < calls[slot]!.plan.answers
    else {
      return ended.append((slot, nil))
    }
    guard calls[slot]!.connectedAt != nil else { return }
    speak(slot, due: due, at: now)
    guard now >= calls[slot]!.nextOverdue, !calls[slot]!.mouth.voice.sentences.isEmpty else { return }
    calls[slot]!.nextOverdue = now + .seconds(1)
    calls[slot]!.ear.overdue(at: now, into: &report)
  }

  private func speak(_ slot: Int, due: Instant, at now: Instant) {
    let piece = calls[slot]!.mouth.piece(mayStart: calls[slot]!.ear.isSilent(at: now))
    let voice = calls[slot]!.mouth.voice
    var buffer = sockets.pointee.nextSlot(forCall: slot).mutableBytes
    let bytes = voice.bytes
    let transmit = calls[slot]!.peer.send(
      bytes.span.bytes.extracting(piece.packet.bytes), samples: voice.packetUnits, marker: calls[slot]!.isFirstPacket,
      audioLevel: piece.packet.level,
      now: now, into: &buffer)
    if let transmit {
      calls[slot]!.isFirstPacket = false
      report.calls.packetsSent += 1
      sockets.pointee.append(transmit, ofCall: slot)
    }
    if let padding = piece.endOfSpeech {
      report.add(.spoke)
      calls[slot]!.ear.finishedSpeaking(lastVoiced: due.advanced(by: .zero - padding))
    }
  }

  private func flushReport() {
    let now = (received: sockets.pointee.receiveDrops, sent: sockets.pointee.sendDrops)
    report.calls.receiveDrops += now.received - drops.received
    report.calls.sendDrops += now.sent - drops.sent
    drops = now
    tally.add(report)
    report = BotReport()
  }
}
