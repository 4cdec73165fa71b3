import Foundation
import Runtime
import Synchronization
import VivaTesting

/// Watches the server, this process and the bots: a sample a second, a printed line every ten.
final class Monitor: Sendable {
  struct Sample: Sendable, Encodable {
    /// Since the monitor was started.
    var seconds: Double
    /// Bots that are connected.
    var bots: Int
    /// Others that are connected.
    var others: Int
    var utterances: Int
    var responses: Int
    var errors: Int
    /// How late a bot was with a piece of its audio since the sample before, at most.
    var latestMilliseconds: Int
    var server: ProcessUsage?
    var tool: ProcessUsage?
  }

  private static let secondsBetweenLines = 10

  private let pid: Int32?
  private let tally: BotTally
  private let others: @Sendable () -> Int
  private let began = Instant.now
  private let taken = Mutex<[Sample]>([])
  private let sampling = Mutex<Task<Void, Never>?>(nil)

  /// - Parameter others: how many connections that are not bots there are.
  init(pid: Int32?, tally: BotTally, others: @escaping @Sendable () -> Int = { 0 }) {
    self.pid = pid
    self.tally = tally
    self.others = others
    take()
    let task = Task { [weak self] in
      var printed = self?.samples.last
      for second in 1... {
        guard (try? await Task.sleep(for: .seconds(1))) != nil, let self else { return }
        let sample = take()
        guard second % Self.secondsBetweenLines == 0 else { continue }
        say(Self.line(sample, since: printed))
        printed = sample
      }
    }
    sampling.withLock { $0 = task }
  }

  var samples: [Sample] { taken.withLock { $0 } }
  /// Since the monitor was started.
  var seconds: Double { (Instant.now - began).inSeconds }

  /// Takes a sample now, beside those of each second.
  @discardableResult
  func take() -> Sample {
    let report = tally.report
    let sample = Sample(
      seconds: seconds, bots: tally.active, others: others(), utterances: report.utterances,
      responses: report.responseCount, errors: tally.errorCount,
      latestMilliseconds: tally.takeLatest().milliseconds, server: pid.flatMap(ProcessUsage.init), tool: .own)
    taken.withLock { $0.append(sample) }
    return sample
  }

  func stop() {
    sampling.withLock { $0 }?.cancel()
    take()
  }

  private static func line(_ sample: Sample, since last: Sample?) -> String {
    var parts = [String(format: "%4.0f s", sample.seconds), "\(sample.bots) bots"]
    if sample.others > 0 { parts.append("\(sample.others) others") }
    parts += ["\(sample.utterances) utterances", "\(sample.responses) responses", "\(sample.errors) errors"]
    let elapsed = sample.seconds - (last?.seconds ?? 0)
    for (name, now, before) in [("server", sample.server, last?.server), ("tool", sample.tool, last?.tool)] {
      guard let now, let before else { continue }
      let share = (now.cpuSeconds - before.cpuSeconds) / elapsed * 100
      parts.append(String(format: "\(name) %.0f %% CPU %d MiB", share, now.residentBytes >> 20))
    }
    return parts.joined(separator: "  ")
  }
}

/// Prints a line at once, whatever stdout is.
func say(_ line: String) {
  print(line)
  fflush(nil)
}
