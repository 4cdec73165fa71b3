import Glibc
import Logging

/// Viva's logs: swift-log to stderr, one line an entry.
///
///     2026-01-01T12:00:00.123Z info sessions: message key=value
///
/// The part after the level is the logger's label.
public enum VivaLog {
  /// Sends every logger made from now on to stderr. Call once, first thing: a second call traps.
  public static func bootstrap(level: Logger.Level) {
    LoggingSystem.bootstrap { label in
      LineLogHandler(label: label, logLevel: level, write: writeToStandardError)
    }
  }

  // One write a line, so that lines of two threads do not mix.
  private static func writeToStandardError(_ line: String) {
    var line = line
    line.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while !rest.isEmpty {
        let count = write(STDERR_FILENO, rest.baseAddress, rest.count)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return }
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      }
    }
  }
}
