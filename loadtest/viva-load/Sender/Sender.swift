import ArgumentParser
import Foundation
import Media

struct Sender: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Send a tone to a WebRTC client; jump, change the SSRC, or be killed and go on: what a receiver makes of it.",
    discussion: """
      Answers an offer on 127.0.0.1 and sends a tone as Opus every 20 ms. Each line of its output is a JSON object. Each \
      line of its input is an order:

        jump STEPS HERTZ   skip so many RTP and RTCP indices, 0 to 10000, as after a restart, and send another tone
        ssrc HERTZ         go on with another SSRC, and another tone
        figures            tell what came so far
        stop               end the call; so does the end of the input

      With --keep it may be killed in any way, and another one goes on with --resume, at the end of the reserved indices.
      """)

  @Option(help: "A file with the client's SDP offer.")
  var offer: String?
  @Option(help: "Go on where the process stopped that kept this file, and keep it.")
  var resume: String?
  @Option(
    help: "Keep what another process needs to go on. The call's keys and passwords are in it, in clear: for tests only."
  )
  var keep: String?
  @Option(help: "The first tone, in Hz (\(Tone.hertz.lowerBound) to \(Tone.hertz.upperBound)).")
  var tone = 440
  @Option(help: "The first sequence number (0 to 65535); random otherwise.")
  var first: UInt16?

  func validate() throws {
    guard (offer == nil) != (resume == nil) else { throw ValidationError("Give either --offer or --resume.") }
    guard resume == nil || (keep == nil && first == nil) else {
      throw ValidationError("--keep and --first go with --offer.")
    }
    guard Tone.hertz.contains(tone) else { throw ValidationError("That is no --tone to be heard.") }
  }

  func run() throws {
    // The file with the keys is for its owner's eyes only.
    umask(0o077)
    let tone = try Tone(hertz: tone)
    if let resume {
      let kept = try SenderRecord(from: resume)
      try SenderCall(resuming: kept, in: resume, tone).run()
    } else {
      let offer = try String(contentsOfFile: offer ?? "", encoding: .utf8)
      try SenderCall(answering: offer, keptIn: keep, tone, first: first).run()
    }
  }
}
