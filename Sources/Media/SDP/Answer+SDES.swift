/// What a call that is keyed by SDES has to keep to (design, section 7).
extension Answer {
  /// The SSRCs that the other side sends with: there are no others. Empty with DTLS, where any may come.
  public var declaredSources: [UInt32] {
    guard case .sdes = transport.keying else { return [] }
    return audio.flatMap(\.remoteSources)
  }

  /// - Parameter previous: the answer that is in force, when this one is to take its place.
  /// - Throws: `sourcesNotDeclared`; `keyReused` where packets of before could be played again, since only a new key
  ///   makes a new receiver.
  public func checkSDES(after previous: Answer? = nil) throws(OfferRefusal) {
    guard case .sdes = transport.keying else { return }
    let sources = declaredSources
    guard (1...SRTPSourceTable.capacity).contains(Set(sources).count), Set(sources).count == sources.count else {
      throw .sourcesNotDeclared(limit: SRTPSourceTable.capacity)
    }
    guard let previous, previous.transport.keying == transport.keying else { return }
    let hadICE = previous.transport.remoteCredentials != nil
    guard Set(previous.declaredSources) == Set(sources), hadICE == (transport.remoteCredentials != nil) else {
      throw .keyReused
    }
  }
}
