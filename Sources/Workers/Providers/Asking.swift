import Runtime

/// What an event of a worker's reply means to whoever may still turn to another worker.
enum ResultStage {
  /// May be said again by another provider.
  case preliminary
  /// Says nothing where something was to be said; withheld until a result comes, and a failure where none does.
  case hollow
  case result
  /// A result after which nothing comes.
  case last
}

/// A request that goes from provider to provider until one answers.
struct Asking<Provider: Sendable, Event: Sendable>: Sendable {
  let stage: @Sendable (Event) -> ResultStage
  /// When the wait for the first result began, asked when that came; nil means with the request.
  var started: @Sendable () -> Instant? = { nil }
  /// Whether the request can be made again.
  var mayGoOn: @Sendable () -> Bool = { true }
  /// What the time to the first result grows with (`AdaptiveDeadline`), as far as it is known.
  var work: @Sendable () -> Double = { 0 }
  /// A hollow answer is better than none, when no other provider is left.
  var takesHollow = false
  /// All that is said is withheld until it is whole, so that it can be begun again at any time.
  var isWhole = false
  /// Makes the request to a provider; is given its position in the order that was configured.
  let call: @Sendable (Provider, Int) -> AsyncThrowingStream<Event, any Error>
}
