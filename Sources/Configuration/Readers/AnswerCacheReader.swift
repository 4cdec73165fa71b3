/// `answer_cache:`.
enum AnswerCacheReader {
  static func read(_ section: Section) -> AnswerCacheSettings {
    var cache = AnswerCacheSettings()
    section.integer("ttl_s", 1...604_800, into: &cache.lifetimeSeconds)
    section.integer("max_entries", 1...1_000_000, into: &cache.maximumEntries)
    section.integer("max_bytes", 1024...1_073_741_824, into: &cache.maximumBytes)
    return cache
  }
}
