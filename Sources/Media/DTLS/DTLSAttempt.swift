import COpenSSL

/// One SSL object: a handshake that may or may not become the connection. About 74 KB.
final class DTLSAttempt {
  enum Progress: Equatable {
    case pending
    case finished
    case failed(String)
  }

  enum Read: Equatable {
    case data([UInt8])
    case nothing
    case closed
    case failed(String)
  }

  /// Of the ClientHello that it answers; nil for a client.
  let clientRandom: [UInt8]?
  /// Records of epoch 1 that came before the handshake was over.
  var earlyHandshakeRecords = 0
  var earlyDataRecords = 0

  private let ssl: OpaquePointer
  private let datagrams = DatagramBIO()

  /// Nil when OpenSSL cannot allocate.
  init?(identity: DTLSIdentity, role: DTLSRole, mtu: Int, clientRandom: [UInt8]?) {
    OpenSSLErrors.clear()
    guard let ssl = SSL_new(identity.context) else { return nil }
    guard let bio = datagrams.makeBIO() else {
      SSL_free(ssl)
      return nil
    }
    self.ssl = ssl
    self.clientRandom = clientRandom
    SSL_set_bio(ssl, bio, bio)
    _ = viva_SSL_set_mtu(ssl, mtu)
    // RFC 6347 starts at 1 s, and allows less where it matters: here a caller waits. In microseconds.
    DTLS_set_timer_cb(ssl) { _, previous in previous == 0 ? 100_000 : min(previous &* 2, 2_000_000) }
    switch role {
    case .client: SSL_set_connect_state(ssl)
    case .server: SSL_set_accept_state(ssl)
    }
  }

  deinit {
    // Before `datagrams`, which the BIO points to.
    SSL_free(ssl)
  }

  /// What is to be sent since the last call.
  func takeOutbound() -> [[UInt8]] { datagrams.takeOutbound() }
}

// MARK: - Handshake

extension DTLSAttempt {
  /// Goes on with the handshake, by one record or, at a client's start, without one.
  func advance(with record: ArraySlice<UInt8>? = nil) -> Progress {
    if let record { datagrams.inbound = Array(record) }
    defer { datagrams.inbound = [] }
    OpenSSLErrors.clear()
    let result = SSL_do_handshake(ssl)
    if result == 1 { return .finished }
    switch SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .pending
    default: return .failed(OpenSSLErrors.take())
    }
  }

  /// Time left until the flight is to be sent again, in microseconds, by OpenSSL's own clock.
  var timeLeft: Int64? {
    var left: Int64 = 0
    return viva_DTLSv1_get_timeout(ssl, &left) == 1 ? left : nil
  }

  /// Sends the last flight again if its time has come.
  func handleTimeout() -> Progress {
    OpenSSLErrors.clear()
    return viva_DTLSv1_handle_timeout(ssl) < 0 ? .failed(OpenSSLErrors.take()) : .pending
  }
}

// MARK: - What the handshake agreed on

extension DTLSAttempt {
  /// DER.
  var peerCertificate: [UInt8]? {
    guard let certificate = SSL_get1_peer_certificate(ssl) else { return nil }
    defer { X509_free(certificate) }
    let length = Int(i2d_X509(certificate, nil))
    guard length > 0 else { return nil }
    return [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
      var cursor = buffer.baseAddress
      count = max(0, Int(i2d_X509(certificate, &cursor)))
    }
  }

  var srtpProfile: SRTPProfile? {
    guard let profile = SSL_get_selected_srtp_profile(ssl) else { return nil }
    return UInt16(exactly: profile.pointee.id).flatMap(SRTPProfile.init(rawValue:))
  }

  func exportKeys(for profile: SRTPProfile, role: DTLSRole) -> SRTPKeyingMaterial? {
    let label = SRTPKeyingMaterial.exporterLabel
    let length = SRTPKeyingMaterial.exportedLength(of: profile)
    OpenSSLErrors.clear()
    var exported = [UInt8](repeating: 0, count: length)
    guard SSL_export_keying_material(ssl, &exported, length, label, label.utf8.count, nil, 0, 0) == 1 else {
      return nil
    }
    defer { OPENSSL_cleanse(&exported, length) }
    return SRTPKeyingMaterial(profile: profile, exported: exported, localIsClient: role == .client)
  }
}

// MARK: - Application data

extension DTLSAttempt {
  /// Reads the next application data of `record`, or of what came before when it is nil.
  func read(from record: ArraySlice<UInt8>? = nil) -> Read {
    if let record { datagrams.inbound = Array(record) }
    defer { datagrams.inbound = [] }
    OpenSSLErrors.clear()
    var result: Int32 = 0
    let data = [UInt8](unsafeUninitializedCapacity: DTLSConnection.maximumDatagram) { buffer, count in
      result = SSL_read(ssl, buffer.baseAddress, Int32(buffer.count))
      count = Int(max(0, result))
    }
    if result > 0 { return .data(data) }
    switch SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .nothing
    case SSL_ERROR_ZERO_RETURN: return .closed
    default: return .failed(OpenSSLErrors.take())
    }
  }

  /// Nil is success.
  func write(_ data: UnsafeRawBufferPointer) -> String? {
    OpenSSLErrors.clear()
    let result = SSL_write(ssl, data.baseAddress, Int32(clamping: data.count))
    return result > 0 ? nil : OpenSSLErrors.take()
  }

  /// Writes a close_notify.
  func shutDown() {
    OpenSSLErrors.clear()
    _ = SSL_shutdown(ssl)
    OpenSSLErrors.clear()
  }

  /// Gives OpenSSL's two record buffers (34 KB) back while nothing is under way. `allocateBuffers` comes first
  /// before anything else is done.
  func freeBuffers() { SSL_free_buffers(ssl) }

  /// False when there is no memory.
  func allocateBuffers() -> Bool { SSL_alloc_buffers(ssl) == 1 }
}
