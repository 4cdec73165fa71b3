import CSRTP

/// libsrtp, started once in the process.
///
/// Threads: after `srtp_init` libsrtp has no global state that changes. Its lists of ciphers are only read, all else is
/// in an `srtp_t`. So sessions may be made and used on several threads at once as long as each `srtp_t` is used by one
/// at a time, which ~Copyable owners see to. Debian's libsrtp does its cryptography with NSS, which counts its users
/// under a lock of its own.
enum SRTPLibrary {
  /// Whether libsrtp works. The first use takes some 20 ms, for self-tests.
  static let isReady = resident != nil

  /// A session that nobody uses and that is kept for ever, as a number. Without it NSS shuts down when the last call
  /// ends, and to start it for the next one takes ten times as long as the session itself.
  private static let resident: UInt? = {
    var session: srtp_t?
    guard srtp_init() == srtp_err_status_ok, srtp_create(&session, nil) == srtp_err_status_ok, let session,
      let key = SRTPMasterKey(profile: .aeadAES128GCM, keyAndSalt: [UInt8](repeating: 0, count: 28)),
      SRTPSession.add(.anyInbound, key, to: session) == srtp_err_status_ok
    else { return nil }
    return UInt(bitPattern: session)
  }()
}
