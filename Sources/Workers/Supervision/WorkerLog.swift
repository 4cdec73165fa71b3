import Glibc

/// What a worker's process prints, in `<directory>/<name>.log`. The file of the run before is kept as `.log.1`.
///
/// The process writes into the file itself, so that it never waits for Viva. A file grown above
/// `maximumBytes` is therefore copied to `.log.1` and emptied; a line written in between is lost.
final class WorkerLog {
  let path: String
  let fileDescriptor: Int32
  private let maximumBytes: Int
  /// Where the present process began to write.
  private var beginning = 0

  /// Throws `WorkerStartError` when the file cannot be made.
  init(directory: String, name: String, maximumBytes: Int = 10 << 20) throws(WorkerStartError) {
    path = "\(directory)/\(name.replacing("/", with: "_")).log"
    self.maximumBytes = maximumBytes
    rename(path, path + ".1")
    // O_APPEND: after a truncation by us the process goes on at the new end.
    fileDescriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o600)
    guard fileDescriptor >= 0 else {
      throw WorkerStartError(
        worker: name, detail: "cannot write its log \(path): \(String(cString: strerror(errno)))")
    }
  }

  deinit {
    close(fileDescriptor)
  }

  private var size: Int {
    var status = stat()
    return fstat(fileDescriptor, &status) == 0 ? Int(status.st_size) : 0
  }

  /// Call before each start of the process.
  func markBeginning() {
    bound()
    beginning = size
  }

  /// Call now and then.
  func bound() {
    guard size > maximumBytes else { return }
    let old = open(path + ".1", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    if old >= 0 {
      var offset = 0
      while true {
        let piece = read(at: offset, count: 1 << 16)
        guard !piece.isEmpty, write(old, piece, piece.count) == piece.count else { break }
        offset += piece.count
      }
      close(old)
    }
    ftruncate(fileDescriptor, 0)
    beginning = 0
  }

  /// The last lines that the present process wrote, at most 10 and 2,000 bytes.
  func lastLines() -> [String] {
    let end = size
    let start = max(beginning, end - 2000)
    let text = String(decoding: read(at: start, count: max(0, end - start)), as: UTF8.self)
    return text.split(whereSeparator: \.isNewline).suffix(10).map(String.init)
  }

  private func read(at offset: Int, count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = max(0, pread(fileDescriptor, buffer.baseAddress, count, offset))
    }
  }
}
