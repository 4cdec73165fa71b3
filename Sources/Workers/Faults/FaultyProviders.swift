import Synchronization
import VivaConfiguration

/// A recogniser with the fault that the board says.
struct FaultyRecognizer: SpeechRecognizer {
  let base: any SpeechRecognizer
  let limits: Deadlines
  let board: FaultBoard

  var name: String { base.name }

  func recognize(
    _ request: RecognitionRequest, audio: AsyncStream<[Int16]>
  ) -> AsyncThrowingStream<RecognitionEvent, any Error> {
    guard let fault = board.fault(of: name) else { return base.recognize(request, audio: audio) }
    let heard = HeardTurn()
    return FaultyCall(
      fault: fault, worker: name, limits: limits, slowness: board.slowness, hollow: [.final(Transcript(text: ""))],
      hearing: { await heard.listen(to: audio) }, isOneResult: true,
      isResult: { if case .final = $0 { true } else { false } },
      call: { base.recognize(request, audio: heard.again()) }
    ).events()
  }
}

/// A turn's audio, kept for a provider that is asked late.
private final class HeardTurn: Sendable {
  private let pieces = Mutex<[[Int16]]>([])

  /// Returns at the end of the turn.
  func listen(to audio: AsyncStream<[Int16]>) async {
    for await piece in audio { pieces.withLock { $0.append(piece) } }
  }

  func again() -> AsyncStream<[Int16]> {
    let (audio, speaker) = AsyncStream.makeStream(of: [Int16].self)
    for piece in pieces.withLock({ $0 }) { speaker.yield(piece) }
    speaker.finish()
    return audio
  }
}

/// A language model with the fault that the board says.
struct FaultyLanguageModel: LanguageModel {
  let base: any LanguageModel
  let limits: Deadlines
  let board: FaultBoard

  var name: String { base.name }

  func complete(_ request: CompletionRequest) -> AsyncThrowingStream<CompletionEvent, any Error> {
    guard let fault = board.fault(of: name) else { return base.complete(request) }
    return FaultyCall(
      fault: fault, worker: name, limits: limits, slowness: board.slowness, hollow: [],
      isResult: { if case .usage = $0 { false } else { true } },
      call: { base.complete(request) }
    ).events()
  }
}

/// A synthesizer with the fault that the board says.
struct FaultySynthesizer: SpeechSynthesizer {
  private static let silence = SpeechChunk.pcm([Int16](repeating: 0, count: 8000), sampleRate: 16_000)

  let base: any SpeechSynthesizer
  let limits: Deadlines
  let board: FaultBoard

  var name: String { base.name }

  func synthesize(_ request: SpeechRequest) -> AsyncThrowingStream<SpeechChunk, any Error> {
    guard let fault = board.fault(of: name) else { return base.synthesize(request) }
    return FaultyCall(
      fault: fault, worker: name, limits: limits, slowness: board.slowness, hollow: [Self.silence],
      isResult: { _ in true }, call: { base.synthesize(request) }
    ).events()
  }
}

extension WorkerSet {
  func faulty(_ provider: (any SpeechRecognizer)?, _ settings: ProviderSettings) -> (any SpeechRecognizer)? {
    guard let faults, let provider else { return provider }
    return FaultyRecognizer(base: provider, limits: settings.deadlines, board: faults)
  }

  func faulty(_ provider: (any LanguageModel)?, _ settings: ProviderSettings) -> (any LanguageModel)? {
    guard let faults, let provider else { return provider }
    return FaultyLanguageModel(base: provider, limits: settings.deadlines, board: faults)
  }

  func faulty(_ provider: (any SpeechSynthesizer)?, _ settings: ProviderSettings) -> (any SpeechSynthesizer)? {
    guard let faults, let provider else { return provider }
    return FaultySynthesizer(base: provider, limits: settings.deadlines, board: faults)
  }
}
