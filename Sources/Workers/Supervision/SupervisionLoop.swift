import CLinux
import Glibc
import Runtime

/// Carries out what the state of each worker asks for. Lives on one thread, which must outlive the
/// processes: they are killed when it ends.
final class SupervisionLoop {
  private final class Slot {
    let worker: SupervisedWorker
    let log: WorkerLog
    var state: SupervisedProcessState
    var child: ChildProcess?
    /// The probe or warm-up under way.
    var check: Task<Void, Never>?
    var wasReady = false

    init(worker: SupervisedWorker, log: WorkerLog) {
      self.worker = worker
      self.log = log
      state = SupervisedProcessState(readyTimeout: .seconds(worker.process.readyTimeoutSeconds))
    }
  }

  private let slots: [Slot]
  private let mailbox: SupervisionMailbox
  private let probe: ProcessSupervisor.Probe
  private let warmUp: ProcessSupervisor.WarmUp
  private let report: @Sendable (_ worker: Int, WorkerStateChange, _ failures: Int) -> Void
  private let epoll: Int32
  private var stopping = false

  init(
    workers: [(SupervisedWorker, WorkerLog)], mailbox: SupervisionMailbox,
    probe: @escaping ProcessSupervisor.Probe, warmUp: @escaping ProcessSupervisor.WarmUp,
    report: @escaping @Sendable (_ worker: Int, WorkerStateChange, _ failures: Int) -> Void
  ) {
    slots = workers.map { Slot(worker: $0, log: $1) }
    self.mailbox = mailbox
    self.probe = probe
    self.warmUp = warmUp
    self.report = report
    epoll = viva_epoll_new()
    guard epoll >= 0, viva_epoll_add(epoll, mailbox.descriptor, UInt32(VIVA_EPOLLIN), .max) == 0 else {
      fatalError("the supervisor needs an epoll descriptor: errno \(-epoll)")
    }
  }

  deinit {
    close(epoll)
  }

  /// Returns when all workers have been stopped.
  func run() {
    while true {
      startThoseWhoseTurnItIs()
      if slots.allSatisfy({ $0.state.phase == .stopped }) { return }
      waitForEvents()
      for message in mailbox.takeAll() {
        switch message {
        case .event(let event, let worker): handle(event, worker)
        case .signal(let signal, let worker): slots[worker].child?.signalGroup(signal)
        case .stop:
          stopping = true
          for worker in slots.indices { handle(.stop, worker) }
        }
      }
      let now = Instant.now
      for (worker, slot) in slots.enumerated() {
        if let deadline = slot.state.nextDeadline, deadline <= now { handle(.timeout, worker) }
      }
    }
  }

  private func startThoseWhoseTurnItIs() {
    var allReady = true
    for (worker, slot) in slots.enumerated() {
      if slot.state.phase == .waiting, !slot.worker.waitsForPrevious || allReady { handle(.start, worker) }
      allReady = allReady && slot.wasReady
    }
  }

  private func waitForEvents() {
    var events = [viva_event](repeating: viva_event(), count: 16)
    let count = viva_epoll_wait(epoll, &events, Int32(events.count), millisecondsToNextDeadline())
    for event in events.prefix(Int(max(0, count))) where event.tag < UInt64(slots.count) {
      childEnded(Int(event.tag))
    }
  }

  private func millisecondsToNextDeadline() -> Int32 {
    guard let deadline = slots.compactMap(\.state.nextDeadline).min() else { return -1 }
    // Rounded up: waking early would only spin.
    return Int32(clamping: max(0, (deadline - .now).milliseconds + 1))
  }

  private func handle(_ event: SupervisedProcessState.Event, _ worker: Int) {
    for action in slots[worker].state.handle(event, now: .now) { perform(action, worker) }
  }

  private func perform(_ action: SupervisedProcessState.Action, _ worker: Int) {
    let slot = slots[worker]
    switch action {
    case .spawn:
      spawn(worker)
    case .signal(let signal):
      slot.child?.signalGroup(signal)
    case .probe(let ticket):
      slot.log.bound()
      slot.check?.cancel()
      slot.check = Task { [name = slot.worker.name, probe, mailbox] in
        let answered = await probe(name)
        mailbox.post(.event(.probed(ticket: ticket, answered: answered), worker: worker))
      }
    case .warmUp(let ticket):
      slot.check?.cancel()
      slot.check = Task { [name = slot.worker.name, warmUp, mailbox] in
        var failure: String?
        do { try await warmUp(name) } catch { failure = "\(error)" }
        mailbox.post(.event(.warmed(ticket: ticket, failure: failure), worker: worker))
      }
    case .report(let from, let to, let detail):
      if to == .ready { slot.wasReady = true }
      if to == .backoff || to == .stopping { slot.check?.cancel() }
      let change = WorkerStateChange(
        name: slot.worker.name, from: from, to: to, pid: slot.child?.pid,
        detail: detail.map { withLastLines($0, slot.log) })
      report(worker, change, slot.state.failures)
    }
  }

  private func spawn(_ worker: Int) {
    let slot = slots[worker]
    slot.log.markBeginning()
    do throws(ChildProcess.SpawnError) {
      if let endpoint = slot.worker.endpoint, endpoint.isTaken {
        throw ChildProcess.SpawnError(
          description: "another process already listens on \(endpoint); stop it or choose another port")
      }
      let child = try ChildProcess(slot.worker, output: slot.log.fileDescriptor)
      slot.child = child
      _ = viva_epoll_add(epoll, child.descriptor, UInt32(VIVA_EPOLLIN), UInt64(worker))
      handle(.spawned, worker)
    } catch {
      // Not at once: the change to `.starting` is still to be reported.
      mailbox.post(.event(.spawnFailed(error.description), worker: worker))
    }
  }

  private func childEnded(_ worker: Int) {
    guard let child = slots[worker].child else { return }
    slots[worker].child = nil
    handle(.exited(child.reap()), worker)
  }

  private func withLastLines(_ detail: String, _ log: WorkerLog) -> String {
    let lines = log.lastLines()
    if lines.isEmpty { return detail }
    return "\(detail); the end of \(log.path):\n" + lines.map { "  \($0)" }.joined(separator: "\n")
  }
}
