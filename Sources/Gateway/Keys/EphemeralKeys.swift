import Runtime

/// The keys that `POST /v1/realtime/client_secrets` made and that have not expired.
///
/// Sans-IO. A key is looked up by its hash, in a dictionary: to compare in constant time would hide nothing, because
/// how long a look-up takes depends on bits of a hash, which whoever guesses cannot steer towards a key.
struct EphemeralKeys: Sendable {
  /// How long a key may live, in seconds.
  static let lifetimes = 10...7200
  /// Short enough for the list of sub-protocols, of which libwebsockets reads 126 bytes.
  static let prefix = "ek_"
  private static let randomCharacters = 32
  private static let purgeInterval = Duration.seconds(60)

  /// As many keys as may be are valid already.
  struct Full: Error, Equatable {
    /// Until the first of them expires.
    var wait: Duration
  }

  /// Of the sessions that keys bring along, as their JSON: one may be a megabyte.
  static let maximumSessionBytes = 64 << 20

  private let limit: Int
  private var grants: [KeyHash: Grant] = [:]
  private var sessionBytes = 0
  private var nextPurge: Instant?

  init(limit: Int) { self.limit = limit }

  /// Expired keys count until they are purged, a minute later at most.
  var count: Int { grants.count }

  /// Makes a key.
  ///
  /// - Parameter seconds: kept within `lifetimes`.
  /// - Returns: the key, which is kept nowhere.
  mutating func mint(
    _ grant: Grant, seconds: Int, at now: Instant, using generator: inout some RandomNumberGenerator
  ) throws(Full) -> String {
    purge(at: now)
    let bytes = grant.session == nil ? 0 : grant.sessionBytes
    guard grants.count < limit, bytes <= Self.maximumSessionBytes - sessionBytes else {
      throw Full(wait: (firstExpiry ?? now) - now)
    }
    sessionBytes += bytes
    let lifetime = min(max(seconds, Self.lifetimes.lowerBound), Self.lifetimes.upperBound)
    var grant = grant
    grant.expires = now + .seconds(lifetime)
    let key = Self.prefix + Self.random(using: &generator)
    grants[KeyHash(key)] = grant
    return key
  }

  /// What a key is good for; nil when there is none like it, or it has expired.
  func grant(for key: String, at now: Instant) -> Grant? {
    guard key.hasPrefix(Self.prefix), let grant = grants[KeyHash(key)], let expires = grant.expires, now < expires
    else { return nil }
    return grant
  }

  private var firstExpiry: Instant? { grants.values.compactMap(\.expires).min() }

  /// Forgets what has expired: now and then, and whenever room is needed.
  private mutating func purge(at now: Instant) {
    let hasRoom = grants.count < limit && sessionBytes < Self.maximumSessionBytes / 2
    if let nextPurge, now < nextPurge, hasRoom { return }
    nextPurge = now + Self.purgeInterval
    grants = grants.filter { $0.value.expires.map { now < $0 } ?? false }
    sessionBytes = grants.values.reduce(0) { $0 + ($1.session == nil ? 0 : $1.sessionBytes) }
  }

  private static func random(using generator: inout some RandomNumberGenerator) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    return String((0..<randomCharacters).map { _ in alphabet[Int(generator.next() & 63 as UInt64)] })
  }
}
