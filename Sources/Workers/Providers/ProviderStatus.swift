import Foundation
import Runtime
import VivaConfiguration

/// How a provider answered a probe.
public struct ProviderStatus: Sendable, Equatable {
  public var kind: WorkerKind
  /// Of a provider's instance, where it has several: `NAME/1` and so on.
  public var name: String
  public var wireProtocol: ProviderSettings.WireProtocol
  /// Without what may be secret in it: user, password, query and fragment. Nil for a provider without one.
  public var url: String?
  /// Why it does not answer; nil when it does.
  public var error: String?
  /// How long the probe took.
  public var latencyMilliseconds: Double

  public var isAlive: Bool { error == nil }

  init(
    _ kind: WorkerKind, _ name: String, _ provider: ProviderSettings, _ answer: Result<Void, WorkerError>,
    latency: Duration
  ) {
    self.kind = kind
    self.name = name
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

extension WorkerSet {
  /// Probes all providers at once.
  ///
  /// - Returns: one entry a provider, or instance of one, in the order of the configuration.
  public func status() async -> [ProviderStatus] {
    let all = WorkerKind.allCases.flatMap { kind in
      Self.providers(settings, kind).flatMap { provider in
        provider.atInstances.enumerated().map { (kind, provider.name, $0, $1) }
      }
    }
    return await withTaskGroup(of: (Int, ProviderStatus).self) { group in
      for (index, (kind, provider, position, instance)) in all.enumerated() {
        group.addTask {
          let asked = Instant.now
          let answer = await self.probe(kind, provider, instance: position)
          return (
            index, ProviderStatus(kind, instance.name, instance.settings, answer, latency: Instant.now - asked)
          )
        }
      }
      var found: [(Int, ProviderStatus)] = []
      for await status in group { found.append(status) }
      return found.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }
}
