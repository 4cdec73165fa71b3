import NIOCore

/// Reads the `data` of server-sent events from a byte stream that arrives in pieces of any size (WHATWG HTML,
/// section 9.2.6). Other fields and comments are skipped; lines may end in LF, CR or CR LF.
public struct ServerSentEventParser {
  /// Of one line, and of the data of one event.
  public static let maximumLength = 256 << 10

  private let worker: String
  private var line: [UInt8] = []
  private var data: [UInt8]?
  private var skipsLineFeed = false
  private var isFirstLine = true

  /// - Parameter worker: The provider's name, for errors.
  public init(worker: String) {
    self.worker = worker
  }

  /// - Returns: the data of each event that `bytes` complete.
  /// - Throws: `WorkerError` of kind `.malformed`.
  public mutating func read(_ bytes: ByteBuffer) throws -> [String] {
    var events: [String] = []
    for byte in bytes.readableBytesView {
      switch byte {
      case UInt8(ascii: "\n") where skipsLineFeed:
        skipsLineFeed = false
      case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
        skipsLineFeed = byte == UInt8(ascii: "\r")
        if let event = try endLine() { events.append(event) }
      default:
        skipsLineFeed = false
        line.append(byte)
        guard line.count <= Self.maximumLength else { throw malformed("endless line") }
      }
    }
    return events
  }

  private mutating func endLine() throws -> String? {
    defer { line.removeAll(keepingCapacity: true) }
    if isFirstLine {
      isFirstLine = false
      if line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
    }
    guard !line.isEmpty else {
      defer { data = nil }
      return data.map { String(decoding: $0, as: UTF8.self) }
    }
    guard line.starts(with: "data".utf8) else { return nil }
    var value = line.dropFirst(4)
    switch value.first {
    case UInt8(ascii: ":"): value = value.dropFirst(value.dropFirst().first == UInt8(ascii: " ") ? 2 : 1)
    case nil: break
    default: return nil
    }
    if data == nil { data = Array(value) } else { data?.append(UInt8(ascii: "\n")); data?.append(contentsOf: value) }
    guard (data?.count ?? 0) <= Self.maximumLength else { throw malformed("endless event") }
    return nil
  }

  private func malformed(_ message: String) -> WorkerError {
    WorkerError(.malformed, worker: worker, message: message)
  }
}
