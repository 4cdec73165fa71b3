import Testing

@testable import Telemetry

@Suite struct MetricsTests {
  let registry = MetricsRegistry(maximumSeries: 3)

  @Test func `the same name and labels give the same counter`() {
    let a = registry.counter("viva_turns_total", help: "Turns.", labels: ["agent": "a", "kind": "text"])
    let same = registry.counter("viva_turns_total", help: "Turns.", labels: ["kind": "text", "agent": "a"])
    let other = registry.counter("viva_turns_total", help: "Turns.", labels: ["kind": "text", "agent": "b"])
    #expect(a === same)
    #expect(a !== other)
  }

  @Test func `counters and gauges render as Prometheus text`() {
    registry.counter("viva_turns_total", help: "Turns.", labels: ["agent": "b"]).increment(by: 2)
    registry.counter("viva_turns_total", help: "Turns.", labels: ["agent": "a"]).increment()
    let sessions = registry.gauge("viva_sessions", help: "Open sessions.")
    sessions.increment(by: 3)
    sessions.decrement()
    registry.gauge("viva_load", help: "A value read\nlate: \\.") { 0.5 }
    #expect(
      registry.render() == """
        # HELP viva_load A value read\\nlate: \\\\.
        # TYPE viva_load gauge
        viva_load 0.5
        # HELP viva_sessions Open sessions.
        # TYPE viva_sessions gauge
        viva_sessions 2
        # HELP viva_turns_total Turns.
        # TYPE viva_turns_total counter
        viva_turns_total{agent="a"} 1
        viva_turns_total{agent="b"} 2

        """)
  }

  @Test func `a histogram renders cumulative buckets with sum and count`() {
    let histogram = registry.histogram(
      "viva_wait_seconds", help: "Waits.", labels: ["stage": "asr"], buckets: [0.1, 1])
    histogram.observe(seconds: 0.05)
    histogram.observe(.milliseconds(100))
    histogram.observe(seconds: 0.5)
    histogram.observe(seconds: 2)
    histogram.observe(.nan)
    #expect(
      registry.render() == """
        # HELP viva_wait_seconds Waits.
        # TYPE viva_wait_seconds histogram
        viva_wait_seconds_bucket{stage="asr",le="0.1"} 2
        viva_wait_seconds_bucket{stage="asr",le="1"} 3
        viva_wait_seconds_bucket{stage="asr",le="+Inf"} 4
        viva_wait_seconds_sum{stage="asr"} 2.65
        viva_wait_seconds_count{stage="asr"} 4

        """)
  }

  @Test func `a label value cannot break out of its quotes`() {
    registry.counter("viva_x_total", help: "X.", labels: ["agent": "a\"} 9\r\nb\\"]).increment()
    #expect(registry.render().contains(#"viva_x_total{agent="a\"} 9"# + "\r" + #"\nb\\"} 1"#))
  }

  @Test func `label sets above the limit share one series`() {
    for index in 0..<10 {
      registry.counter("viva_x_total", help: "X.", labels: ["agent": "\(index)"]).increment()
    }
    let lines = registry.render().split(separator: "\n").filter { !$0.hasPrefix("#") }
    #expect(
      lines == [
        #"viva_x_total{agent="0"} 1"#, #"viva_x_total{agent="1"} 1"#, #"viva_x_total{agent="2"} 1"#,
        #"viva_x_total{agent="other"} 7"#,
      ])
  }

  @Test func `nothing is lost when many threads count at once`() async {
    let perTask = 10_000
    await withTaskGroup { group in
      for task in 0..<8 {
        group.addTask { [registry] in
          for step in 0..<perTask {
            registry.counter("viva_x_total", help: "X.", labels: ["half": "\(task % 2)"]).increment()
            registry.gauge("viva_level", help: "Level.").increment(by: step.isMultiple(of: 2) ? 3 : -1)
            registry.histogram("viva_wait_seconds", help: "Waits.").observe(seconds: 0.25)
          }
        }
      }
    }
    for half in ["0", "1"] {
      #expect(registry.counter("viva_x_total", help: "", labels: ["half": half]).value == UInt64(4 * perTask))
    }
    #expect(registry.gauge("viva_level", help: "").value == Double(8 * perTask))
    let snapshot = registry.histogram("viva_wait_seconds", help: "").snapshot
    #expect(snapshot.count == UInt64(8 * perTask))
    #expect(snapshot.sum == 0.25 * Double(8 * perTask))
  }

  @Test func `names follow Prometheus' rules`() {
    #expect(PrometheusText.isMetricName("viva:turns_total2"))
    #expect(!PrometheusText.isMetricName("2turns"))
    #expect(!PrometheusText.isMetricName(""))
    #expect(!PrometheusText.isLabelName("a:b"))
    #expect(!PrometheusText.isLabelName("größe"))
  }

  @Test func `special numbers have their Prometheus names`() {
    #expect(
      [.nan, .infinity, -.infinity, 3, 1e300].map(PrometheusText.number)
        == ["NaN", "+Inf", "-Inf", "3", "1e+300"])
  }
}
