/// The SSRCs by which the packets of SDES's calls are told apart on one port: each is of one call. Sans-IO.
struct DeclaredSources: Sendable {
  private var owners: [UInt32: UInt32] = [:]
  private var claims: [UInt32: [UInt32]] = [:]

  /// Takes `sources` for the call `tag`, in the place of those that it had.
  ///
  /// - Returns: false, and nothing is changed, when one of them is another call's.
  mutating func claim(_ sources: [UInt32], by tag: UInt32) -> Bool {
    guard sources.allSatisfy({ owners[$0] == nil || owners[$0] == tag }) else { return false }
    release(tag)
    guard !sources.isEmpty else { return true }
    for source in sources { owners[source] = tag }
    claims[tag] = sources
    return true
  }

  mutating func release(_ tag: UInt32) {
    for source in claims.removeValue(forKey: tag) ?? [] { owners[source] = nil }
  }
}
