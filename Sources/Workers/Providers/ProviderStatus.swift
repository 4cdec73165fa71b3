import Foundation
import VivaConfiguration

/// How a provider answered a probe.
public struct ProviderStatus: Sendable, Equatable {
  public var kind: WorkerKind
  public var name: String
  public var wireProtocol: ProviderSettings.WireProtocol
  /// Without what may be secret in it: user, password, query and fragment. Nil for a provider without one.
  public var url: String?
  /// Why it does not answer; nil when it does.
  public var error: String?
  /// How long the probe took.
  public var latencyMilliseconds: Double

  public var isAlive: Bool { error == nil }

  init(_ kind: WorkerKind, _ provider: ProviderSettings, _ answer: Result<Void, WorkerError>, latency: Duration) {
    self.kind = kind
    name = provider.name
    wireProtocol = provider.wireProtocol
    url = provider.url.map(Self.withoutSecrets)
    if case .failure(let failure) = answer { error = "\(failure.message) (\(failure.kind.rawValue))" }
    latencyMilliseconds = latency / .milliseconds(1)
  }

  static func withoutSecrets(_ url: String) -> String {
    guard var parts = URLComponents(string: url) else { return "(not an address)" }
    parts.user = nil
    parts.password = nil
    parts.query = nil
    parts.fragment = nil
    return parts.string ?? "(not an address)"
  }
}
