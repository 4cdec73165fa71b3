extension DTLSConnection {
  /// Sends application data in a record, and so in a datagram, of its own.
  ///
  /// - Throws: `.tooLarge` beyond `mtu - recordOverhead` bytes, `.notConnected`, `.failed`. Empty data is no record.
  public func send(_ data: RawSpan) throws(DTLSError) {
    guard state == .connected, let established else { throw .notConnected }
    guard data.byteCount <= configuration.mtu - Self.recordOverhead else { throw .tooLarge(data.byteCount) }
    guard data.byteCount > 0 else { return }
    guard established.allocateBuffers() else { throw .library(OpenSSLErrors.take()) }
    defer { established.freeBuffers() }
    if let reason = data.withUnsafeBytes({ established.write($0) }) { throw .failed(reason) }
    transmit(established.takeOutbound())
  }

  /// Says close_notify. Keys that were exported stay good.
  public func close() {
    switch state {
    case .handshaking, .released: break
    case .connected: sayGoodbye()
    case .closed, .failed: return
    }
    state = .closed
    attempts = []
    established = nil
    inbox = []
  }

  /// Frees the SSL object, when no data channel needs it. From then on only a client that lost the last flight is
  /// answered, with the same bytes again; alerts cannot be read any more, and nothing can be sent.
  public func release() {
    guard state == .connected else { return }
    state = .released
    established = nil
  }

  private func sayGoodbye() {
    guard let established, established.allocateBuffers() else { return }
    established.shutDown()
    transmit(established.takeOutbound())
  }

  func read(_ datagram: [UInt8]) {
    read(DTLSRecord.records(of: datagram)[...], of: datagram)
  }

  func read(_ records: ArraySlice<DTLSRecord>, of datagram: [UInt8]) {
    guard let established, established.allocateBuffers() else { return }
    defer { established.freeBuffers() }
    takeAll(established.read(), from: established)
    // In plain text there is nothing left to say.
    for record in records where record.epoch == 1 && state == .connected {
      takeAll(established.read(from: datagram[record.bounds]), from: established)
    }
    transmit(established.takeOutbound())
  }

  private func takeAll(_ first: DTLSAttempt.Read, from attempt: DTLSAttempt) {
    var outcome = first
    while case .data(let data) = outcome {
      events.append(.received(data))
      outcome = attempt.read()
    }
    switch outcome {
    case .data, .nothing: return
    case .closed:
      sayGoodbye()
      state = .closed
      established = nil
      events.append(.closed)
    case .failed(let reason): fail(.failed(reason))
    }
  }

  func sendFinalFlightAgain(for datagram: RawSpan) {
    guard datagram.uint8(at: 0) == DTLSRecord.ContentType.handshake.rawValue,
      finalFlightsSent < Self.maximumFinalFlights
    else { return }
    finalFlightsSent += 1
    transmit(finalFlight)
  }
}
