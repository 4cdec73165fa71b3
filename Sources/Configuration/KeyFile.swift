import Foundation

/// The file of server keys: one a line; empty lines and lines that begin with `#` do not count.
struct KeyFile {
  private static let maximumBytes = 64 << 10

  struct Contents {
    var keys: [String]
    var warnings: [String]
  }

  let path: String

  /// Its keys; nil if there is no such file.
  func read() throws(ConfigurationErrors) -> Contents? {
    let text: String
    do throws(TextFile.Failure) {
      text = try TextFile.read(path, limit: Self.maximumBytes)
    } catch {
      if error.isMissing { return nil }
      throw failure(error.message)
    }
    var keys: [String] = []
    for (index, line) in text.split(separator: /\R/, omittingEmptySubsequences: false).enumerated() {
      let line = line.trimmingCharacters(in: .whitespaces)
      if line.isEmpty || line.hasPrefix("#") { continue }
      guard ServerKeys.isValid(line) else {
        throw failure("this line is not a key", line: index + 1, allowed: ServerKeys.allowed)
      }
      keys.append(line)
    }
    if keys.isEmpty { throw failure("holds no key; delete it to have one made") }
    return Contents(keys: keys, warnings: permissionWarnings())
  }

  /// Makes the file, for its owner's eyes only, and the folders that lead to it.
  func create(holding key: String) throws(ConfigurationErrors) {
    let folder = (path as NSString).deletingLastPathComponent
    do {
      try FileManager.default.createDirectory(
        atPath: folder.isEmpty ? "." : folder, withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
    } catch {
      throw failure("its folder cannot be made")
    }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure("cannot be made: \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    let bytes = Array("\(key)\n".utf8)
    guard write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
      let reason = String(cString: strerror(errno))
      unlink(path)
      throw failure("cannot be written: \(reason)")
    }
  }

  private func permissionWarnings() -> [String] {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & 0o077 != 0 else { return [] }
    return ["\(path) is open to other users of this machine; run: chmod 600 \(path)"]
  }

  private func failure(_ message: String, line: Int? = nil, allowed: String? = nil) -> ConfigurationErrors {
    ConfigurationErrors(problems: [
      ConfigurationProblem(file: path, line: line, key: "server.key_file", message: message, allowed: allowed)
    ])
  }
}
