/// What a client has sent and its session has not dealt with yet, and whether the socket should rest meanwhile.
///
/// Sans-IO. Messages are counted beside bytes, because an empty one takes room, too.
struct FlowControl: Sendable {
  /// Above these the socket rests.
  static let highBytes = 1 << 20
  static let highMessages = 256
  /// When it rests, it is read again below these.
  static let lowBytes = 1 << 18
  static let lowMessages = 64

  private var bytes = 0
  private var messages = 0
  private(set) var isPaused = false

  /// - Returns: whether to pause now.
  mutating func took(_ size: Int) -> Bool {
    bytes += size
    messages += 1
    guard !isPaused, bytes > Self.highBytes || messages > Self.highMessages else { return false }
    isPaused = true
    return true
  }

  /// - Returns: whether to resume now.
  mutating func handled(_ size: Int) -> Bool {
    bytes -= size
    messages -= 1
    guard isPaused, bytes < Self.lowBytes, messages < Self.lowMessages else { return false }
    isPaused = false
    return true
  }
}
