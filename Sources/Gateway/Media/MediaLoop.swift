import Audio
import Media
import Realtime
import Resilience
import Rooms
import Runtime
import Sessions
import VivaConfiguration

/// What a shard does for its calls: reads its sockets, and every 20 ms serves each of them. On the shard's thread only.
///
/// The calls are spread over four sub-ticks of 5 ms, so that neither their encoders nor their packets come all at once.
/// Between what the table does and what a session does nothing is held: a session may end, or call back, at any time.
final class MediaLoop {
  private static let subTicks = 4
  private static let subTick = Duration.milliseconds(5)
  /// A loop that is later than this leaves out ticks instead of hurrying after them.
  private static let maximumLateness = Duration.milliseconds(100)
  /// After a goodbye, a caller who sends nothing more for so long has hung up: others check each few seconds that they
  /// are still wanted (RFC 7675).
  private static let hangUpSilence = Duration.seconds(6)
  /// The last events of a call may take so long.
  private static let farewell = Duration.seconds(2)

  private let shard: Shard
  private let port: MediaPort
  private let grace: Duration
  /// In memory of its own, so that no access to it is checked: none overlaps another, see above.
  private let table: UnsafeMutablePointer<MediaTable>
  /// By place in the table.
  private var calls: [CallMedia?] = []
  private var callCount = 0
  private var notices: [MediaTable.Notice] = []
  private var samples = [Int16](repeating: 0, count: JitterBuffer.tickSamples)
  private var watches: [Shard.Watch] = []

  private var timer: Shard.TimerToken?
  private var nextTick = Instant(nanoseconds: 0)
  private var tickNumber = 0
  private var fire: @Sendable () -> Void = {}
  private var load = LoadMeter()
  private var nextReport = Instant(nanoseconds: 0)

  init(
    shard: Shard, port: MediaPort, sockets: UnsafeMutablePointer<MediaSocket>, count: Int, settings: WebRTCSettings
  ) {
    self.shard = shard
    self.port = port
    grace = .seconds(settings.graceSeconds)
    table = .allocate(capacity: 1)
    table.initialize(
      to: MediaTable(
        sockets: sockets, count: count, maximumHalfOpen: settings.halfOpenHandshakes,
        seed: UInt64.random(in: .min ... .max)))
  }

  deinit {
    table.deinitialize(count: 1)
    table.deallocate()
  }

  /// Begins to read the sockets.
  func start() throws(SystemError) {
    // The port keeps the loop for as long as the shard may call it.
    nonisolated(unsafe) unowned let loop = self
    fire = { loop.tick() }
    for index in 0..<table.pointee.socketCount {
      watches.append(
        try shard.watch(table.pointee.sockets[index].socket.descriptor) { loop.readable(index) })
    }
  }

  /// The sockets are not read any more, and no tick comes.
  func stop() {
    for watch in watches { shard.unwatch(watch) }
    watches = []
    if let timer { shard.cancel(timer) }
    timer = nil
  }

  // MARK: Calls

  var isIdle: Bool { callCount == 0 }

  /// A caller's. Their session is a room from now on.
  func open(_ call: CallMedia, _ leg: consuming MediaLeg, maximumGuests: Int) {
    insert(call, leg)
    attach(call, maximumGuests: maximumGuests)
  }

  /// A WebSocket's session may have its audio this way. It hears of it when the first packet comes.
  func expect(_ call: CallMedia, _ leg: consuming MediaLeg) { insert(call, leg) }

  private func attach(_ call: CallMedia, maximumGuests: Int) {
    call.isAttached = true
    // It may close at once.
    call.session.attach(call)
    guard table.pointee.has(call.tag) else { return }
    call.room = LiveRoom(
      call.session, callerPlace: Int32(PeerTags.slot(of: call.tag)), maximumGuests: maximumGuests,
      media: RoomChannel(host: call.tag, loop: self))
  }

  /// A guest's, who has joined the session.
  func join(_ guest: CallMedia, _ leg: consuming MediaLeg, role: RoomRole?, key: SidebandRole) {
    insert(guest, leg)
    guard let host = host(of: guest), let room = host.room else { return leave(guest) }
    host.guests.append(guest.tag)
    do throws(RealtimeError) {
      _ = try room.join(guest.participant, at: Int32(PeerTags.slot(of: guest.tag)), role: role, key: key)
    } catch {
      leave(guest)
    }
  }

  private func insert(_ call: CallMedia, _ leg: consuming MediaLeg) {
    let slot = PeerTags.slot(of: call.tag)
    while calls.count <= slot { calls.append(nil) }
    calls[slot] = call
    callCount += 1
    table.pointee.insert(leg)
    if timer == nil { beginTicking() }
  }

