import Foundation
import Realtime
import Runtime
import Synchronization
import VivaConfiguration

/// All keys that let someone in: those of the server, and the ephemeral ones that these made. For any thread.
final class Keyring: Sendable {
  private let serverKeys: ServerKeys
  private let ephemeral: Mutex<EphemeralKeys>

  init(serverKeys: ServerKeys, maximumEphemeralKeys: Int) {
    self.serverKeys = serverKeys
    ephemeral = Mutex(EphemeralKeys(limit: maximumEphemeralKeys))
  }

  /// What an ephemeral key is good for.
  func ephemeralGrant(for key: String, at now: Instant) -> Grant? {
    ephemeral.withLock { $0.grant(for: key, at: now) }
  }

  /// What a server key is good for: all that is its own.
  func serverGrant(for key: String) -> Grant? {
    serverKeys.authorises(key) ? Grant(scope: .admin, owner: KeyHash(key).keyID) : nil
  }

  /// Makes an ephemeral key.
  ///
  /// - Returns: the key, and when it expires, in seconds since 1970.
  func mint(_ grant: Grant, seconds: Int, at now: Instant) throws(EphemeralKeys.Full) -> (key: String, expiresAt: Int) {
    let key = try ephemeral.withLock { keys throws(EphemeralKeys.Full) in
      var generator = SystemRandomNumberGenerator()
      return try keys.mint(grant, seconds: seconds, at: now, using: &generator)
    }
    return (key, Int(Date().timeIntervalSince1970) + seconds)
  }
}
