import FoundationEssentials
import Glibc
import Testing

@testable import Workers

@Suite struct SupervisionLogTests {
  let folder = FileManager.default.temporaryDirectory.appending(path: "viva-\(UUID().uuidString)").path

  init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  private func write(_ text: String, to log: WorkerLog) {
    #expect(Glibc.write(log.fileDescriptor, text, text.utf8.count) == text.utf8.count)
  }

  private func contents(_ name: String) throws -> String {
    try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
  }

  @Test func `the file of the run before is kept`() throws {
    for run in 1...3 {
      write("run \(run)\n", to: try WorkerLog(directory: folder, name: "asr"))
    }
    #expect(try contents("asr.log") == "run 3\n")
    #expect(try contents("asr.log.1") == "run 2\n")
    try FileManager.default.removeItem(atPath: folder)
  }

  @Test func `a file that grew too long is moved aside and written on`() throws {
    let log = try WorkerLog(directory: folder, name: "asr", maximumBytes: 100_000)
    let long = String(repeating: "0123456789\n", count: 10_000)
    write(long, to: log)
    log.bound()
    write("later\n", to: log)
    log.bound()
    #expect(try contents("asr.log.1") == long)
    #expect(try contents("asr.log") == "later\n")
    #expect(log.lastLines() == ["later"])
    try FileManager.default.removeItem(atPath: folder)
  }

  @Test func `the last lines are those of the present process, and few`() throws {
    let log = try WorkerLog(directory: folder, name: "a/b")
    write("old\n", to: log)
    log.markBeginning()
    #expect(log.lastLines() == [])
    for line in 1...30 { write("line \(line)\n", to: log) }
    #expect(log.lastLines() == (21...30).map { "line \($0)" })
    #expect(try contents("a_b.log").hasPrefix("old\n"))
    try FileManager.default.removeItem(atPath: folder)
  }
}