  /// The caller in whose room a guest is; nil when their session is over.
  private func host(of guest: CallMedia) -> CallMedia? {
    guard let tag = guest.host, let slot = slot(of: tag), !table.pointee.legs[slot]!.isClosing else { return nil }
    return calls[slot]
  }

  /// Ends what somebody has begun: a caller their session, a guest their part in it.
  private func end(_ call: CallMedia) {
    if call.guestsBesideSocket != nil {
      drop(call)
    } else if call.host == nil {
      call.session.disconnected()
    } else {
      leave(call)
    }
  }

  /// The media of a session that has a WebSocket: it goes on, or is over already.
  private func drop(_ call: CallMedia) {
    for tag in call.guests {
      if let slot = slot(of: tag), let guest = calls[slot] { leave(guest) }
    }
    if call.isAttached { call.session.mediaLost() }
    close(call)
  }

  /// The WebSocket is closed that the media was agreed upon by.
  func release(_ tag: UInt32) {
    if let slot = slot(of: tag), let call = calls[slot] { drop(call) }
  }

  /// There was another offer for the media beside a WebSocket.
  ///
  /// - Parameter isRekeyed: with other keys: nothing is sent before the first packet under them, and the voice waits.
  func renegotiate(_ tag: UInt32, _ configuration: PeerConfiguration, _ voice: VoicePlan, isRekeyed: Bool) {
    guard let slot = slot(of: tag), let call = calls[slot], !table.pointee.legs[slot]!.isClosing else { return }
    if isRekeyed {
      call.isLost = call.wasConnected
      table.pointee.replacePeer(slot, by: configuration, at: .now)
    } else {
      table.pointee.update(slot, configuration.audio, at: .now)
    }
    if table.pointee.legs[slot]!.set(voice, at: .now) {
      call.format = voice.format
      if call.isAttached { call.session.drained() }
      if call.wasConnected, !call.isLost { found(call) }
    }
    tellNotices()
  }

  private func leave(_ guest: CallMedia) {
    guard table.pointee.has(guest.tag), !table.pointee.legs[PeerTags.slot(of: guest.tag)]!.isClosing else { return }
    // The room first: none of its packets may go to a place that is another's by then.
    if let host = host(of: guest) {
      host.room?.left(guest.participant)
      host.guests.removeAll { $0 == guest.tag }
    }
    guest.session.leave(guest.participant)
    close(guest)
  }

  func giveUp(_ tag: UInt32) {
    if let slot = slot(of: tag), let call = calls[slot] { end(call) }
  }

  /// By word of the guest's own `DELETE`.
  func leave(_ tag: UInt32) {
    if let slot = slot(of: tag), let guest = calls[slot], guest.host != nil { leave(guest) }
  }

  /// The session is over. What it has sent last goes out by the data channel, then the caller is told.
  func close(_ call: CallMedia) {
    let slot = PeerTags.slot(of: call.tag)
    guard table.pointee.has(call.tag), !table.pointee.legs[slot]!.isClosing else { return }
    table.pointee.legs[slot]!.isClosing = true
    table.pointee.legs[slot]!.room = nil
    call.room = nil
    for guest in call.guests {
      if let slot = self.slot(of: guest), let guest = calls[slot] { close(guest) }
    }
    guard let association = call.association else { return finish(call.tag) }
    DataChannels.shared.finish(association)
    // By way of the port: the loop may be gone by then.
    _ = shard.schedule(at: .now + Self.farewell) { [port, tag = call.tag] in port.finish(tag) }
  }

  /// Forgets a call. One that is gone is ignored.
  func finish(_ tag: UInt32) {
    let slot = PeerTags.slot(of: tag)
    guard table.pointee.has(tag), let call = calls[slot] else { return }
    table.pointee.remove(tag, at: .now)
    calls[slot] = nil
    callCount -= 1
    port.giveBack(tag)
    call.onEnd()
    guard callCount == 0 else { return }
    report()
    if let timer { shard.cancel(timer) }
    timer = nil
  }

  func restartICE(_ tag: UInt32, local: IceCredentials, remote: IceCredentials) {
    table.pointee.restartICE(tag, local: local, remote: remote, at: .now)
    tellNotices()
  }

  func sendData(_ tag: UInt32, _ packets: [[UInt8]]) {
    table.pointee.sendData(tag, packets, at: .now)
    tellNotices()
  }

  // MARK: The agent's voice

