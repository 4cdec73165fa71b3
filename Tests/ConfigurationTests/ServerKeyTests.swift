import Foundation
import Testing

@testable import VivaConfiguration

@Suite struct ServerKeyTests {
  let folder = ConfigurationFolder()

  private func settings(keys: [String] = []) -> ServerSettings {
    var server = ServerSettings()
    server.keys = keys
    server.keyFile = "\(folder.path)/secret/place/keys"
    return server
  }

  private func permissions(_ name: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder.path)/\(name)")
    return try #require(attributes[.posixPermissions] as? Int)
  }

  @Test func theFirstStartMakesAKeyThatOnlyTheOwnerCanRead() throws {
    let keys = try ServerKeys(loading: settings())
    let key = try #require(keys.first)
    #expect(keys.createdFile == "\(folder.path)/secret/place/keys")
    #expect(key.wholeMatch(of: /sk-viva-[A-Za-z0-9_-]{32}/) != nil)
    #expect(keys.authorises(key))
    #expect(try permissions("secret/place/keys") == 0o600)
    #expect(try permissions("secret/place") == 0o700)
    #expect(try permissions("secret") == 0o700)

    let again = try ServerKeys(loading: settings())
    #expect(again.first == key)
    #expect(again.createdFile == nil)
    #expect(again.warnings.isEmpty)
  }

  @Test func freshKeysDiffer() {
    #expect(Set((0..<1000).map { _ in ServerKeys.fresh() }).count == 1000)
  }

  @Test func noFileIsMadeWhenAKeyIsGiven() throws {
    let keys = try ServerKeys(loading: settings(keys: ["given-key"]))
    #expect(keys.authorises("given-key"))
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/secret"))
  }

  @Test func keysOfSettingsAndFileCountAlike() throws {
    folder.write("secret/place/keys", "# phones\r\nfile-key-1\r\n\n  file-key-2  \n")
    let keys = try ServerKeys(loading: settings(keys: ["given-key"]))
    for key in ["given-key", "file-key-1", "file-key-2"] { #expect(keys.authorises(key)) }
    #expect(!keys.authorises("# phones"))
  }

  @Test func warnsOfAFileThatOthersCanRead() throws {
    folder.write("secret/place/keys", "file-key-1\n")
    let path = "\(folder.path)/secret/place/keys"
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    #expect(
      try ServerKeys(loading: settings()).warnings == [
        "\(path) is open to other users of this machine; run: chmod 600 \(path)"
      ])
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    #expect(try ServerKeys(loading: settings()).warnings.isEmpty)
  }

  @Test func refusesAFileThatHoldsNoKeys() throws {
    let path = "\(folder.path)/secret/place/keys"
    func problem() -> String? {
      do throws(ConfigurationErrors) {
        _ = try ServerKeys(loading: settings())
        return nil
      } catch {
        return error.description
      }
    }
    folder.write("secret/place/keys", "# nothing\n")
    #expect(problem() == "\(path): server.key_file: holds no key; delete it to have one made")
    folder.write("secret/place/keys", "good-key-1\nhunter2\n")
    #expect(
      problem() == "\(path):2: server.key_file: this line is not a key; allowed: "
        + "8 to 256 ASCII characters without spaces and commas")
    folder.write("secret/place/keys", Data([0xFF, 0xFE, 0]))
    #expect(problem() == "\(path): server.key_file: is not UTF-8 text")
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    #expect(problem() == "\(path): server.key_file: is not a regular file")
  }

  @Test func onlyTheWholeKeyAuthorises() {
    let keys = ServerKeys(keys: ["sk-viva-abcdefgh", "another-key"])
    #expect(keys.authorises("sk-viva-abcdefgh"))
    #expect(keys.authorises("another-key"))
    for wrong in [
      "", "s", "sk-viva-abcdefg", "sk-viva-abcdefgh ", "sk-viva-abcdefgX", "Xk-viva-abcdefgh",
      "sk-viva-abcdefgh\u{0}",
      String(repeating: "a", count: 256), String(repeating: "a", count: 1_000_000),
    ] {
      #expect(!keys.authorises(wrong))
    }
    #expect(!ServerKeys(keys: []).authorises(""))
  }

  @Test func longestKeyWorks() {
    let key = String(repeating: "k", count: 256)
    let keys = ServerKeys(keys: [key])
    #expect(keys.authorises(key))
    #expect(!keys.authorises(key + "k"))
    #expect(!keys.authorises(String(key.dropLast())))
  }

  @Test func noDescriptionShowsAKey() {
    let keys = ServerKeys(keys: ["hidden-key"])
    var dumped = ""
    dump(keys, to: &dumped)
    for text in ["\(keys)", String(reflecting: keys), "\([keys])", dumped] {
      #expect(!text.contains("hidden"))
    }
  }
}
