import Glibc
import Logging
import Synchronization
import Testing

@testable import Telemetry

@Suite struct LogTests {
  final class Sink: Sendable {
    private let collected = Mutex<[String]>([])
    var lines: [String] { collected.withLock { $0 } }
    func append(_ line: String) { collected.withLock { $0.append(line) } }
  }

  let sink = Sink()

  func makeLogger(level: Logger.Level = .info) -> Logger {
    Logger(label: "sessions") { [sink] label in
      LineLogHandler(
        label: label, logLevel: level, clock: { timespec(tv_sec: 1_767_268_800, tv_nsec: 123_900_000) },
        write: sink.append)
    }
  }

  @Test func `an entry is one line with time, level, label, message and sorted metadata`() {
    var logger = makeLogger()
    logger[metadataKey: "session"] = "s1"
    logger.info("turn ended", metadata: ["agent": "assistant", "text": "two words", "empty": ""])
    #expect(
      sink.lines == [
        #"2026-01-01T12:00:00.123Z info sessions: turn ended agent=assistant empty="" session=s1 text="two words""#
          + "\n"
      ])
  }

  @Test func `levels below the chosen one are dropped`() {
    let logger = makeLogger(level: .warning)
    logger.info("no")
    logger.warning("yes")
    #expect(sink.lines.count == 1)
    #expect(sink.lines.first?.contains(" warning sessions: yes") == true)
  }

  @Test func `hostile text cannot forge a line or a terminal sequence`() {
    makeLogger().info("a\r\nb", metadata: ["text": "x\u{1b}[2J\u{2028}\u{202e}\" evil=1"])
    #expect(
      sink.lines == [
        #"2026-01-01T12:00:00.123Z info sessions: a\r\nb text="x\u{1b}[2J\u{2028}\u{202e}\" evil=1""# + "\n"
      ])
  }

  @Test func `secrets are not written`() {
    makeLogger().info(
      "request",
      metadata: ["apiKey": "sk-1", "resume_token": "sk-2", "Authorization": "sk-3", "input_tokens": "12"])
    let line = sink.lines.first ?? ""
    #expect(!line.contains("sk-"))
    #expect(line.contains("resume_token=[secret]"))
    #expect(line.contains("input_tokens=12"))
  }
}
