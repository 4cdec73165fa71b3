import Scheduling

/// Missed requests as SVG: for each load and scheduler a bar a class, with CRITICAL's wait beside them.
enum Plot {
  private static let colours = ["#c0392b", "#d9822b", "#0a6ebd", "#888888"]

  static func svg(_ rows: [Row]) -> String {
    let (left, top, height, across) = (290.0, 44.0, 50.0, 420.0)
    let total = top + height * Double(rows.count) + 20
    var lines = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 940 \(Int(total))\" font-family=\"sans-serif\" "
        + "font-size=\"12\"><rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
      "<text x=\"10\" y=\"24\">missed, % of the class</text>",
    ]
    for (priority, colour) in zip(Priority.allCases, colours) {
      let x = left + Double(priority.rawValue) * 90
      lines.append("<text x=\"\(x)\" y=\"24\" fill=\"\(colour)\">\(priority)</text>")
    }
    for (index, row) in rows.enumerated() {
      let y = top + Double(index) * height
      lines.append("<text x=\"\(left - 8)\" y=\"\(y + 26)\" text-anchor=\"end\">\(row.title), \(row.name)</text>")
      for (priority, colour) in zip(Priority.allCases, colours) where row.outcome[priority].submitted > 0 {
        let missed = row.outcome[priority].missed
        let barY = y + Double(priority.rawValue) * 11
        lines.append(
          "<rect x=\"\(left)\" y=\"\(barY)\" width=\"\(Table.decimal(max(0.6, across * missed)))\" height=\"9\" "
            + "fill=\"\(colour)\"/>")
        lines.append(
          "<text x=\"\(Table.decimal(left + across * missed + 4))\" y=\"\(barY + 8)\" font-size=\"9\">"
            + "\(Table.decimal(missed * 100, 2))</text>")
      }
      let critical = row.outcome[.critical]
      let wait = "critical p99 \(Table.decimal(critical.wait(0.99))) ms"
      lines.append("<text x=\"\(left + across + 50)\" y=\"\(y + 26)\">\(wait)</text>")
    }
    return lines.joined(separator: "\n") + "\n</svg>\n"
  }
}
