import VivaConfiguration

/// A provider, with an adapter for each of its instances.
struct ProviderInstances<Provider: Sendable>: Sendable {
  let name: String
  /// At least one.
  let instances: [Provider]

  init(_ name: String, _ provider: Provider) {
    self.name = name
    instances = [provider]
  }

  /// - Parameter make: Of the settings of an instance and its position; nil where the protocol has no such adapter.
  init?(_ settings: ProviderSettings, make: (ProviderSettings, Int) -> Provider?) {
    name = settings.name
    instances = settings.atInstances.enumerated().compactMap { make($1.settings, $0) }
    if instances.isEmpty { return nil }
  }

  /// The adapter of the instance at this position.
  subscript(position: Int) -> Provider { instances[min(position, instances.count - 1)] }
}
