/// `pool:`, the devices that workers with slots run on.
enum PoolReader {
  static func read(_ section: Section, into pool: inout PoolSettings) {
    section.boolean("preemption", into: &pool.preemption)
    for value in section.present("devices")?.list() ?? [] {
      value.section { section in
        guard let name = section.required("name")?.name() else { return }
        if pool.devices.contains(where: { $0.name == name }) {
          section.report("name", "there is already a device \(name)")
        }
        var device = PoolSettings.Device(name: name)
        if let role = section.present("role")?.choice(of: PoolSettings.Role.allCases) { device.role = role }
        section.integer("memory_mb", 1...1_073_741_824, into: &device.memory)
        pool.devices.append(device)
      }
    }
  }
}
