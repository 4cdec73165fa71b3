/// All series of one metric name.
struct MetricFamily: Sendable {
  enum Kind: String {
    case counter, gauge, histogram
  }

  enum Series: Sendable {
    case counter(Counter)
    case gauge(Gauge)
    case histogram(Histogram)
    case read(@Sendable () -> Double)
  }

  let kind: Kind
  let help: String
  /// Of histograms.
  let bounds: [Double]
  /// By rendered label set.
  var series: [String: Series] = [:]

  init(kind: Kind, help: String, bounds: [Double]) {
    self.kind = kind
    self.help = help
    self.bounds = bounds
  }

  func render(name: String, into text: inout String) {
    text += "# HELP \(name) \(PrometheusText.escapedHelp(help))\n# TYPE \(name) \(kind.rawValue)\n"
    for (labels, series) in series.sorted(by: { $0.key < $1.key }) {
      switch series {
      case .counter(let counter): line(name, labels, "\(counter.value)", &text)
      case .gauge(let gauge): line(name, labels, PrometheusText.number(gauge.value), &text)
      case .read(let value): line(name, labels, PrometheusText.number(value()), &text)
      case .histogram(let histogram): render(histogram, name, labels, &text)
      }
    }
  }

  private func render(_ histogram: Histogram, _ name: String, _ labels: String, _ text: inout String) {
    let snapshot = histogram.snapshot
    let prefix = labels.isEmpty ? "" : labels + ","
    var cumulative: UInt64 = 0
    for (index, count) in snapshot.counts.enumerated() {
      cumulative &+= count
      let bound = index < bounds.count ? PrometheusText.number(bounds[index]) : "+Inf"
      line(name + "_bucket", "\(prefix)le=\"\(bound)\"", "\(cumulative)", &text)
    }
    line(name + "_sum", labels, PrometheusText.number(snapshot.sum), &text)
    line(name + "_count", labels, "\(cumulative)", &text)
  }

  private func line(_ name: String, _ labels: String, _ value: String, _ text: inout String) {
    text += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
  }
}
