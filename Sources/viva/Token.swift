import ArgumentParser
import Foundation
import VivaConfiguration

struct Token: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Have the running server make an ephemeral key, to hand to someone.",
    discussion: """
      Prints the key, and for a caller the address of the page with the key in it. A key opens, or joins, any number of \
      sessions until it expires; these may live longer.
      """)

  enum KeyScope: String, CaseIterable, ExpressibleByArgument {
    case caller, listener, human, sideband, admin
  }

  @OptionGroup var options: ConfigurationOptions

  @Option(
    help: "What the key is for: caller opens sessions; listener, human and sideband join one; admin may do all.")
  var scope = KeyScope.caller

  @Option(help: "How long it is good, in seconds, 10 to 7200.")
  var seconds = 600

  @Option(help: "The one agent that the key's holder may talk to.")
  var agent: String?

  @Option(help: "The one session that the key's holder may join: the id in 'session.created'.")
  var callID: String?

  func validate() throws {
    guard (10...7200).contains(seconds) else { throw ValidationError("--seconds is 10 to 7200.") }
  }

  func run() async throws {
    let settings = try loadSettings(options.config)
    let server = RunningServer(settings.server)
    do {
      let key = try Self.serverKey(settings.server)
      let answer = try await server.post(
        "/v1/realtime/client_secrets", body: try JSONEncoder().encode(body), key: key)
      let secret = try JSONDecoder().decode(Secret.self, from: answer)
      say(secret.value)
      if scope == .caller { say(server.pageAddress(key: secret.value, agent: agent)) }
    } catch {
      complain(String(describing: error))
      throw ExitCode(1)
    }
  }

  /// The key that makes keys. Unlike the server, this makes no key file.
  static func serverKey(_ settings: ServerSettings) throws -> String {
    let hasFile = settings.keyFile.map(FileManager.default.fileExists) ?? false
    guard hasFile || !settings.keys.isEmpty, let key = try ServerKeys(loading: settings).first else {
      throw ServerError(description: "There is no server key yet: the first 'viva serve' makes one.")
    }
    return key
  }

  private var body: Body {
    Body(
      expires_after: .init(seconds: seconds), session: agent.map { .init(model: $0) },
      viva: .init(scope: scope.rawValue, call_id: callID))
  }

  private struct Secret: Decodable {
    var value: String
  }

  /// What `POST /v1/realtime/client_secrets` takes.
  private struct Body: Encodable {
    struct Expiry: Encodable {
      var anchor = "created_at"
      var seconds: Int
    }
    struct Session: Encodable {
      var type = "realtime"
      var model: String
    }
    struct Extension: Encodable {
      var scope: String
      var call_id: String?
    }

    var expires_after: Expiry
    var session: Session?
    var viva: Extension
  }
}
