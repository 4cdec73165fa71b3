import CSRTP

/// An `srtp_t`, of one direction. For use by one thread at a time.
struct SRTPSession: ~Copyable {
  enum Streams {
    /// Streams come to be with the first authentic packet of a source.
    case anyInbound
    /// One stream.
    case source(UInt32)
  }

  /// Of the replay window, in packets: 2.5 s of 20 ms each. SRTCP's has 128 always.
  static let windowSize: UInt = 128
  /// Longer than any datagram of ours. NSS keeps 2,048 bytes of associated data, and libsrtp has a cipher that
  /// refuses everything for ever after unencrypted RTCP which fills them to the brim.
  static let longestPacket = 2000

  let handle: srtp_t
  private let key: SRTPMasterKey

  /// Without streams.
  ///
  /// - Throws: `SRTPError.library`.
  init(_ key: SRTPMasterKey) throws(SRTPError) {
    var session: srtp_t?
    guard SRTPLibrary.isReady, srtp_create(&session, nil) == srtp_err_status_ok, let session else { throw .library }
    handle = session
    self.key = key
  }

  deinit {
    srtp_dealloc(handle)
  }

  func add(_ streams: Streams) throws(SRTPError) {
    guard Self.add(streams, key, to: handle) == srtp_err_status_ok else { throw .library }
  }

  func removeStream(of ssrc: UInt32) {
    // This one wants network order, unlike those for the rollover counter.
    srtp_remove_stream(handle, ssrc.bigEndian)
  }

  /// The next packet of the stream has this rollover counter, whatever its sequence number. Until an authentic one
  /// came in, or one went out, it may be set anew for each; afterwards libsrtp counts on by itself.
  func setRolloverCounter(_ value: UInt32, of ssrc: UInt32) throws(SRTPError) {
    guard srtp_set_stream_roc(handle, ssrc, value) == srtp_err_status_ok else { throw .library }
  }

  func rolloverCounter(of ssrc: UInt32) -> UInt32? {
    var value: UInt32 = 0
    return srtp_get_stream_roc(handle, ssrc, &value) == srtp_err_status_ok ? value : nil
  }

  static func add(_ streams: Streams, _ key: SRTPMasterKey, to handle: srtp_t) -> srtp_err_status_t {
    var policy = srtp_policy_t()
    switch key.profile {
    case .aeadAES128GCM:
      srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp)
      srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp)
    case .aes128CMSHA1_80:
      srtp_crypto_policy_set_rtp_default(&policy.rtp)
      srtp_crypto_policy_set_rtcp_default(&policy.rtcp)
    }
    policy.window_size = windowSize
    switch streams {
    case .anyInbound: policy.ssrc.type = ssrc_any_inbound
    case .source(let ssrc):
      policy.ssrc.type = ssrc_specific
      policy.ssrc.value = ssrc
    }
    // libsrtp derives the session keys and keeps no pointer to the master key.
    var bytes = key.keyAndSalt
    return bytes.withUnsafeMutableBufferPointer { bytes in
      policy.key = bytes.baseAddress
      return srtp_add_stream(handle, &policy)
    }
  }
}

extension SRTPError {
  init(_ status: srtp_err_status_t) {
    switch status {
    case srtp_err_status_auth_fail: self = .notAuthentic
    case srtp_err_status_replay_fail, srtp_err_status_replay_old, srtp_err_status_pkt_idx_old: self = .replayed
    case srtp_err_status_bad_param, srtp_err_status_parse_err: self = .badLength
    case srtp_err_status_no_ctx: self = .unknownSource
    case srtp_err_status_cant_check: self = .notEncrypted
    case srtp_err_status_key_expired: self = .notReserved
    default: self = .library
    }
  }
}
