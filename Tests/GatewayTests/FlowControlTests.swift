import Testing

@testable import Gateway

@Suite("Flow control of a client's messages")
struct FlowControlTests {
  @Test("rests above a number of bytes and goes on below another")
  func bytes() {
    var flow = FlowControl()
    #expect(flow.took(FlowControl.highBytes) == false)
    #expect(flow.took(1) == true)
    #expect(flow.took(1) == false, "it rests already")
    #expect(flow.handled(1) == false)
    #expect(flow.handled(FlowControl.highBytes) == true)
    #expect(flow.isPaused == false)
  }

  @Test("counts empty messages, too")
  func messages() {
    var flow = FlowControl()
    let pauses = (0..<1000).map { _ in flow.took(0) }
    #expect(pauses.firstIndex(of: true) == FlowControl.highMessages)
    #expect(pauses.count { $0 } == 1)
    let resumes = (0..<1000).map { _ in flow.handled(0) }
    #expect(resumes.firstIndex(of: true) == 1000 - FlowControl.lowMessages)
    #expect(resumes.count { $0 } == 1)
  }
}
