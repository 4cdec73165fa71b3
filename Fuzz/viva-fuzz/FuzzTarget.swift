/// One parser of bytes from strangers, and what must hold whatever they are.
///
/// To add one: a file in `Targets/` that extends this type by a constant, and a line in `all`.
struct FuzzTarget: Sendable {
  /// Of its folders in `Corpus/` and `Regressions/`, and of its dictionary.
  let name: String
  /// How many inputs of an ordinary parser take as long as one of this: a short run has so many times fewer of them.
  let cost: Int
  /// Returns for all bytes; a trap, an error of AddressSanitizer or a failed `expect` is a finding.
  let run: @Sendable (FuzzInput) -> Void

  init(_ name: String, cost: Int = 1, _ run: @escaping @Sendable (FuzzInput) -> Void) {
    self.name = name
    self.cost = cost
    self.run = run
  }
}

/// Ends the program, with `message` for whoever reads the finding, unless `condition` holds.
func expect(_ condition: Bool, _ message: @autoclosure () -> String) {
  if !condition { fatalError(message()) }
}
