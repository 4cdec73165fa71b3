import Runtime
import Synchronization
import VivaConfiguration

/// Who may come in, and how often: finds the grant of a request's key. For any thread.
///
/// Wrong keys are counted against the address they come from. An address with too many of them is not listened to for
/// a while, not even with the right server key: an answer would tell a guesser that it was right. Ephemeral keys are
/// still good then, since no one guesses them; so callers are not locked out by a neighbour behind the same address.
/// Behind a proxy the address is the one that it forwards, if the configuration trusts it.
final class Doorkeeper: Sendable {
  private struct State {
    var failedLogins: RateTable
    var connections: RateTable
  }

  private let keyring: Keyring
  private let addresses: ForwardedAddress
  private let state: Mutex<State>

  init(
    keyring: Keyring, trustedProxies: [AddressRange] = [], failedLoginsPerMinute: Int, connectionsPerMinute: Int
  ) {
    self.keyring = keyring
    addresses = ForwardedAddress(trustedProxies: trustedProxies)
    state = Mutex(
      State(
        failedLogins: RateTable(perMinute: failedLoginsPerMinute),
        connections: RateTable(perMinute: connectionsPerMinute)))
  }

  /// What the key of `request` is good for.
  ///
  /// - Throws: the answer, 401 or 429, when there is no such key.
  func grant(for request: HTTPRequest, at now: Instant) throws(HTTPResponse) -> Grant {
    guard let key = PresentedKey.of(request) else { throw .missingKey }
    if let grant = keyring.ephemeralGrant(for: key, at: now) { return grant }
    let network = ClientNetwork(address: addresses.client(of: request)).name
    if let wait = state.withLock({ $0.failedLogins.wait(for: network, at: now) }) { throw .tooManyFailedLogins(wait) }
    if let grant = keyring.serverGrant(for: key) { return grant }
    state.withLock { _ = $0.failedLogins.take(network, at: now) }
    throw .wrongKey
  }

  /// Counts a WebSocket against the key that it comes with.
  ///
  /// - Throws: 429 when there are too many of them.
  func countConnection(of grant: Grant, at now: Instant) throws(HTTPResponse) {
    let (wait, limit) = state.withLock { ($0.connections.take(grant.owner, at: now), $0.connections.perMinute) }
    if let wait { throw .tooManyConnections(limit: limit, wait) }
  }
}

/// The key that a request brings.
enum PresentedKey {
  /// How browsers, which cannot set headers on a WebSocket, present their key.
  static let subprotocol = "openai-insecure-api-key."

  static func of(_ request: HTTPRequest) -> String? {
    if let header = request.header("authorization") {
      let parts = header.split(separator: " ", maxSplits: 1)
      guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
      return String(parts[1])
    }
    return request.subprotocols.first { $0.hasPrefix(subprotocol) }.map { String($0.dropFirst(subprotocol.count)) }
  }
}
