import Dispatch
import Foundation

/// Somebody who was promised to be called back.
public struct Callback: Codable, Sendable, Equatable {
  public var sessionID: String
  public var agent: String
  public var slotID: String
  /// As the user read it.
  public var slot: String
  /// When it was chosen, in Unix seconds.
  public var chosenAt: Int

  public init(sessionID: String, agent: String, slotID: String, slot: String, chosenAt: Int) {
    self.sessionID = sessionID
    self.agent = agent
    self.slotID = slotID
    self.slot = slot
    self.chosenAt = chosenAt
  }

  private enum CodingKeys: String, CodingKey {
    case agent, slot
    case sessionID = "session_id"
    case slotID = "slot_id"
    case chosenAt = "chosen_at"
  }
}

public protocol CallbackStore: Sendable {
  /// Keeps it. `done` is called on any thread: with nil once it is safe, else with why it is not.
  func keep(_ callback: Callback, done: @escaping @Sendable (_ failure: String?) -> Void)
}

/// A file of JSON lines, each on the disk (`fsync`) before it is called kept.
public final class CallbackFile: CallbackStore {
  private let path: String
  private let writer = DispatchQueue(label: "viva.callbacks", qos: .utility)

  public init(path: String) {
    self.path = path
  }

  public func keep(_ callback: Callback, done: @escaping @Sendable (_ failure: String?) -> Void) {
    writer.async { [path] in
      do {
        try Self.append(callback, to: path)
        done(nil)
      } catch {
        done(String(describing: error))
      }
    }
  }

  private static func append(_ callback: Callback, to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var line = try encoder.encode(callback)
    line.append(UInt8(ascii: "\n"))
    let url = URL(fileURLWithPath: path)
    if !FileManager.default.fileExists(atPath: path) {
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      // Who wants to be called is nobody else's business.
      guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
        throw CocoaError(.fileWriteUnknown)
      }
      try synchronizeFolder(of: url)
    }
    let file = try FileHandle(forUpdating: url)
    defer { try? file.close() }
    let end = try file.seekToEnd()
    if end > 0 {
      // A line that a crash cut off stands alone.
      try file.seek(toOffset: end - 1)
      if try file.read(upToCount: 1) != Data("\n".utf8) { line.insert(UInt8(ascii: "\n"), at: 0) }
      try file.seekToEnd()
    }
    try file.write(contentsOf: line)
    try file.synchronize()
  }

  /// The file's name is safe only with its folder.
  private static func synchronizeFolder(of url: URL) throws {
    let folder = open(url.deletingLastPathComponent().path, O_RDONLY)
    guard folder >= 0 else { throw CocoaError(.fileReadUnknown) }
    defer { close(folder) }
    guard fsync(folder) == 0 else { throw CocoaError(.fileWriteUnknown) }
  }

  /// All that were kept, oldest first, and how many lines cannot be read; none for a file that does not exist.
  public static func read(path: String) throws -> (callbacks: [Callback], unreadable: Int) {
    guard FileManager.default.fileExists(atPath: path) else { return ([], 0) }
    let lines = try Data(contentsOf: URL(fileURLWithPath: path)).split(separator: UInt8(ascii: "\n"))
    let callbacks = lines.compactMap { try? JSONDecoder().decode(Callback.self, from: $0) }
    return (callbacks, lines.count - callbacks.count)
  }
}

/// Where nothing is kept, nothing can be promised.
public struct NoCallbackStore: CallbackStore {
  public init() {}

  public func keep(_ callback: Callback, done: @escaping @Sendable (_ failure: String?) -> Void) {
    done("this server keeps no callbacks")
  }
}
