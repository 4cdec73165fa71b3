/// The devices that workers run on, and what becomes of a call that finds no slot.
public struct PoolSettings: Sendable, Equatable {
  /// What a device is for.
  public enum Role: String, Sendable, CaseIterable {
    /// Live calls, and what is prepared for them.
    case realTime = "real-time"
    case mixed
    /// Batch jobs; live calls only while no other device is healthy.
    case batch
  }

  public struct Device: Sendable, Equatable {
    public var name: String
    public var role = Role.mixed
    /// In MiB; nil: not counted.
    public var memory: Int?

    public init(name: String) {
      self.name = name
    }
  }

  public var devices: [Device] = []
  /// Whether a live call takes the slot of a batch job.
  public var preemption = true

  public init() {}
}
