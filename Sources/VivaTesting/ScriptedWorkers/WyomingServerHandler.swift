import NIOCore
import Workers

/// What a scripted Wyoming server does with an event: takes it and says what to send.
protocol WyomingScript: AnyObject {
  func received(_ event: WyomingEvent, _ player: ScriptPlayer<[WyomingEvent]>) -> [ScriptStep<[WyomingEvent]>]
}

/// A connection of a scripted Wyoming server.
final class WyomingServerHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// An event that is sent as bytes that are none.
  static let garbage = WyomingEvent("\u{0}garbage")

  private let script: any WyomingScript
  private let player: ScriptPlayer<[WyomingEvent]>
  private var parser = WyomingParser(worker: "client")

  init(_ listener: ScriptedListener, _ script: any WyomingScript) {
    self.script = script
    player = ScriptPlayer(listener)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    parser.append(unwrapInboundIn(data))
    do {
      while let event = try parser.next() {
        let steps = script.received(event, player)
        guard !steps.isEmpty else { continue }
        player.play(steps, context) { events in
          var out = context.channel.allocator.buffer(capacity: 256)
          for event in events {
            if event == Self.garbage {
              out.writeBytes([0x00, 0xFF, 0x7B, 0x22, 0x0A])
            } else {
              event.write(into: &out)
            }
          }
          context.write(self.wrapOutboundOut(out), promise: nil)
        }
      }
    } catch {
      context.close(promise: nil)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    player.channelClosed()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
