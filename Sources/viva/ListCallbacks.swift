import ArgumentParser
import Foundation
import Sessions
import VivaConfiguration

struct ListCallbacks: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "callbacks",
    abstract: "List who was promised to be called back, and when.",
    discussion: "Reads the file that the configuration names under callbacks.file; the server need not run.")

  @OptionGroup var options: ConfigurationOptions

  func run() throws {
    let settings = try loadSettings(options.config)
    let (callbacks, unreadable) = try CallbackFile.read(path: settings.callbacks.file)
    say("CHOSEN AT             SLOT")
    for callback in callbacks {
      let time = Date(timeIntervalSince1970: TimeInterval(callback.chosenAt)).formatted(.iso8601)
      say("\(time)  \(callback.slotID): \(callback.slot)  agent \(callback.agent), session \(callback.sessionID)")
    }
    if unreadable > 0 { complain("\(unreadable) lines of \(settings.callbacks.file) cannot be read.") }
  }
}
