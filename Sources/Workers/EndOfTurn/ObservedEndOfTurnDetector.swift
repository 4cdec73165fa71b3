import Runtime

/// A detector whose requests are counted.
struct ObservedEndOfTurnDetector: EndOfTurnDetector {
  let detector: any EndOfTurnDetector
  let observer: any WorkerObserver

  var name: String { detector.name }

  func probability(of audio: [Int16]) async throws -> Double {
    let asked = Instant.now
    func report(_ outcome: String, firstResult: Duration? = nil) {
      observer.requestFinished(
        kind: .endOfTurn, provider: name, outcome: outcome, firstResult: firstResult, total: Instant.now - asked)
    }
    do {
      let probability = try await detector.probability(of: audio)
      report("ok", firstResult: Instant.now - asked)
      return probability
    } catch {
      let kind = (error as? WorkerError)?.kind ?? .connection
      report(Task.isCancelled ? "cancelled" : kind.rawValue)
      throw error
    }
  }
}
