import VivaConfiguration
import FoundationEssentials

/// A local worker process to be kept running.
public struct SupervisedWorker: Sendable, Equatable {
  /// The provider's name: in state changes, and of its log file.
  public var name: String
  public var process: ProcessSettings
  /// Where the process runs, so what relative paths in its command mean; nil is where Viva runs.
  public var workingDirectory: String?
  /// Where the process will listen. A foreign process found there is reported, instead of being
  /// mistaken for the worker.
  public var endpoint: ListenAddress?
  /// Start only once every worker before this one has been ready.
  public var waitsForPrevious = false

  public init(name: String, process: ProcessSettings) {
    self.name = name
    self.process = process
  }

  /// nil when Viva does not run the provider itself.
  public init?(_ provider: ProviderSettings, workingDirectory: String?) {
    guard let process = provider.process else { return nil }
    self.init(name: provider.name, process: process)
    self.workingDirectory = workingDirectory
    if let url = provider.url.flatMap(URL.init(string:)), let host = url.host, let port = url.port {
      endpoint = ListenAddress(host: host, port: port)
    }
  }
}
