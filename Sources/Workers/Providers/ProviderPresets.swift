import Resilience
import VivaConfiguration

/// What the configuration says of providers, in the words of `Resilience`.
enum ProviderPresets {
  static func members(_ providers: [ProviderSettings], _ kind: WorkerKind) -> [ProviderGroup<String>.Member] {
    zip(providers, candidates(providers)).map { provider, candidate in
      ProviderGroup.Member(candidate, breaker: breaker(provider.breaker, kind), deadline: deadline(kind))
    }
  }

  /// One after the other, as an agent's own list has it.
  static func strict(_ names: [String]) -> ProviderOrder<String> {
    ProviderOrder(names.enumerated().map { .init($1, priority: $0) }, lastResorts: 2)
  }

  /// Each comes after the one before it, unless both have weights: then they share a place.
  static func candidates(_ providers: [ProviderSettings]) -> [ProviderOrder<String>.Candidate] {
    var priority = 0
    var isShared = true
    return providers.map { provider in
      if provider.weight == nil || !isShared { priority += 1 }
      isShared = provider.weight != nil
      return .init(provider.name, priority: priority, weight: provider.weight ?? 1)
    }
  }

  static func breaker(_ options: BreakerOptions, _ kind: WorkerKind) -> BreakerSettings {
    var breaker: BreakerSettings =
      switch kind {
      case .asr: .asr
      case .llm: .llm
      case .tts, .endOfTurn: .tts
      }
    if let failures = options.consecutiveFailures { breaker.consecutiveFailures = failures > 0 ? failures : nil }
    if let successes = options.successesToClose { breaker.successesToClose = successes }
    if let wait = options.waitDurationInOpenState { breaker.waitDurationInOpenState = .seconds(wait) }
    if let calls = options.permittedNumberOfCallsInHalfOpenState {
      breaker.permittedNumberOfCallsInHalfOpenState = calls
    }
    var window = breaker.slidingWindow ?? .init()
    window.slidingWindowSize = options.slidingWindowSize ?? window.slidingWindowSize
    window.minimumNumberOfCalls = options.minimumNumberOfCalls ?? window.minimumNumberOfCalls
    window.failureRateThreshold = options.failureRateThreshold ?? window.failureRateThreshold
    window.slowCallRateThreshold = options.slowCallRateThreshold ?? window.slowCallRateThreshold
    if let slow = options.slowCallDurationThreshold { window.slowCallDurationThreshold = .milliseconds(slow) }
    breaker.slidingWindow = window
    return breaker
  }

  private static func deadline(_ kind: WorkerKind) -> AdaptiveDeadline.Settings {
    switch kind {
    case .asr: .asr
    case .llm: .llm
    case .tts, .endOfTurn: .tts
    }
  }
}
