/// `checkpoints:`.
struct CheckpointsReader {
  let paths: ConfigurationPaths

  func read(_ section: Section, into checkpoints: inout CheckpointSettings) {
    let allowed = CheckpointSettings.Durability.allCases
    if let durability = section.present("durability")?.choice(of: allowed) { checkpoints.durability = durability }
    section.text("folder", into: &checkpoints.folder)
    section.text("key_file", into: &checkpoints.keyFile)
    let folder = paths.absolute(checkpoints.folder)
    if paths.absolute(checkpoints.keyFile).hasPrefix(folder + "/") {
      section.report("key_file", "lies in the folder that it is to protect: name a file outside \(checkpoints.folder)")
    }
  }
}
