import Foundation

/// Reads small text files that may turn out to be anything.
enum TextFile {
  struct Failure: Error {
    var message: String
    var isMissing = false
  }

  /// The file's text. Only regular files of at most `limit` bytes of valid UTF-8 are read, so a device or a pipe
  /// neither blocks nor fills the memory.
  static func read(_ path: String, limit: Int) throws(Failure) -> String {
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else {
      let code = errno
      throw Failure(message: "cannot be read: \(String(cString: strerror(code)))", isMissing: code == ENOENT)
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw Failure(message: "is not a regular file")
    }

    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = Foundation.read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw Failure(message: "cannot be read: \(String(cString: strerror(errno)))") }
      if count == 0 { break }
      bytes += chunk[..<count]
      guard bytes.count <= limit else { throw Failure(message: "is larger than \(limit) bytes") }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure(message: "is not UTF-8 text")
    }
    // Some editors begin a file with a byte order mark.
    return text.hasPrefix("\u{FEFF}") ? String(text.unicodeScalars.dropFirst()) : text
  }
}
