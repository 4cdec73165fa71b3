import Glibc
import Media
import Runtime
import VivaConfiguration

/// Why no calls can be taken, in words for the terminal.
public struct MediaPortError: Error, CustomStringConvertible, Sendable {
  public let description: String
}

/// The sockets of one port, on each address that is to be bound.
enum MediaSockets {
  /// Ports that the system has chosen on the first address, and that were taken on another.
  private static let attempts = 16

  /// - Returns: memory that the caller has to free.
  static func bind(
    _ settings: WebRTCSettings, shard: Int
  ) throws(MediaPortError) -> (sockets: UnsafeMutablePointer<MediaSocket>, count: Int, port: UInt16) {
    let addresses = LocalAddresses.bound(settings)
    guard let first = addresses.first else { throw MediaPortError(description: "webrtc.listen has no address") }
    let sockets = UnsafeMutablePointer<MediaSocket>.allocate(capacity: addresses.count)
    let wanted = settings.port == 0 ? 0 : UInt16(clamping: settings.port + shard)
    var bound = 0
    for attempt in 1...attempts {
      var failed = first.withPort(wanted)
      do throws(SystemError) {
        var port = wanted
        for address in addresses {
          failed = address.withPort(port)
          (sockets + bound).initialize(to: try MediaSocket(boundTo: failed))
          bound += 1
          port = sockets[0].address.port
        }
        return (sockets, bound, port)
      } catch {
        (sockets).deinitialize(count: bound)
        bound = 0
        guard wanted == 0, error.code == EADDRINUSE, attempt < attempts else {
          sockets.deallocate()
          throw MediaPortError(
            description:
              "The UDP address \(failed) of webrtc.listen and webrtc.port (shard \(shard)) cannot be had: \(error).")
        }
      }
    }
    sockets.deallocate()
    throw MediaPortError(description: "no UDP port is free on all addresses of webrtc.listen")
  }
}