  func play(_ samples: [Int16], by tag: UInt32) {
    guard let slot = slot(of: tag) else { return }
    _ = table.pointee.legs[slot]!.playout.append(samples)
  }

  func play(packet: [UInt8], by tag: UInt32) {
    guard let slot = slot(of: tag) else { return }
    _ = table.pointee.legs[slot]!.playout.append(packet: packet)
  }

  func play(_ phrase: EncodedPhrase, by tag: UInt32) {
    guard let slot = slot(of: tag) else { return }
    _ = table.pointee.legs[slot]!.playout.append(phrase)
  }

  func clear(_ tag: UInt32) {
    guard let slot = slot(of: tag) else { return }
    table.pointee.legs[slot]!.playout.clear()
  }

  // MARK: Rooms

  func seat(_ seats: [RoomSeat], in host: UInt32) {
    guard let slot = slot(of: host) else { return }
    table.pointee.seat(seats, in: slot)
  }

  /// The voice at `place`, and no other guest's, is decoded.
  func transcribe(_ place: Int?, in host: UInt32) {
    guard let slot = slot(of: host), let call = calls[slot] else { return }
    for tag in call.guests {
      if let guest = self.slot(of: tag) { table.pointee.legs[guest]!.isTranscribed = guest == place }
    }
  }

  func muteCaller(_ host: UInt32, _ isMuted: Bool) {
    if let slot = slot(of: host) { table.pointee.legs[slot]!.isTranscribed = !isMuted }
  }

  private func slot(of tag: UInt32) -> Int? { table.pointee.has(tag) ? PeerTags.slot(of: tag) : nil }

  // MARK: Datagrams

  private func readable(_ socket: Int) {
    table.pointee.receive(socket, at: .now)
    tellNotices()
  }

  private func tellNotices() {
    guard !table.pointee.notices.isEmpty else { return }
    var taken: [MediaTable.Notice] = []
    swap(&taken, &notices)
    table.pointee.takeNotices(into: &taken)
    for notice in taken {
      guard let slot = slot(of: notice.tag), let call = calls[slot], !table.pointee.legs[slot]!.isClosing else {
        continue
      }
      tell(call, notice.event)
    }
    taken.removeAll(keepingCapacity: true)
    if notices.isEmpty { swap(&taken, &notices) }
  }

  private func tell(_ call: CallMedia, _ event: PeerEvent) {
    switch event {
    case .connected:
      table.pointee.figures.connected &+= 1
      openData(of: call)
      found(call)
    case .path(.selected), .path(.addressChanged):
      if call.isLost { found(call) }
    case .path(.consentExpired):
      guard call.wasConnected else { return }
      call.isLost = true
      // A gateway that holds the line may be silent for long, and the WebSocket tells whether it is there.
      if call.guestsBesideSocket == nil { call.expires = .now + grace }
      if call.host == nil { call.session.mediaLost() }
    case .goodbye: if call.guestsBesideSocket == nil { call.goodbye = .now }
    case .path(.disconnected), .path(.reconnected), .reservation: break
    case .data(let packet):
      if let association = call.association { DataChannels.shared.receive(association, packet) }
    case .dtlsClosed: end(call)
    case .failed:
      table.pointee.figures.failed &+= 1
      if call.guestsBesideSocket != nil { call.session.tell(.error(.noSRTP), to: .client) }
      end(call)
    }
  }

  /// The caller is there, or there again.
  private func found(_ call: CallMedia) {
    call.wasConnected = true
    call.isLost = false
    call.expires = nil
    if let maximum = call.guestsBesideSocket, !call.isAttached {
      attach(call, maximumGuests: maximum)
      // What a leg before this one had of the agent's voice is lost with it.
      call.session.drained()
      guard table.pointee.has(call.tag) else { return }
    }
    if call.host == nil { call.session.mediaConnected(takesPackets: call.takesPackets) }
  }

  private func openData(of call: CallMedia) {
    guard call.association == nil, let plan = call.data else { return }
    call.association = DataChannels.shared.open(
      plan, session: call.session, participant: call.participant, tag: call.tag, port: port)
  }

  // MARK: Ticks

  private func beginTicking() {
    nextTick = .now + Self.subTick
    nextReport = .now + .seconds(1)
    load.restart()
    timer = shard.schedule(at: nextTick, fire)
  }

