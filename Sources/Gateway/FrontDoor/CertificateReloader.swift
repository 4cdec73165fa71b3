import COpenSSL
import Logging

/// Keeps a listener's certificate as its files are. A connection shows the one that is current at its handshake; open
/// connections are left alone. Used on the service thread only, and must outlive the listener.
final class CertificateReloader {
  private static let interval = Duration.seconds(2)

  private let files: FrontDoor.Configuration.Listener.TLS
  private let log = Logger(label: "gateway")
  /// nil until the files were read for the first time: libwebsockets' own reading of them serves meanwhile.
  private var current: Certificate?
  /// Of the files when they were last read, be it in vain: each state of them is read, and complained of, once.
  private var seen: [FileStamp?] = []
  private var nextLook: ContinuousClock.Instant?

  /// - Parameter context: the `SSL_CTX` of the listener.
  init(_ files: FrontDoor.Configuration.Listener.TLS, context: OpaquePointer) {
    self.files = files
    SSL_CTX_set_cert_cb(
      context,
      { connection, reloader in
        guard let connection, let reloader else { return 0 }
        return Unmanaged<CertificateReloader>.fromOpaque(reloader).takeUnretainedValue().present(in: connection)
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  /// Looks at the files now and then, and takes what is new in them if it is usable.
  func look(at now: ContinuousClock.Instant) {
    if let nextLook, now < nextLook { return }
    nextLook = now + Self.interval
    // Before the reading: what is written after it is seen at the next look.
    let stamps = [files.certificateFile, files.privateKeyFile].map(FileStamp.init)
    guard stamps != seen else { return }
    let isFirst = seen.isEmpty
    seen = stamps
    do {
      current = try Certificate(files)
      if !isFirst { log.notice("the TLS certificate was read again: \(files.certificateFile)") }
    } catch {
      log.error(
        "the TLS certificate on disk is not usable, and the one before stays in use until the files change: \(error.reason)"
      )
    }
  }

  private func present(in connection: OpaquePointer) -> Int32 {
    guard let current else { return 1 }
    return current.present(in: connection) ? 1 : 0
  }
}
