import ArgumentParser
import Checkpoints
import Foundation
import Sessions
import VivaConfiguration

struct ListSessions: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sessions",
    abstract: "List the sessions that are kept on the disk, the newest first.",
    discussion: "Reads the folder that the configuration names under checkpoints.folder; the server need not run.")

  @OptionGroup var options: ConfigurationOptions
  @Option(help: "How many, 1 to 100000.")
  var limit = 20

  func validate() throws {
    guard 1...100_000 ~= limit else { throw ValidationError("--limit is 1 to 100000.") }
  }

  func run() throws {
    let kept = try keptSessions(options)
    say("OPENED                ENDED                 RECORDS  SESSION")
    for session in try orComplain({ try kept.list(limit: limit) }) {
      let ended = session.endedAt.map(time) ?? "-                   "
      let records = String(session.records)
      let space = String(repeating: " ", count: max(0, 7 - records.count))
      say("\(time(session.openedAt))  \(ended)  \(space)\(records)  \(session.id)")
    }
  }
}

struct PrintTranscript: ParsableCommand {
  enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

  static let configuration = CommandConfiguration(
    commandName: "transcript",
    abstract: "Print what was said in a session that is kept on the disk.",
    discussion: "Reads the folder that the configuration names under checkpoints.folder; the server need not run.")

  @OptionGroup var options: ConfigurationOptions
  @Argument(help: "Of the session, as `viva sessions` lists it.")
  var session: String
  @Option(help: "text, or json with times.")
  var format = Format.text

  func run() throws {
    let kept = try keptSessions(options)
    let records = try orComplain { try kept.load(session) }
    let events = try records.map { record in
      do {
        return (event: try SessionEvent(record.record), at: record.at)
      } catch {
        complain("Record \(record.sequence) of session '\(session)' cannot be read: \(error)")
        throw ExitCode.failure
      }
    }
    let lines = TranscriptLine.lines(of: events)
    switch format {
    case .text: for line in lines { say("\(time(line.at))  \(line.role): \(line.text)") }
    case .json:
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      say(String(decoding: try encoder.encode(lines), as: UTF8.self))
    }
  }
}

/// What the configuration's server keeps. Who only reads makes no key.
private func keptSessions(_ options: ConfigurationOptions) throws -> KeptSessions {
  let settings = try loadSettings(options.config).checkpoints
  guard FileManager.default.fileExists(atPath: settings.folder) else {
    complain("Nothing is kept in \(settings.folder): set checkpoints.durability to local in \(options.config).")
    throw ExitCode.failure
  }
  return try orComplain { try KeptSessions(folder: settings.folder, key: CheckpointKey.read(settings.keyFile)) }
}

/// - Throws: `ExitCode.failure`; the problem goes to stderr.
private func orComplain<Result>(_ body: () throws -> Result) throws -> Result {
  do {
    return try body()
  } catch let problem as CheckpointProblem {
    complain(problem.description)
    throw ExitCode.failure
  }
}

private func time(_ unixMilliseconds: Int64) -> String {
  Date(timeIntervalSince1970: TimeInterval(unixMilliseconds) / 1000).formatted(.iso8601)
}
