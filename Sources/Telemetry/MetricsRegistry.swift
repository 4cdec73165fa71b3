import Synchronization

/// The metrics of one server, by name and labels.
///
/// Asking again for the same name and labels gives the same object. Asking takes a lock: keep the object
/// where the hot path needs it; its own operations are lock-free. One name is of one kind for good, and
/// names and label names follow Prometheus' rules: anything else is a mistake in the program and traps.
public final class MetricsRegistry: Sendable {
  /// Label sets a metric may have; later ones share a series whose label values are all `other`.
  public let maximumSeries: Int

  private let families = Mutex<[String: MetricFamily]>([:])

  public init(maximumSeries: Int = 1000) {
    self.maximumSeries = maximumSeries
  }

  public func counter(_ name: String, help: String, labels: [String: String] = [:]) -> Counter {
    let made = series(name, .counter, help, labels) { _ in .counter(Counter()) }
    guard case .counter(let counter) = made else { mixed(name) }
    return counter
  }

  public func gauge(_ name: String, help: String, labels: [String: String] = [:]) -> Gauge {
    let made = series(name, .gauge, help, labels) { _ in .gauge(Gauge()) }
    guard case .gauge(let gauge) = made else { mixed(name) }
    return gauge
  }

  /// - Parameter buckets: upper bounds, ascending. The first call for a name decides.
  public func histogram(
    _ name: String, help: String, labels: [String: String] = [:],
    buckets: [Double] = Histogram.latencyBuckets
  ) -> Histogram {
    let made = series(name, .histogram, help, labels, bounds: buckets) { .histogram(Histogram(bounds: $0)) }
    guard case .histogram(let histogram) = made else { mixed(name) }
    return histogram
  }

  /// A gauge that is read when the metrics are: `value` is called on the rendering thread.
  public func gauge(
    _ name: String, help: String, labels: [String: String] = [:],
    value: @escaping @Sendable () -> Double
  ) {
    _ = series(name, .gauge, help, labels) { _ in .read(value) }
  }

  /// A counter kept elsewhere: `value` is called on the rendering thread and never goes down.
  public func counter(
    _ name: String, help: String, labels: [String: String] = [:],
    value: @escaping @Sendable () -> Double
  ) {
    _ = series(name, .counter, help, labels) { _ in .read(value) }
  }

  /// All metrics in the Prometheus text format 0.0.4, sorted, to be served as `contentType`.
  public func render() -> String {
    // A copy, so that no callback runs under the lock.
    let current = families.withLock { $0 }
    var text = ""
    for name in current.keys.sorted() {
      current[name]?.render(name: name, into: &text)
    }
    return text
  }

  public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  private func series(
    _ name: String, _ kind: MetricFamily.Kind, _ help: String, _ labels: [String: String],
    bounds: [Double] = [], make: ([Double]) -> MetricFamily.Series
  ) -> MetricFamily.Series {
    precondition(PrometheusText.isMetricName(name), "\(name) is no metric name")
    precondition(labels.keys.allSatisfy(PrometheusText.isLabelName), "\(name): bad label name")
    let key = PrometheusText.labels(labels)
    return families.withLock { families in
      var family = families[name] ?? MetricFamily(kind: kind, help: help, bounds: bounds)
      guard family.kind == kind else { mixed(name) }
      if let known = family.series[key] { return known }

      let bounded =
        family.series.count < maximumSeries
        ? key : PrometheusText.labels(labels.mapValues { _ in "other" })
      if let known = family.series[bounded] { return known }
      let series = make(family.bounds)
      family.series[bounded] = series
      families[name] = family
      return series
    }
  }

  private func mixed(_ name: String) -> Never {
    preconditionFailure("\(name) is used as two kinds of metric")
  }
}
