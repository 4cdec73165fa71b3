import CUsrSCTP
import Glibc

/// An SCTP association over DTLS with its data channels (RFC 8261, 8831, 8832). For use by the thread of its endpoint.
///
/// After each call that may change something, `pollTransmit` and `pollEvent` are to be drained until nil; after
/// `SCTPEndpoint.handleTimers`, those of the associations that it returns. It is to be ended by `abort` or by
/// `closed`, and released on the same thread.
public final class SCTPAssociation {
  /// Packets to send that nobody took; more are lost, as on a network.
  private static let maximumTransmits = 1024

  enum State: Equatable {
    case new
    case connecting
    case connected
    case shuttingDown
    case closed
  }

  /// What usrsctp's callbacks leave, for after the call that they came in: nothing is done inside of them.
  private enum Incoming {
    case notification(SCTPNotification)
    case fragment(MessageFragment)
  }

  let configuration: SCTPConfiguration
  let role: DTLSRole
  private let endpoint: SCTPEndpoint
  private var address: UInt = 0
  var socket: SCTPSocket?
  private var isListening = false
  var hasShutDown = false

  var state = State.new
  /// That both sides can send on.
  var streams: UInt16 = 0
  var channels = ChannelTable()
  var sendQueue = SendQueue()
  /// Messages larger than `maximumMessageSize`, the only ones that come in pieces.
  var reassembly: [UInt16: MessageReassembly] = [:]

  private var incoming: [Incoming] = []
  private var transmits: [[UInt8]] = []
  private var events: [SCTPEvent] = []

  /// - Parameter role: In DTLS, which says whose streams are the even ones (RFC 8832, section 6).
  public init(
    endpoint: SCTPEndpoint, role: DTLSRole, configuration: SCTPConfiguration = SCTPConfiguration()
  ) throws(SCTPError) {
    endpoint.assertOwned()
    self.endpoint = endpoint
    self.role = role
    self.configuration = configuration
    address = endpoint.register(self)
    do throws(SCTPError) {
      socket = try SCTPSocket(address: address, configuration: configuration)
    } catch {
      endpoint.deregister(address)
      throw error
    }
  }

  deinit {
    endpoint.assertOwned()
    // An ABORT could not be polled any more, and callbacks must not come here.
    endpoint.forget(address)
    close()
  }

  public var isConnected: Bool { state == .connected }

  /// Begins an association. Both sides may at the same time, as browsers do.
  public func connect() throws(SCTPError) {
    endpoint.assertOwned()
    guard state == .new, let socket else { throw .notConnected }
    state = .connecting
    try socket.connect(to: address, port: configuration.peerPort)
  }

  /// Waits for the peer to begin.
  public func listen() throws(SCTPError) {
    endpoint.assertOwned()
    guard state == .new, let socket else { throw .notConnected }
    state = .connecting
    isListening = true
    try socket.listen()
  }

  /// A packet from the peer: the application data of a DTLS record. Anything is safe.
  public func handle(_ packet: RawSpan) {
    endpoint.assertOwned()
    guard state != .closed, packet.byteCount <= DTLSConnection.maximumDatagram,
      SCTPPacket.isAcceptable(packet, from: configuration.peerPort, to: configuration.port)
    else { return }
    packet.withUnsafeBytes {
      usrsctp_conninput(UnsafeMutableRawPointer(bitPattern: address), $0.baseAddress, $0.count, 0)
    }
    if isListening, let accepted = socket?.accept() {
      isListening = false
      socket = accepted
    }
    settle()
  }

  /// The next packet to send, as the application data of one DTLS record.
  public func pollTransmit() -> [UInt8]? { transmits.isEmpty ? nil : transmits.removeFirst() }

  public func pollEvent() -> SCTPEvent? { events.isEmpty ? nil : events.removeFirst() }

  /// Ends the association with an ABORT. Nothing is told, what waits to be sent is lost.
  public func abort() {
    endpoint.assertOwned()
    close()
  }

  /// Ends the association in good order, once what waits is sent; `closed` follows. Nothing more can be sent.
  public func shutDown() {
    endpoint.assertOwned()
    guard state == .connected else {
      if state != .shuttingDown { close() }
      return
    }
    state = .shuttingDown
    settle()
  }

  /// Not inside a callback of usrsctp.
  private func close() {
    guard let socket else { return }
    self.socket = nil
    state = .closed
    channels = ChannelTable()
    sendQueue = SendQueue()
    reassembly = [:]
    // The ABORT leaves through `transmit`, which needs the registration.
    socket.close()
    incoming = []
    endpoint.deregister(address)
  }

  func tell(_ event: SCTPEvent) { events.append(event) }

  func end(_ error: SCTPError?) {
    guard state != .closed else { return }
    close()
    tell(.closed(error))
  }
}

// MARK: - usrsctp's side

extension SCTPAssociation {
  /// Inside a callback.
  func transmit(_ packet: UnsafeRawBufferPointer) {
    endpoint.touch(address)
    if transmits.count < Self.maximumTransmits { transmits.append(Array(packet)) }
  }

  /// Inside a callback.
  func take(_ bytes: UnsafeRawBufferPointer, _ info: sctp_rcvinfo, flags: Int32) {
    endpoint.touch(address)
    if flags & MSG_NOTIFICATION != 0 {
      if let notification = SCTPNotification(bytes) { incoming.append(.notification(notification)) }
      return
    }
    incoming.append(
      .fragment(
        MessageFragment(
          stream: info.rcv_sid, payloadProtocol: PayloadProtocol(rawValue: UInt32(bigEndian: info.rcv_ppid)),
          bytes: Array(bytes), isLast: flags & Int32(MSG_EOR) != 0)))
  }

  /// Does what the callbacks left to do, and sends what can be sent. After each call into usrsctp.
  func settle() {
    while state != .closed, !incoming.isEmpty {
      let batch = incoming
      incoming = []
      for item in batch where state != .closed {
        switch item {
        case .notification(let notification): take(notification)
        case .fragment(let fragment): take(fragment)
        }
      }
    }
    if state != .closed { flush() }
  }

  private func take(_ notification: SCTPNotification) {
    switch notification {
    case .connected(let outgoing):
      guard state == .connecting else { return }
      state = .connected
      streams = min(outgoing, configuration.maximumStreams)
      tell(.connected)
    case .lost(let wasAborted): end(wasAborted ? .aborted : .lost)
    // Its channels are gone, and a browser never does that.
    case .restarted: end(.aborted)
    case .shutDown: end(nil)
    case .incomingReset(let streams): incomingReset(streams)
    case .outgoingReset(let streams): outgoingReset(streams)
    }
  }
}
