/// Speaks with the first synthesiser that can.
public struct OrderedSynthesizer: SpeechSynthesizer {
  private let ordered: OrderedProviders<any SpeechSynthesizer>

  public var name: String { ordered.name }

  /// - Parameters:
  ///   - isAvailable: Whether the provider of this name is expected to answer; asked at each call.
  ///   - board: What is known of the providers; nil is one of its own.
  ///   - pool: Gives their slots; nil: they take all that comes.
  public init(
    _ providers: [any SpeechSynthesizer], observer: any WorkerObserver,
    board: ProviderBoard? = nil, pool: WorkerPool? = nil,
    isAvailable: @Sendable @escaping (String) -> Bool = { _ in true }
  ) {
    self.init(
      providers.map { ProviderInstances($0.name, $0) }, observer: observer, board: board, pool: pool,
      isAvailable: isAvailable)
  }

  init(
    _ providers: [ProviderInstances<any SpeechSynthesizer>], observer: any WorkerObserver, board: ProviderBoard?,
    pool: WorkerPool?, isAvailable: @Sendable @escaping (String) -> Bool
  ) {
    ordered = OrderedProviders(
      kind: .tts, providers: providers, isAvailable: isAvailable, observer: observer,
      board: board ?? ProviderBoard(.tts, providers.map(\.name)), pool: pool)
  }

  public func synthesize(_ request: SpeechRequest) -> AsyncThrowingStream<SpeechChunk, any Error> {
    let length = Double(request.text.utf8.count)
    return ordered.avoiding(request.avoids).ask(
      Asking(
        stage: { $0.isSilent ? .hollow : .result }, work: { length },
        call: { provider, position in
          var request = request
          // The voice was meant for the first; the others have voices of their own.
          if position > 0 { request.voice = nil }
          return provider.synthesize(request)
        }))
  }
}

extension SpeechChunk {
  /// Nothing but zeros, as a broken synthesiser sends.
  fileprivate var isSilent: Bool {
    guard case .pcm(let samples, _) = self else { return false }
    return samples.allSatisfy { $0 == 0 }
  }
}
