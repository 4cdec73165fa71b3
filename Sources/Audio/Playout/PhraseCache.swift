/// Phrases that were spoken before, as packets. The ones that were not asked for the longest go first. For use by one
/// thread.
public struct PhraseCache: ~Copyable {
  private struct Entry {
    let phrase: EncodedPhrase
    var lastUse: UInt64
  }

  public let maximumBytes: Int
  /// Of all phrases.
  public private(set) var byteCount = 0
  public private(set) var hits = 0
  public private(set) var misses = 0

  private var entries: [PhraseKey: Entry] = [:]
  private var uses: UInt64 = 0

  public init(maximumBytes: Int) {
    self.maximumBytes = maximumBytes
  }

  public var count: Int { entries.count }

  public mutating func phrase(for key: PhraseKey) -> EncodedPhrase? {
    uses += 1
    guard let index = entries.index(forKey: key) else {
      misses += 1
      return nil
    }
    hits += 1
    entries.values[index].lastUse = uses
    return entries.values[index].phrase
  }

  /// Keeps a phrase, in place of one with the same key. One larger than the whole cache is not kept.
  public mutating func insert(_ phrase: EncodedPhrase, for key: PhraseKey) {
    remove(key)
    guard phrase.byteCount <= maximumBytes else { return }
    while byteCount > maximumBytes - phrase.byteCount,
      let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })
    {
      remove(oldest.key)
    }
    uses += 1
    entries[key] = Entry(phrase: phrase, lastUse: uses)
    byteCount += phrase.byteCount
  }

  public mutating func removeAll() {
    entries = [:]
    byteCount = 0
  }

  private mutating func remove(_ key: PhraseKey) {
    guard let entry = entries.removeValue(forKey: key) else { return }
    byteCount -= entry.phrase.byteCount
  }
}
