import Audio
import Runtime
import Synchronization

/// Audio that can be heard again from its beginning, while it is still being spoken. Stops listening to its source
/// when it is let go of.
final class AudioTape: Sendable {
  /// 5 minutes at 16 kHz.
  static let maximumSamples = 300 * 16_000

  private struct State {
    var pieces: [[Int16]] = []
    var samples = 0
    /// Frames of 20 ms in which somebody spoke.
    var voicedFrames = 0
    /// All that was heard is still there.
    var isWhole = true
    var endedAt: Instant?
    var listener: AsyncStream<[Int16]>.Continuation?

    /// Once somebody listens, what is too long to be played again need not be kept.
    mutating func forget(beyond limit: Int) {
      guard samples > limit, listener != nil else { return }
      pieces = []
      isWhole = false
    }
  }

  private final class Recording: Sendable {
    let state = Mutex(State())
  }

  private let recording = Recording()
  private let keeps: Int
  private let recorder: Task<Void, Never>

  /// - Parameter keeps: Samples it holds; with more of them it can no longer be played from its beginning.
  init(_ source: AsyncStream<[Int16]>, keeps: Int) {
    self.keeps = keeps
    recorder = Task { [recording] in
      let ear = VoiceCounter()
      for await piece in source {
        let voiced = ear.voicedFrames(in: piece)
        recording.state.withLock { state in
          state.samples += piece.count
          state.voicedFrames += voiced
          state.pieces.append(piece)
          state.listener?.yield(piece)
          state.forget(beyond: keeps)
        }
      }
      // Audio that was cancelled did not come to its end.
      guard !Task.isCancelled else { return }
      recording.state.withLock { state in
        state.endedAt = .now
        state.listener?.finish()
      }
    }
  }

  deinit {
    recorder.cancel()
  }

  /// When the source ended; nil while it goes on.
  var endedAt: Instant? { recording.state.withLock { $0.endedAt } }

  /// Of audio, so far.
  var seconds: Double { Double(recording.state.withLock { $0.samples }) / Double(VoiceFrame.sampleRate) }

  /// Somebody spoke for at least a second, by a detector that takes little for speech: who hears no word in it has failed.
  var isClearlyVoiced: Bool { recording.state.withLock { $0.voicedFrames } >= VoiceFrame.perSecond }

  var isWhole: Bool { recording.state.withLock { $0.isWhole } }

  /// All from the beginning, and what follows; replaces the stream that was returned before.
  func play() -> AsyncStream<[Int16]> {
    let (stream, listener) = AsyncStream.makeStream(of: [Int16].self)
    recording.state.withLock { state in
      for piece in state.pieces { listener.yield(piece) }
      state.listener = listener
      state.forget(beyond: keeps)
      if state.endedAt != nil { listener.finish() }
    }
    return stream
  }
}

/// Counts the frames of a stream in which somebody speaks. Strict: a cough or a door is none.
private final class VoiceCounter {
  private let detector = GatedVoiceActivityDetector(threshold: 0.9)
  private var rest: [Int16] = []

  func voicedFrames(in piece: [Int16]) -> Int {
    rest += piece
    var voiced = 0
    var start = 0
    rest.withUnsafeBufferPointer { samples in
      while start + VoiceFrame.samples <= samples.count {
        let frame = UnsafeBufferPointer(rebasing: samples[start..<start + VoiceFrame.samples])
        if detector.isVoiced(frame: frame) { voiced += 1 }
        start += VoiceFrame.samples
      }
    }
    rest.removeFirst(start)
    return voiced
  }
}
