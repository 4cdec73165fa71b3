import Scheduling

extension GPUPool {
  /// Mixed devices with one LLM instance each.
  public static func simulated(devices: Int, slots: Int) -> GPUPool {
    let devices = (0..<devices).map { number in
      Device(name: "gpu-\(number)", instances: [Instance(name: "llm-\(number)", kind: .llm, slots: slots)])
    }
    do { return try GPUPool(devices: devices) } catch { fatalError("\(error)") }
  }
}
