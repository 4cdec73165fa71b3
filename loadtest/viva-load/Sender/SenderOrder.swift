import Glibc

/// A line of the sender's input.
enum SenderOrder {
  case jump(steps: Int, hertz: Int)
  case newSource(hertz: Int)
  case figures
  case stop

  /// Nil for what is no order.
  init?(_ line: String) {
    let words = line.split(separator: " ")
    let numbers = words.dropFirst().compactMap { Int($0) }
    guard words.count == numbers.count + 1, numbers.last.map(Tone.hertz.contains) ?? true else { return nil }
    switch (words[0], numbers.count) {
    case ("jump", 2) where (0...10_000).contains(numbers[0]): self = .jump(steps: numbers[0], hertz: numbers[1])
    case ("ssrc", 1): self = .newSource(hertz: numbers[0])
    case ("figures", 0): self = .figures
    case ("stop", 0): self = .stop
    default: return nil
    }
  }
}

/// Reads lines from the standard input when told that there is something.
struct SenderOrders {
  private var pending: [UInt8] = []

  /// Waits for nothing when `poll` said so. At its end the input says to stop.
  mutating func read() -> [SenderOrder] {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = Glibc.read(STDIN_FILENO, &buffer, buffer.count)
    guard count > 0 else { return [.stop] }
    pending += buffer[..<count]
    var orders: [SenderOrder] = []
    while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
      let line = String(decoding: pending[..<end], as: UTF8.self)
      pending.removeSubrange(...end)
      if let order = SenderOrder(line) {
        orders.append(order)
      } else {
        SenderNote(event: "not an order: \(line)").say()
      }
    }
    return orders
  }
}
