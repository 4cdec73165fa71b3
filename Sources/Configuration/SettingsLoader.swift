import Foundation

/// Reads `viva.yaml` and the agents beside it.
public enum SettingsLoader {
  /// The settings in the file at `path`, checked in full.
  ///
  /// Problems are named with `path` as given. In the result, `folder` and the paths of `server` are absolute;
  /// a process's command is left as it is, to be run in `folder`. Blocks for disk; call it at start only.
  ///
  /// - Parameter environment: what `${NAME}` in values refers to.
  /// - Throws: every problem found, in all the files.
  public static func load(
    path: String, environment: [String: String]
  ) throws(ConfigurationErrors) -> Settings {
    let log = ProblemLog()
    let file = YAMLFile(path: path, environment: environment, log: log)
    let paths = ConfigurationPaths(file: path)
    var settings = Settings()
    settings.folder = paths.folder

    file.read { root in
      root.section("server") { ServerReader(paths: paths).read($0, into: &settings.server) }
      settings.server.keyFile = settings.server.keyFile.map(paths.absolute)
      root.section("audio") {
        $0.integer("send_ahead_ms", 100...5000, into: &settings.audio.sendAheadMilliseconds)
      }
      let webRTC = WebRTCReader(server: settings.server)
      webRTC.read(nil, into: &settings.webRTC)
      root.section("webrtc") { webRTC.read($0, into: &settings.webRTC) }
      root.section("limits") { LimitsReader.read($0, into: &settings.limits) }
      root.section("pool") { PoolReader.read($0, into: &settings.pool) }
      let workersReader = WorkersReader(settings.pool)
      root.required("workers")?.section { workersReader.read($0, into: &settings.workers) }
      root.section("ladder") { LadderReader.read($0, into: &settings.ladder) }
      root.section("answer_cache") { settings.answerCache = AnswerCacheReader.read($0) }
      root.section("callbacks") { CallbacksReader.read($0, into: &settings.callbacks) }
      settings.callbacks.file = paths.absolute(settings.callbacks.file)
      root.section("checkpoints") { CheckpointsReader(paths: paths).read($0, into: &settings.checkpoints) }
      settings.checkpoints.folder = paths.absolute(settings.checkpoints.folder)
      settings.checkpoints.keyFile = paths.absolute(settings.checkpoints.keyFile)
      if let webhooks = root.present("webhooks") { settings.webhooks = WebhooksReader.read(webhooks) }

      var agents = "agents"
      root.text("agents", into: &agents)
      let reader = AgentsReader(environment: environment, log: log, workers: settings.workers)
      do throws(TextFile.Failure) {
        settings.agents = try reader.read(folder: paths.shown(agents))
      } catch {
        root.report("agents", error.message)
      }

      root.text("default_agent", into: &settings.defaultAgent)
      if settings.agents[settings.defaultAgent] == nil, !settings.agents.isEmpty {
        root.report(
          "default_agent", "there is no agent \(settings.defaultAgent.excerpt())",
          allowed: settings.agents.keys.sorted().joined(separator: ", "))
      }
    }

    guard log.problems.isEmpty else { throw ConfigurationErrors(problems: log.problems) }
    return settings
  }
}

/// Paths as the configuration file means them: relative to its own folder.
struct ConfigurationPaths {
  /// Absolute.
  let folder: String
  /// As the user named it, for messages; empty for the current folder.
  private let shownFolder: String

  init(file: String) {
    let url = URL(fileURLWithPath: file)
    folder = url.deletingLastPathComponent().standardizedFileURL.path
    shownFolder = file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
  }

  func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : URL(fileURLWithPath: "\(folder)/\(path)").standardizedFileURL.path
  }

  /// A path that opens the same file, but reads as the user wrote it.
  func shown(_ path: String) -> String {
    path.hasPrefix("/") ? path : shownFolder + path
  }
}
