import Scheduling
import SchedulingSimulation

/// The simulation's figures as Markdown.
enum Table {
  static func text(_ rows: [Row]) -> String {
    var lines: [String] = []
    var title = ""
    for row in rows {
      if row.title != title {
        title = row.title
        lines += [
          "", "### \(title)", "",
          "| scheduler | CRITICAL | HIGH | MEDIUM | LOW | finished /s (C, H, M, L) | useful | preempted (H, M, L) | wasted |",
          "|---|---|---|---|---|---|---:|---|---:|",
        ]
      }
      lines.append(line(row))
    }
    return lines.dropFirst().joined(separator: "\n") + "\n"
  }

  private static func line(_ row: Row) -> String {
    let classes = Priority.allCases.map { row.outcome[$0] }
    let capacity = Double(row.outcome.seconds * row.slots) * 1e9
    func part(_ slotTime: (Outcome.Class) -> Int64) -> String {
      decimal(Double(classes.reduce(0) { $0 + slotTime($1) }) / capacity * 100) + " %"
    }
    let waits = classes.map { figures in
      figures.submitted == 0
        ? "-"
        : "\(whole(figures.wait(0.5))) / \(whole(figures.wait(0.99))) / \(whole(figures.wait(1))), "
          + "**\(decimal(figures.missed * 100, 2)) %**"
    }
    let finished = classes.map { decimal(Double($0.finished) / Double(row.outcome.seconds)) }
    let preempted = classes.dropFirst().map { "\($0.preempted)" }
    let cells =
      [row.name] + waits + [
        finished.joined(separator: ", "), part(\.useful), preempted.joined(separator: ", "), part(\.wasted),
      ]
    return "| " + cells.joined(separator: " | ") + " |"
  }

  private static func whole(_ value: Double) -> String { "\(Int(value.rounded(.up)))" }

  static func decimal(_ value: Double, _ places: Int = 1) -> String {
    let scale = places == 1 ? 10.0 : 100.0
    let number = Int((value * scale).rounded())
    let rest = String(number % Int(scale))
    return "\(number / Int(scale))." + String(repeating: "0", count: places - rest.count) + rest
  }
}

/// One scheduler at one load.
struct Row {
  /// The load.
  let title: String
  let slots: Int
  let name: String
  let outcome: Outcome
  /// The least of the slot-time that LOW had in any 60 s.
  let lowShare: Double
}
