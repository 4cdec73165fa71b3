import Glibc

/// `viva-fuzz --target=NAME [libFuzzer's options and folders]`; `viva-fuzz --list` names the targets
/// with their cost. libFuzzer itself ignores options that begin with two dashes. `scripts/fuzz` builds it and runs it.
@main
struct Main {
  private static let chosen = target()

  static func main() {
    if CommandLine.arguments.contains("--list") {
      for target in FuzzTarget.all { print(target.name, target.cost) }
      return
    }
    guard chosen != nil else {
      print("name a target: --target=\(FuzzTarget.all.map(\.name).joined(separator: "|"))")
      exit(2)
    }
    var count = CommandLine.argc
    var arguments = CommandLine.unsafeArgv
    exit(
      runLibFuzzer(&count, &arguments) { bytes, count in
        Main.chosen?.run(FuzzInput(bytes: Array(UnsafeBufferPointer(start: bytes, count: count))))
        return 0
      })
  }

  private static func target() -> FuzzTarget? {
    let option = "--target="
    let name = CommandLine.arguments.first { $0.hasPrefix(option) }?.dropFirst(option.count)
    return FuzzTarget.all.first { $0.name == name.map(String.init) }
  }
}

/// libFuzzer as a library: SwiftPM gives an executable a `main` of its own.
@_silgen_name("LLVMFuzzerRunDriver")
private func runLibFuzzer(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ run: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt
