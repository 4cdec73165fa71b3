import NIOCore
import VivaConfiguration

/// The TTS of last resort: a run of the `espeak-ng` command for each sentence, about 10 ms.
public struct EspeakSynthesizer: SpeechSynthesizer {
  private static let standardVoice = "en-us"

  public let name: String
  private let voice: String
  private let limits: Deadlines
  private let command: String

  public init(_ settings: ProviderSettings) {
    self.init(settings, command: "espeak-ng")
  }

  init(_ settings: ProviderSettings, command: String) {
    name = settings.name
    voice = settings.voice ?? Self.standardVoice
    limits = settings.deadlines
    self.command = command
  }

  public func synthesize(_ request: SpeechRequest) -> AsyncThrowingStream<SpeechChunk, any Error> {
    workerCall(name, limits: limits) { call in
      call.watchdog.expect(.firstResultTimeout)
      let voice = request.voice.flatMap { Self.isVoice($0) ? $0 : nil } ?? voice
      let process = try EspeakProcess([command, "--stdin", "--stdout", "-b", "1", "-v", voice])
      var wav = WAVReader(worker: name)
      var hasAudio = false
      let status = try await process.speak(request.text) { bytes in
        guard let chunk = try wav.read(bytes) else { return }
        hasAudio = true
        call.watchdog.expect(.gapTimeout)
        call.yield(chunk)
      }
      guard hasAudio else {
        throw call.fail(
          .emptyReply, "\(command) gave no audio" + (status.map { ", exit status \($0)" } ?? ""))
      }
    }
  }

  /// Speaks nothing, to see whether the command is there.
  ///
  /// - Throws: `WorkerError`.
  func probe() async throws {
    do {
      let status = try await EspeakProcess([command, "--version"]).speak("") { _ in }
      guard status == nil || status == 0 else {
        throw WorkerError(.refused, worker: name, message: "\(command) --version: exit status \(status ?? 0)")
      }
    } catch let error as IOError {
      throw WorkerError(.connection, worker: name, message: "\(command) cannot be run: \(error)")
    }
  }

  /// Whether `name` is in the form of espeak's own voices, a language tag with an optional variant: `en-gb+f3`.
  /// Other names are other synthesizers' (`alloy`, `en_US-joe-medium`), and some forms would name a file.
  static func isVoice(_ name: String) -> Bool {
    name.wholeMatch(of: /[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}(\+[A-Za-z0-9]{1,16})?/) != nil
  }
}
