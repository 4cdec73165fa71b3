/// Messages that usrsctp has no room for yet, in the order in which they were sent.
struct SendQueue {
  struct Message {
    var bytes: [UInt8]
    var payloadProtocol: PayloadProtocol
    var stream: UInt16
    var isOrdered: Bool
    var reliability: DataChannel.Reliability
  }

  private var messages: [Message] = []
  private var front = 0
  private(set) var byteCount = 0
  /// Somebody was refused, and is to be told when there is room.
  var owesWritable = false

  var isEmpty: Bool { front == messages.count }
  var first: Message? { isEmpty ? nil : messages[front] }

  mutating func append(_ message: Message) {
    messages.append(message)
    byteCount += message.bytes.count
  }

  mutating func removeFirst() {
    byteCount -= messages[front].bytes.count
    messages[front].bytes = []
    front += 1
    if front == messages.count || front > 64 && front > messages.count / 2 {
      messages.removeFirst(front)
      front = 0
    }
  }

  func contains(stream: UInt16) -> Bool { messages[front...].contains { $0.stream == stream } }
}
