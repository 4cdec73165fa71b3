import Foundation
import Testing

@testable import Workers

@Suite struct EspeakSynthesizerTests {
  private static let isInstalled = FileManager.default.isExecutableFile(atPath: "/usr/bin/espeak-ng")

  private let settings = provider(.espeak, nil, name: "espeak")

  @Test(.enabled(if: isInstalled), arguments: [nil, "en-gb", "alloy", "../../etc/passwd"])
  func speaksASentence(voice: String?) async throws {
    let chunks = try await all(
      EspeakSynthesizer(settings).synthesize(
        SpeechRequest(text: "-v de; $(touch x) How did you move the database?", voice: voice)))
    let samples = chunks.flatMap(\.samples)
    #expect(chunks.allSatisfy { $0.sampleRate == 22_050 })
    #expect(samples.count > 22_050)
    #expect((samples.max() ?? 0) > 3000)
  }

  @Test(.enabled(if: isInstalled)) func nothingToSayIsAnEmptyReply() async throws {
    let error = await failure(EspeakSynthesizer(settings).synthesize(SpeechRequest(text: "")))
    #expect(error?.kind == .emptyReply)
  }

  @Test(.enabled(if: isInstalled)) func theProbeFindsTheCommand() async throws {
    try await EspeakSynthesizer(settings).probe()
  }

  @Test func aCommandThatIsNotThereIsAConnectionError() async throws {
    let synthesizer = EspeakSynthesizer(settings, command: "no-such-command")
    #expect(await failure(synthesizer.synthesize(SpeechRequest(text: "Hi")))?.kind == .connection)
    await #expect(throws: WorkerError.self) { try await synthesizer.probe() }
  }

  @Test func cancellingKillsTheProcess() async throws {
    let command = try FakeCommand("exec sleep 1000")
    let synthesizer = EspeakSynthesizer(settings, command: command.path)
    let task = Task { try await all(synthesizer.synthesize(SpeechRequest(text: "Hi"))) }
    #expect(await eventually { command.process != nil })
    let process = try #require(command.process)
    #expect(kill(process, 0) == 0)
    task.cancel()
    #expect(await eventually { kill(process, 0) != 0 })
  }

  @Test func aProcessThatStallsIsKilled() async throws {
    let command = try FakeCommand("exec sleep 1000")
    let synthesizer = EspeakSynthesizer(
      provider(.espeak, nil, name: "espeak", firstResult: 1000), command: command.path)
    #expect(await failure(synthesizer.synthesize(SpeechRequest(text: "Hi")))?.kind == .firstResultTimeout)
    let process = try #require(command.process)
    #expect(await eventually { kill(process, 0) != 0 })
  }

  @Test func whatIsNoWAVIsMalformed() async throws {
    let command = try FakeCommand("cat; echo is not a wave file; exec sleep 1000")
    let synthesizer = EspeakSynthesizer(settings, command: command.path)
    #expect(await failure(synthesizer.synthesize(SpeechRequest(text: "Hi")))?.kind == .malformed)
    let process = try #require(command.process)
    #expect(await eventually { kill(process, 0) != 0 })
  }

  @Test func onlyItsOwnVoicesAreVoices() {
    for voice in ["en", "en-us", "en-gb+f3", "de"] { #expect(EspeakSynthesizer.isVoice(voice)) }
    for voice in ["", "alloy", "en_US-joe-medium", "/etc/passwd", "en/../x", "--version", "en us"] {
      #expect(!EspeakSynthesizer.isVoice(voice))
    }
  }
}

/// A shell script in the place of `espeak-ng`, which tells its process number.
private final class FakeCommand {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "espeak-\(UUID().uuidString)")

  var path: String { folder.appending(path: "command").path }

  var process: pid_t? {
    (try? String(contentsOf: folder.appending(path: "pid"), encoding: .utf8))
      .flatMap { pid_t($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
  }

  init(_ script: String) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try "#!/bin/sh\necho $$ > '\(folder.path)/pid'\n\(script)\n".write(
      toFile: path, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
  }

  deinit {
    try? FileManager.default.removeItem(at: folder)
  }
}
