import Dispatch
import Glibc
import NIOCore
import NIOPosix

/// One run of a command whose standard input and output are a socket; the text to speak is never an argument.
struct EspeakProcess {
  private let pid: pid_t
  private let socket: Int32

  /// - Parameter arguments: The first is the command, looked for in PATH.
  /// - Throws: `IOError` if it cannot be run.
  init(_ arguments: [String]) throws {
    // A socket rather than two pipes: no other process that is started meanwhile inherits an end of it, which
    // would keep the input from ending.
    var ends: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw IOError(errnoCode: errno, reason: "socketpair") }
    let (own, childs) = (ends[0], ends[1])
    defer { close(childs) }

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, childs, STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&actions, childs, STDOUT_FILENO)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)

    var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for argument in argv { free(argument) } }
    var child = pid_t()
    let result = posix_spawnp(&child, arguments.first ?? "", &actions, nil, &argv, environ)
    guard result == 0 else {
      close(own)
      throw IOError(errnoCode: result, reason: "posix_spawnp \(arguments.first ?? "")")
    }
    pid = child
    socket = own
  }

  /// Writes `text` to the process and hands its output to `body`, piece by piece. The process has ended when this
  /// returns: killed, if the task is cancelled or `body` throws.
  ///
  /// - Returns: the exit status, nil if it was killed.
  func speak(_ text: String, _ body: (ByteBuffer) throws -> Void) async throws -> Int32? {
    let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>
    do {
      channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .channelOption(.allowRemoteHalfClosure, value: true)
        .withConnectedSocket(socket) { channel in
          channel.eventLoop.makeCompletedFuture {
            try NIOAsyncChannel(
              wrappingChannelSynchronously: channel,
              configuration: .init(isOutboundHalfClosureEnabled: true))
          }
        }
    } catch {
      _ = await end()
      throw error
    }
    do {
      try await channel.executeThenClose { inbound, outbound in
        // A process that ended without reading is known by what it wrote.
        try? await outbound.write(ByteBuffer(string: text))
        outbound.finish()
        for try await bytes in inbound { try body(bytes) }
      }
    } catch {
      _ = await end()
      throw error
    }
    return await end()
  }

  /// A process that closed its output has nothing more to say: it is not waited for but killed. The kill of one
  /// that has already exited does nothing, and until it is reaped nobody else can have its number.
  private func end() async -> Int32? {
    let pid = pid
    return await withCheckedContinuation { done in
      DispatchQueue.global().async {
        var status: Int32 = 0
        kill(pid, SIGKILL)
        let exited = waitpid(pid, &status, 0) == pid && status & 0x7f == 0
        done.resume(returning: exited ? (status >> 8) & 0xff : nil)
      }
    }
  }
}
