import COpenSSL

/// OpenSSL's error queue, which belongs to the thread: what another call left there must not be taken for this one's.
enum OpenSSLErrors {
  /// Before each call whose failure is looked into.
  static func clear() { ERR_clear_error() }

  /// Empties the queue. The reason of the oldest entry, which is where things went wrong first.
  static func take() -> String {
    let first = ERR_get_error()
    ERR_clear_error()
    guard first != 0 else { return "unknown error" }
    guard let reason = ERR_reason_error_string(first) else { return "error \(first)" }
    return String(cString: reason)
  }
}