  private func tick() {
    let now = Instant.now
    if now - nextTick > Self.maximumLateness { nextTick = now }
    let due = nextTick
    table.pointee.beginTick(at: now)
    tellNotices()
    for slot in stride(from: tickNumber % Self.subTicks, to: table.pointee.legCount, by: Self.subTicks) {
      guard let call = calls.indices.contains(slot) ? calls[slot] : nil else { continue }
      serve(call, at: slot, due: due, now)
    }
    table.pointee.flush()
    tickNumber &+= 1
    if now >= nextReport {
      nextReport = now + .seconds(1)
      table.pointee.complexity.update(load: load.take(at: now), after: 1)
      report()
    }
    guard callCount > 0 else { return timer = nil }
    nextTick = due + Self.subTick
    timer = shard.schedule(at: nextTick, fire)
  }

  /// What one call is due each 20 ms.
  private func serve(_ call: CallMedia, at slot: Int, due: Instant, _ now: Instant) {
    table.pointee.advance(slot, to: now)
    tellNotices()
    guard table.pointee.has(call.tag), !table.pointee.legs[slot]!.isClosing else { return }
    if let expires = call.expires, now >= expires {
      call.expires = nil
      return end(call)
    }
    if let goodbye = call.goodbye, now - goodbye > Self.hangUpSilence {
      call.goodbye = nil
      if table.pointee.legs[slot]!.lastHeard < goodbye + .seconds(1) { return end(call) }
    }
    guard call.wasConnected else { return }
    if call.host != nil { return serveGuest(call, at: slot, due: due) }
    if let room = call.room, tickNumber & 16 == 0, let seat = table.pointee.nextActiveSpeaker(in: slot, at: now) {
      room.activeSpeakerChanged(to: seat)
    }
    // What has gone out comes first: by it, what the caller now interrupts is cut.
    if !call.isLost {
      let spoken = table.pointee.speak(slot, due: due, at: now)
      if spoken.samples > 0 { call.session.played(samples: spoken.samples) }
      guard table.pointee.has(call.tag) else { return }
      if spoken.isDrained { call.session.drained() }
      guard table.pointee.has(call.tag), !table.pointee.legs[slot]!.isClosing else { return }
    }
    switch table.pointee.hear(slot, into: &samples, due: due) {
    case .audio: call.session.voice(samples)
    case .silence: call.session.silence(samples: JitterBuffer.tickSamples)
    }
  }

  /// Who speaks in the agent's place is transcribed; other guests are only forwarded, packet by packet.
  private func serveGuest(_ guest: CallMedia, at slot: Int, due: Instant) {
    guard table.pointee.legs[slot]!.isTranscribed else { return }
    switch table.pointee.hear(slot, into: &samples, due: due) {
    case .audio: guest.session.floorVoice(samples)
    case .silence: guest.session.floorSilence(samples: JitterBuffer.tickSamples)
    }
  }

  private func report() {
    var figures = table.pointee.figures
    figures.halfOpenHandshakes = table.pointee.halfOpenHandshakes
    figures.receiveDrops = table.pointee.receiveDrops
    var calls: [UInt32: StreamFigures] = [:]
    for slot in 0..<table.pointee.legCount {
      guard let tag = table.pointee.tag(at: slot) else { continue }
      table.pointee.adapt(slot)
      let streams = StreamFigures(table.pointee.legs[slot]!)
      figures.streams.add(streams)
      calls[tag] = streams
      watchLink(at: slot, streams)
    }
    port.publish(figures, calls)
  }

  /// What a caller's network is good for, their session's ladder is told.
  private func watchLink(at slot: Int, _ streams: StreamFigures) {
    guard let call = calls[slot], call.host == nil, call.isAttached else { return }
    guard call.wasConnected, !call.isLost else { return call.link.pause() }
    let sample = LinkWatch.Sample(
      received: streams.packetsReceived, lost: streams.packetsLost, remoteLoss: streams.remoteFractionLost,
      roundTrip: streams.roundTripTime)
    if let input = call.link.sampled(sample, at: .now) { call.session.ladder(input) }
  }
}

extension RealtimeError {
  fileprivate static let noSRTP = RealtimeError.invalidRequest(
    code: "srtp_timed_out",
    message:
      "No packet under the key of the offer came in time (webrtc.connect_timeout_s). Send to the answer's address with the declared SSRC, or offer again.",
    param: "session.viva.srtp.sdp")
}

/// How busy the calling thread is.
private struct LoadMeter {
  private var since = Instant(nanoseconds: 0)
  private var busySince: Duration = .zero

  mutating func restart() {
    since = .now
    busySince = Shard.busyTime
  }

  /// The share of the time since it was last asked.
  mutating func take(at now: Instant) -> Double {
    let busy = Shard.busyTime
    defer { (since, busySince) = (now, busy) }
    let passed = (now - since).inSeconds
    return passed > 0 ? min(1, (busy - busySince).inSeconds / passed) : 0
  }
}
