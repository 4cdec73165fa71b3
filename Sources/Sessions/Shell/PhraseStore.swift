import Audio
import Dispatch
import Synchronization

/// Phrases that agents have said on media legs (greetings, fillers, apologies), as packets, for all sessions of the
/// server: said again, they cost neither a synthesizer nor an encoder anything.
///
/// For any thread. Asked a few times a session, so that one lock does for all shards.
final class PhraseStore: Sendable {
  /// Some forty minutes of speech.
  private static let maximumBytes = 16 << 20
  /// Phrases in the making, all sessions together; more are not learned this time.
  private static let mostPending = 8

  private struct State: ~Copyable {
    var cache: PhraseCache
    var pending: Set<PhraseKey> = []
    /// The first of each list that is, or was, spoken ahead.
    var prepared: Set<PhraseKey> = []
  }

  private let state = Mutex(State(cache: PhraseCache(maximumBytes: maximumBytes)))
  /// Encoding a phrase takes some milliseconds: too long for a shard.
  private let encoder = DispatchQueue(label: "viva.phrases", qos: .utility)

  func phrase(for key: PhraseKey) -> EncodedPhrase? { state.withLock { $0.cache.phrase(for: key) } }

  /// Whether somebody has to speak the list that begins with this one ahead: the first who asks, and the next one after
  /// that has failed.
  func beginPreparing(_ first: PhraseKey) -> Bool { state.withLock { $0.prepared.insert(first).inserted } }

  func preparingFailed(_ first: PhraseKey) { state.withLock { _ = $0.prepared.remove(first) } }

  /// - Parameter samples: the whole phrase, at 24 kHz.
  func learn(_ samples: [Int16], for key: PhraseKey) {
    let isNew = state.withLock { state in
      guard state.pending.count < Self.mostPending else { return false }
      return state.pending.insert(key).inserted
    }
    guard isNew else { return }
    encoder.async { [self] in
      let phrase = EncodedPhrase.encode(samples, for: key)
      state.withLock { state in
        state.pending.remove(key)
        if let phrase { state.cache.insert(phrase, for: key) }
      }
    }
  }
}
