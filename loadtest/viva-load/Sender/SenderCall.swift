import Foundation
import Media
import Runtime

/// The server's side of a call that does nothing but send a tone: a peer, its socket and the clock, on one thread.
///
/// A change in mid-call is made as a restart is: a new peer is made of a checkpoint of the old one.
final class SenderCall {
  private static let packetTime = Duration.milliseconds(20)

  private let offer: String
  private var configuration: PeerConfiguration
  private var peer: Peer
  private var socket: SenderSocket
  private var orders = SenderOrders()
  private let file: String?
  private var nextWrite = Instant.now
  private var tone: Tone
  /// Where the stream is to begin.
  private var first: UInt16?
  /// Whether the next packet is the first of this tone.
  private var isNewTone = true
  /// Of the newest packet, or where the stream is to go on. Nil for one that begins at random.
  private var newest: PacketIndex?
  private var received = 0
  private var dropped: [String: Int] = [:]
  private var isOver = false

  /// Answers the offer.
  init(answering offer: String, keptIn file: String?, _ tone: Tone, first: UInt16?) throws {
    (self.offer, self.file, self.tone, self.first) = (offer, file, tone, first)
    socket = try SenderSocket(port: 0)
    let negotiated = try SenderNegotiation(
      offer, port: socket.port, canonicalName: String(UInt64.random(in: .min ... .max), radix: 36))
    configuration = negotiated.configuration
    configuration.reservesDurably = file != nil
    peer = Peer(configuration, at: .now)
    var note = SenderNote(event: "answer")
    note.sdp = negotiated.answer.text
    note.say()
  }

  /// Goes on with the call of a process that is no more.
  init(resuming record: SenderRecord, in file: String, _ tone: Tone) throws {
    (offer, self.file, self.tone) = (record.offer, file, tone)
    socket = try SenderSocket(port: record.checkpoint.localAddress.port)
    configuration = try SenderNegotiation(offer, port: socket.port, canonicalName: record.canonicalName).configuration
    configuration.reservesDurably = true
    peer = Peer(restoring: record.checkpoint, configuration, at: .now)
    newest = Self.start(record.checkpoint)
  }

  // MARK: The loop

  /// Returns when the call is over.
  func run() throws {
    var nextPacket = Instant.now
    drain()
    while !isOver {
      let deadline = min(nextPacket, peer.nextDeadline ?? nextPacket)
      if socket.wait(until: deadline) { for order in orders.read() { try obey(order) } }
      receive()
      let now = Instant.now
      if let deadline = peer.nextDeadline, deadline <= now { peer.advance(to: now) }
      drain()
      guard now >= nextPacket else { continue }
      nextPacket = max(nextPacket, now.advanced(by: .zero - Self.packetTime * 5)) + Self.packetTime
      try speak()
      if now >= nextWrite { write() }
    }
    peer.close(now: .now)
    while transmit() {}
    sayFigures("stopped")
  }

  private func receive() {
    for index in 0..<socket.receive() {
      let (buffer, source, local) = socket.datagram(index)
      var bytes = buffer.mutableBytes
      switch peer.receive(&bytes, from: source, at: local, now: .now) {
      case .audio: received += 1
      case .dropped(let reason): dropped["\(reason)", default: 0] += 1
      case .rtcp, .dtls, .stun: break
      }
      drain()
    }
  }

  private func drain() {
    repeat {
      while transmit() {}
      while let event = peer.pollEvent() { take(event) }
      if peer.needsHandshakeStep { peer.stepHandshake(now: .now) }
    } while transmit() || peer.needsHandshakeStep
  }

  private func transmit() -> Bool {
    var buffer = socket.buffer.mutableBytes
    guard let transmit = peer.pollTransmit(into: &buffer) else { return false }
    socket.send(transmit)
    return true
  }

  // MARK: The tone

  private func speak() throws {
    guard peer.state == .connected else { return }
    let packet = try tone.nextPacket()
    var buffer = socket.buffer.mutableBytes
    let transmit = peer.send(
      packet.span.bytes, samples: Tone.packetUnits, marker: isNewTone, now: .now, into: &buffer)
    guard let transmit else { return }
    let header = try RTPHeader(buffer.bytes.extracting(first: transmit.byteCount))
    socket.send(transmit)
    newest = newest?.nearest(header.sequenceNumber) ?? PacketIndex(header.sequenceNumber)
    guard isNewTone else { return }
    isNewTone = false
    var note = SenderNote(event: "speaks")
    (note.ssrc, note.index, note.hertz) = (header.ssrc, newest?.rawValue, tone.hertz)
    note.say()
  }

  private func obey(_ order: SenderOrder) throws {
    switch order {
    case .figures: sayFigures("figures")
    case .stop: isOver = true
    case .jump(let steps, let hertz):
      tone = try Tone(hertz: hertz)
      goOn { checkpoint, newest in
        checkpoint.streams[0].reservation.end = newest + 1 + UInt64(steps)
        checkpoint.streams[0].reservation.rtcpEnd += UInt32(steps)
      }
    case .newSource(let hertz):
      tone = try Tone(hertz: hertz)
      configuration.ssrc = .random(in: .min ... .max)
      goOn { checkpoint, _ in checkpoint.streams = [] }
    }
  }

  /// Goes on as another process would.
  ///
  /// - Parameter change: is given the checkpoint, with its one stream, and the index of the newest packet.
  private func goOn(with change: (inout PeerCheckpoint, UInt64) -> Void) {
    guard var checkpoint = peer.checkpoint(now: .now) else { return SenderNote(event: "not connected").say() }
    change(&checkpoint, newest?.rawValue ?? 0)
    peer = Peer(restoring: checkpoint, configuration, at: .now)
    newest = Self.start(checkpoint)
    isNewTone = true
    drain()
  }

  private static func start(_ checkpoint: PeerCheckpoint) -> PacketIndex? {
    checkpoint.streams.first.flatMap { PacketIndex(rawValue: $0.reservation.end) }
  }

  // MARK: What happens

  private func take(_ event: PeerEvent) {
    switch event {
    case .connected:
      var note = SenderNote(event: "connected")
      note.cipher = peer.statistics.transport.srtpCipher
      note.say()
      guard let first else { break }
      self.first = nil
      goOn { checkpoint, _ in checkpoint.streams[0].reservation.end = UInt64(first) }
    case .reservation(let reservation):
      if write() { peer.confirm(reservation) } else { peer.abandon(reservation) }
    case .path(let event):
      SenderNote(event: "path: \(event)").say()
      write()
    case .failed(let failure):
      SenderNote(event: "failed: \(failure)").say()
      isOver = true
    case .goodbye, .dtlsClosed: isOver = true
    case .data: break
    }
  }

  /// Returns whether another process could go on from what is written.
  @discardableResult
  private func write() -> Bool {
    nextWrite = .now + .seconds(1)
    guard let file, let checkpoint = peer.checkpoint(now: .now) else { return false }
    do {
      try SenderRecord(offer: offer, canonicalName: configuration.canonicalName, checkpoint: checkpoint).write(to: file)
      return true
    } catch {
      SenderNote(event: "not written: \(error)").say()
      return false
    }
  }

  private func sayFigures(_ event: String) {
    var note = SenderNote(event: event)
    (note.received, note.dropped) = (received, dropped)
    note.remotePacketsLost = peer.statistics.outbound.first?.remote?.packetsLost
    note.say()
  }
}
