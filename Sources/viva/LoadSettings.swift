import ArgumentParser
import Foundation
import VivaConfiguration

/// Reads the configuration; its mistakes go to stderr, one a line.
///
/// - Throws: `ExitCode` 78 (`EX_CONFIG` of sysexits.h).
func loadSettings(_ path: String) throws -> Settings {
  do {
    return try SettingsLoader.load(path: path, environment: ProcessInfo.processInfo.environment)
  } catch {
    complain(String(describing: error))
    throw ExitCode(78)
  }
}
