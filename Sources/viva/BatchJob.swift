import Foundation

/// A line of the file of prompts.
struct BatchJob: Sendable, Decodable {
  struct Message: Sendable, Codable {
    var role: String
    var content: String
  }

  /// Its own, or `line-` and its number.
  var id: String
  var messages: [Message]
  var maxTokens: Int?
  var temperature: Double?

  private enum CodingKeys: String, CodingKey {
    case id, prompt, messages, temperature
    case maxTokens = "max_tokens"
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    id = try values.decodeIfPresent(String.self, forKey: .id) ?? ""
    if let prompt = try values.decodeIfPresent(String.self, forKey: .prompt) {
      messages = [Message(role: "user", content: prompt)]
    } else {
      messages = try values.decode([Message].self, forKey: .messages)
    }
    maxTokens = try values.decodeIfPresent(Int.self, forKey: .maxTokens)
    temperature = try values.decodeIfPresent(Double.self, forKey: .temperature)
  }

  /// - Throws: `ServerError` that names the first line that is no job, or an id that is there twice.
  static func read(_ path: String) throws -> [BatchJob] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw ServerError(description: "\(path) cannot be read.")
    }
    var jobs: [BatchJob] = []
    var ids: Set<String> = []
    for (index, line) in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
      guard line.contains(where: { $0 > 0x20 }) else { continue }
      guard var job = try? JSONDecoder().decode(BatchJob.self, from: Data(line)) else {
        throw ServerError(description: "\(path):\(index + 1): has neither a prompt nor messages")
      }
      if job.id.isEmpty { job.id = "line-\(index + 1)" }
      guard ids.insert(job.id).inserted else {
        throw ServerError(description: "\(path):\(index + 1): there is already a job \(job.id)")
      }
      jobs.append(job)
    }
    return jobs
  }
}

/// A line of the result file.
struct BatchResult: Sendable, Codable {
  var id: String
  /// `completed` or `failed`.
  var status: String
  var text: String?
  var finish_reason: String?
  /// From its submission to its answer, at the server.
  var seconds: Double?
  /// How often it was submitted: again after it got no slot in time.
  var attempts: Int
  var error: String?
}

/// The result file: what is in it, and what is added.
final class BatchResults {
  /// Ids of the jobs that are answered.
  let answered: Set<String>
  private let file: FileHandle

  init(path: String) throws {
    if !FileManager.default.fileExists(atPath: path) { FileManager.default.createFile(atPath: path, contents: nil) }
    guard let file = FileHandle(forUpdatingAtPath: path) else {
      throw ServerError(description: "\(path) cannot be written.")
    }
    let data = try file.readToEnd() ?? Data()
    // A line that was cut off in the middle is no answer.
    let lines = data.split(separator: UInt8(ascii: "\n"))
    let results = lines.compactMap { try? JSONDecoder().decode(BatchResult.self, from: Data($0)) }
    answered = Set(results.filter { $0.status == "completed" }.map(\.id))
    self.file = file
    if let last = data.last, last != UInt8(ascii: "\n") { try file.write(contentsOf: Data("\n".utf8)) }
  }

  deinit {
    try? file.close()
  }

  func append(_ result: BatchResult) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let line = try? encoder.encode(result) else { return }
    do {
      try file.write(contentsOf: line + Data("\n".utf8))
    } catch {
      complain("The result of \(result.id) cannot be written: \(error)")
    }
  }
}
