import ArgumentParser
import Foundation
import VivaConfiguration

struct Batch: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Have the running server's language models answer a file of prompts, behind all live calls.",
    discussion: """
      Each line of the file is a job: {"prompt": "..."} or {"messages": [{"role": "user", "content": "..."}]}, and may have an \
      "id", "max_tokens" and "temperature". Each line of the result file is an answer: {"id", "status", "text", ...}. A job \
      that is answered in the result file already is skipped, so the same command goes on where it was interrupted.
      """)

  enum Urgency: String, CaseIterable, ExpressibleByArgument {
    case medium, low
  }

  @OptionGroup var options: ConfigurationOptions

  @Option(help: "The prompts, a JSON object a line.")
  var file: String

  @Option(help: "Where the answers go; they are appended.")
  var out: String

  @Option(help: "How urgent: medium is the evaluation after a session, low is analytics.")
  var priority = Urgency.low

  @Option(help: "Jobs at once, 1 to 64.")
  var parallel = 4

  func validate() throws {
    guard (1...64).contains(parallel) else { throw ValidationError("--parallel is 1 to 64.") }
  }

  func run() async throws {
    let settings = try loadSettings(options.config)
    do {
      let results = try BatchResults(path: out)
      let jobs = try BatchJob.read(file).filter { !results.answered.contains($0.id) }
      if !results.answered.isEmpty { say("\(results.answered.count) jobs are in \(out) already.") }
      let server = AdminClient(settings.server, key: try Token.serverKey(settings.server))
      let failed = await work(jobs, results, server)
      await server.shutdown()
      say("\(jobs.count) jobs, \(failed) failed: \(out)")
      if failed > 0 { throw ExitCode(1) }
    } catch let error as ExitCode {
      throw error
    } catch {
      complain(String(describing: error))
      throw ExitCode(1)
    }
  }

  /// - Returns: how many failed.
  private func work(_ jobs: [BatchJob], _ results: BatchResults, _ server: AdminClient) async -> Int {
    await withTaskGroup(of: BatchResult.self) { group in
      var waiting = jobs[...]
      var (done, failed) = (0, 0)
      for job in waiting.prefix(parallel) { group.addTask { await server.answer(job, priority.rawValue) } }
      waiting = waiting.dropFirst(parallel)
      for await result in group {
        done += 1
        if result.status != "completed" { failed += 1 }
        results.append(result)
        say("\(done)/\(jobs.count) \(result.id): \(result.error ?? "\(result.text?.count ?? 0) characters")")
        if let job = waiting.popFirst() { group.addTask { await server.answer(job, priority.rawValue) } }
      }
      return failed
    }
  }
}
