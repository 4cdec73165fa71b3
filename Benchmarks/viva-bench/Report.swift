enum Report {
  static func print(floor: Costs, viva: Costs, sessionSeconds: Int) {
    Swift.print(row("", "floor µs", "Viva µs", "floor mallocs", "Viva mallocs"))
    for (part, other) in zip(floor.parts, viva.parts) {
      Swift.print(
        row(
          part.name, decimal(part.meter.microseconds), decimal(other.meter.microseconds),
          decimal(part.meter.allocationsEach), decimal(other.meter.allocationsEach)))
    }
    let least = floor.perSessionSecond(sessionSeconds)
    let ours = viva.perSessionSecond(sessionSeconds)
    Swift.print(
      "a session-second: floor \(decimal(least)) ms, Viva \(decimal(ours)) ms, \(decimal(ours / least)) times the floor"
    )
  }

  private static func row(_ cells: String...) -> String {
    cells.enumerated().map { index, cell in
      let padding = String(repeating: " ", count: max(0, (index == 0 ? 20 : 14) - cell.count))
      return index == 0 ? cell + padding : padding + cell
    }.joined()
  }

  /// With two decimals.
  private static func decimal(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
  }
}
