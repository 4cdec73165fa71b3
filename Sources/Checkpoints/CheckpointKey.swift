import Foundation
import Signing

/// The key that checkpoints are encrypted with. It lies outside the data folder, so that a copy of that folder tells nothing.
public struct CheckpointKey: Sendable {
  let bytes: [UInt8]

  /// Names the key without telling it.
  var fingerprint: String { String(SHA256.hexadecimal(bytes).prefix(16)) }

  /// - Parameter bytes: 32.
  init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Reads the key of a file, which holds 64 hexadecimal digits.
  ///
  /// - Throws: `CheckpointProblem`.
  public static func read(_ path: String) throws(CheckpointProblem) -> CheckpointKey {
    guard FileManager.default.fileExists(atPath: path) else {
      throw .badKey(path, "it is not there; restore it from your copy")
    }
    guard let data = FileManager.default.contents(atPath: path) else { throw .badKey(path, "it cannot be read") }
    guard let bytes = bytes(ofHexadecimal: data), bytes.count == AESGCM.keyLength else {
      throw .badKey(path, "it does not hold 64 hexadecimal digits; restore it from your copy")
    }
    return CheckpointKey(bytes: bytes)
  }

  /// Reads the key of a file, or makes both at the first run. The file is its owner's only.
  ///
  /// - Throws: `CheckpointProblem`.
  public static func load(_ path: String) throws(CheckpointProblem) -> CheckpointKey {
    if FileManager.default.fileExists(atPath: path) { return try read(path) }
    var generator = SystemRandomNumberGenerator()
    let bytes = (0..<AESGCM.keyLength).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    let text = bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() + "\n"
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
    do {
      try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw .badKey(path, "its folder cannot be made: \(error)")
    }
    guard
      FileManager.default.createFile(
        atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
    else { throw .badKey(path, "it cannot be written") }
    return CheckpointKey(bytes: bytes)
  }

  private static func bytes(ofHexadecimal data: Data) -> [UInt8]? {
    let digits = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines).utf8
    guard digits.count.isMultiple(of: 2) else { return nil }
    let values = digits.map { Character(UnicodeScalar($0)).hexDigitValue }
    guard !values.contains(nil) else { return nil }
    let nibbles = values.compactMap(\.self)
    return stride(from: 0, to: nibbles.count, by: 2).map { UInt8(nibbles[$0] << 4 | nibbles[$0 + 1]) }
  }
}

/// Why kept conversations cannot be read or kept.
public enum CheckpointProblem: Error, Sendable, Equatable, CustomStringConvertible {
  case badKey(String, String)
  /// The data was written with another key.
  case otherKey(folder: String)
  case unusable(folder: String, reason: String)
  /// Written by a later version of Viva.
  case tooNew(folder: String)
  case unknownSession(String)
  /// One record of one session; the others are not touched by it.
  case damaged(session: String, sequence: Int64)
  /// The log has a hole.
  case missing(session: String, sequence: Int64)

  public var description: String {
    switch self {
    case .badKey(let path, let reason): "The key file \(path) is of no use: \(reason)."
    case .otherKey(let folder):
      "The data in \(folder) was written with another key: put that key's file back, or start with an empty folder."
    case .unusable(let folder, let reason): "The database in \(folder) cannot be used: \(reason)."
    case .tooNew(let folder): "The data in \(folder) was written by a later version of Viva: run that one."
    case .unknownSession(let id): "There is no session '\(id)' in the data folder."
    case .damaged(let session, let sequence):
      "Record \(sequence) of session '\(session)' is damaged: it does not match its checksum."
    case .missing(let session, let sequence): "Record \(sequence) of session '\(session)' is missing."
    }
  }
}
