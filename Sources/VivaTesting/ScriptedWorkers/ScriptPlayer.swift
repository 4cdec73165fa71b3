import NIOCore

/// One step of a scripted reply.
enum ScriptStep<Message> {
  case wait(Duration)
  case send(Message)
  /// The reply ends here.
  case done
  case stall
  case close
}

extension Array {
  /// A reply of `results`, cut short by `fault`. An `error` must have been dealt with before.
  mutating func play<Message>(
    _ results: [Message], every interval: Duration, end: [Message], garbage: Message, fault: ScriptedFault?
  ) where Element == ScriptStep<Message> {
    var kept = results.count
    switch fault {
    case .stall(let count), .close(let count), .garbage(let count): kept = Swift.min(count, kept)
    case .error, nil: break
    }
    for (index, result) in results.prefix(kept).enumerated() {
      if index > 0, interval > .zero { append(.wait(interval)) }
      append(.send(result))
    }
    switch fault {
    case .stall: append(.stall)
    case .close: append(.close)
    case .garbage: self += [.send(garbage), .stall]
    case .error, nil: self += end.map(ScriptStep.send) + [.done]
    }
  }
}

/// Plays a scripted reply on a channel, one at a time; used on the channel's event loop only.
final class ScriptPlayer<Message> {
  private let listener: ScriptedListener
  private var steps: ArraySlice<ScriptStep<Message>> = []
  private var timer: Scheduled<Void>?
  /// Between the beginning of a request and the end of its reply.
  private(set) var isBusy = false

  init(_ listener: ScriptedListener) {
    self.listener = listener
  }

  /// - Returns: The number of the request, from 0.
  func begin() -> Int {
    isBusy = true
    return listener.requestBegan()
  }

  /// Appends to what is still to be played.
  func play(_ more: [ScriptStep<Message>], _ context: ChannelHandlerContext, send: @escaping (Message) -> Void) {
    let isIdle = steps.isEmpty
    steps += more
    if isIdle { resume(context, send) }
  }

  /// To be called when the channel is closed.
  func channelClosed() {
    timer?.cancel()
    steps = []
    if isBusy { end(cancelled: true) }
  }

  private func resume(_ context: ChannelHandlerContext, _ send: @escaping (Message) -> Void) {
    while let step = steps.first {
      switch step {
      case .wait(let pause) where pause > .zero:
        context.flush()
        // The step stays until its time is over, so that the player is not taken for idle.
        // It is gone already if the flush found the channel closed.
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(pause)) { [weak self] in
          guard let self, !steps.isEmpty else { return }
          steps.removeFirst()
          resume(context, send)
        }
        return
      case .wait: steps.removeFirst()
      case .send(let message):
        steps.removeFirst()
        send(message)
      case .done:
        steps.removeFirst()
        end(cancelled: false)
      case .stall:
        // Nothing after it is ever played.
        context.flush()
        return
      case .close:
        if isBusy { end(cancelled: false) }
        steps = []
        context.flush()
        context.close(promise: nil)
      }
    }
    context.flush()
  }

  private func end(cancelled: Bool) {
    isBusy = false
    listener.requestEnded(cancelled: cancelled)
  }
}
