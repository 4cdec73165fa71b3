import Foundation
import Runtime

/// How a provider stands with whoever would call it.
public enum ProviderStanding: Sendable, Equatable {
  /// A call may go there.
  case ready
  /// None should for so long; one may where there is nothing better.
  case waiting(Duration)
  /// None must: an operator or the server itself has said so.
  case excluded
}

/// In which order the providers of a kind are asked, and the instances of each: as DNS orders servers (RFC 2782), by
/// priority first, and by chance in proportion to their weights among equals.
///
/// Those whose breakers stand against it are left out; when the others have failed, or there is no other, the least
/// bad of them is asked all the same, since a caller is waiting: the one whose wait ends first. `excluded` ones never
/// are, so the order may be empty.
public struct ProviderOrder<ID: Hashable & Sendable>: Sendable {
  public struct Candidate: Sendable, Equatable {
    public var id: ID
    /// The lowest is asked first.
    public var priority: Int
    /// Its share of the calls among those with the same priority. Zero, less and NaN come after the others.
    public var weight: Double

    public init(_ id: ID, priority: Int = 0, weight: Double = 1) {
      self.id = id
      self.priority = priority
      self.weight = weight
    }
  }

  public struct Attempt: Sendable, Equatable {
    public var id: ID
    /// Asked although its breaker is against it: by `CircuitBreaker.lastResort`.
    public var isLastResort: Bool
  }

  public let candidates: [Candidate]
  /// How many that should not be asked are asked at most, after the others.
  public let lastResorts: Int

  public init(_ candidates: [Candidate], lastResorts: Int = 1) {
    self.candidates = candidates
    self.lastResorts = max(0, lastResorts)
  }

  /// The whole way of one call, so that it can go on at once when a provider fails.
  ///
  /// - Parameter preferred: Comes first among those of its priority while it is ready: the voice that has been heard
  ///   so far, the instance that holds the prompt's prefix.
  public func attempts(
    preferring preferred: ID? = nil, standing: (ID) -> ProviderStanding,
    using random: inout some RandomNumberGenerator
  ) -> [Attempt] {
    var ready: [(index: Int, draw: Double)] = []
    var waiting: [(index: Int, wait: Duration)] = []
    for (index, candidate) in candidates.enumerated() {
      switch standing(candidate.id) {
      case .ready: ready.append((index, candidate.id == preferred ? -1 : draw(candidate.weight, &random)))
      case .waiting(let wait): waiting.append((index, wait))
      case .excluded: break
      }
    }
    ready.sort {
      (candidates[$0.index].priority, $0.draw, $0.index) < (candidates[$1.index].priority, $1.draw, $1.index)
    }
    waiting.sort {
      ($0.wait, candidates[$0.index].priority, $0.index) < ($1.wait, candidates[$1.index].priority, $1.index)
    }
    return ready.map { Attempt(id: candidates[$0.index].id, isLastResort: false) }
      + waiting.prefix(lastResorts).map { Attempt(id: candidates[$0.index].id, isLastResort: true) }
  }

  /// The moment of the first event of a process with this rate: the order of such moments is that of draws by weight
  /// without putting back (Efraimidis and Spirakis 2006). Not negative.
  private func draw(_ weight: Double, _ random: inout some RandomNumberGenerator) -> Double {
    let moment = -log(Double.random(in: Double.leastNonzeroMagnitude...1, using: &random))
    return weight > 0 ? moment / weight : .infinity
  }
}
