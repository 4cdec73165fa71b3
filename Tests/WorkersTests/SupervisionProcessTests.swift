import CLinux
import VivaConfiguration
import FoundationEssentials
import Glibc
import Synchronization
import Testing

@testable import Workers

@Suite struct SupervisionProcessTests {
  typealias Bench = SupervisionBench

  @Test func `workers get ready, are warmed once, and are gone after stop`() async throws {
    let warmed = Mutex<[String]>([])
    let bench = try Bench(
      ["asr", "tts"].map { Bench.shell($0, "echo hello from \($0); exec sleep 1000") },
      warmUp: { name in warmed.withLock { $0.append(name) } })
    try bench.supervisor.start()
    var progress: [WorkerStateChange] = []
    try await bench.supervisor.waitUntilReady { progress.append($0) }
    #expect(warmed.withLock { $0.sorted() } == ["asr", "tts"])
    #expect(progress.contains { $0.name == "asr" && $0.to == .ready })
    #expect(try bench.log("tts") == "hello from tts\n")
    let pids = bench.supervisor.snapshot().compactMap(\.pid)
    #expect(pids.count == 2 && pids.allSatisfy(Bench.isAlive))

    try await bench.end()
    #expect(!pids.contains(where: Bench.isAlive))
    #expect(bench.supervisor.snapshot().allSatisfy { $0.phase == .stopped && $0.pid == nil })
    #expect(
      bench.changes.all.filter { $0.name == "asr" }.map(\.to) == [
        .starting, .warming, .ready, .stopping, .stopped,
      ])
  }

  @Test func `a killed worker comes back with a new process, and so do its log lines`() async throws {
    let bench = try Bench([Bench.shell("asr", "echo up; exec sleep 1000")])
    try bench.supervisor.start()
    try await bench.supervisor.waitUntilReady()
    for failures in 1...2 {
      let pid = try #require(bench.supervisor.snapshot()[0].pid)
      kill(pid, SIGKILL)
      #expect(try await Bench.eventually { bench.supervisor.snapshot()[0].failures == failures })
      try await bench.supervisor.waitUntilReady()
      #expect(bench.supervisor.snapshot()[0].pid != pid)
    }
    let failure = try #require(bench.changes.all.first { $0.to == .backoff })
    #expect(failure.detail?.hasPrefix("was ended by signal 9; the end of ") == true)
    #expect(failure.detail?.hasSuffix(":\n  up") == true)
    #expect(try bench.log("asr") == "up\nup\nup\n")
    try await bench.end()
  }

  @Test func `children of a worker die with it`() async throws {
    let bench = try Bench([
      Bench.shell("tts", "trap '' TERM; sleep 1000 & echo $!; wait; wait")
    ])
    try bench.supervisor.start()
    try await bench.supervisor.waitUntilReady()
    #expect(try await Bench.eventually { try bench.log("tts").hasSuffix("\n") })
    let leader = try #require(bench.supervisor.snapshot()[0].pid)
    let child = try #require(pid_t(try bench.log("tts").split(separator: "\n")[0]))
    #expect(Bench.isAlive(child))

    kill(leader, SIGKILL)
    #expect(try await Bench.eventually { !Bench.isAlive(child) })

    try await bench.supervisor.waitUntilReady()
    #expect(try await Bench.eventually { try bench.log("tts").split(separator: "\n").count == 2 })
    let next = try #require(pid_t(try bench.log("tts").split(separator: "\n")[1]))
    try await bench.end()
    #expect(!Bench.isAlive(next))
  }

  @Test func `a worker that ignores the request to end is killed`() async throws {
    let bench = try Bench([
      Bench.shell("asr", "trap '' TERM; while :; do sleep 0.2; done")
    ])
    try bench.supervisor.start()
    try await bench.supervisor.waitUntilReady()
    let pid = try #require(bench.supervisor.snapshot()[0].pid)
    try await bench.end()
    #expect(!Bench.isAlive(pid))
  }

  @Test func `a halted worker ends with the others, and says so until it goes on`() async throws {
    let bench = try Bench(["asr", "tts"].map { Bench.shell($0, "while :; do sleep 0.1; done") })
    #expect(!bench.supervisor.send(.kill, to: "asr"))
    try bench.supervisor.start()
    try await bench.supervisor.waitUntilReady()
    let pids = bench.supervisor.snapshot().compactMap(\.pid)
    #expect(!bench.supervisor.send(.halt, to: "llm"))
    for name in ["asr", "tts"] { #expect(bench.supervisor.send(.halt, to: name)) }
    #expect(try await Bench.eventually { pids.allSatisfy(Bench.isHalted) })
    #expect(bench.supervisor.snapshot().map(\.isHalted) == [true, true])
    #expect(bench.supervisor.send(.resume, to: "asr"))
    #expect(try await Bench.eventually { !Bench.isHalted(pids[0]) })
    #expect(bench.supervisor.snapshot().map(\.isHalted) == [false, true])

    try await bench.end()
    #expect(!pids.contains(where: Bench.isAlive))
  }

  @Test func `a worker that is killed on purpose comes back, halted or not`() async throws {
    let bench = try Bench([Bench.shell("asr", "exec sleep 1000")])
    try bench.supervisor.start()
    try await bench.supervisor.waitUntilReady()
    let pid = try #require(bench.supervisor.snapshot()[0].pid)
    #expect(bench.supervisor.send(.halt, to: "asr"))
    #expect(bench.supervisor.send(.kill, to: "asr"))
    #expect(try await Bench.eventually { bench.supervisor.snapshot()[0].failures == 1 })
    try await bench.supervisor.waitUntilReady()
    let status = bench.supervisor.snapshot()[0]
    #expect(status.pid != pid && !status.isHalted)
    try await bench.end()
  }

  @Test func `a command that cannot be run is named, and tried again`() async throws {
    var worker = SupervisedWorker(
      name: "llm", process: ProcessSettings(command: ["./no-such-program", "x"]))
    worker.workingDirectory = "/"
    let bench = try Bench([worker])
    try bench.supervisor.start()
    let error = await #expect(throws: WorkerStartError.self) {
      try await bench.supervisor.waitUntilReady(attempts: 2)
    }
    #expect(
      error?.description
        == "worker llm: cannot run ./no-such-program in /: No such file or directory")
    #expect(try await Bench.eventually { bench.supervisor.snapshot()[0].failures > 2 })
    try await bench.end()
  }

  @Test func `a worker that exits at once is reported with its last words`() async throws {
    let bench = try Bench([
      Bench.shell("asr", "echo no model here >&2; exit 3")
    ])
    try bench.supervisor.start()
    let error = await #expect(throws: WorkerStartError.self) {
      try await bench.supervisor.waitUntilReady(attempts: 2)
    }
    #expect(error?.detail.hasPrefix("exited with status 3") == true)
    #expect(error?.detail.hasSuffix("\n  no model here") == true)
    try await bench.end()
  }

  @Test func `a foreign listener on the worker's port is named, and waited for`() async throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let port = withUnsafeMutableBytes(of: &address) { bytes in
      let generic = bytes.assumingMemoryBound(to: sockaddr.self).baseAddress
      bind(listener, generic, length)
      listen(listener, 1)
      getsockname(listener, generic, &length)
      return Int(bytes.load(as: sockaddr_in.self).sin_port.bigEndian)
    }
    var provider = ProviderSettings(name: "asr", wireProtocol: .wyoming, url: "tcp://127.0.0.1:\(port)")
    provider.process = ProcessSettings(command: ["/bin/sh", "-c", "exec sleep 1000"])
    let worker = try #require(SupervisedWorker(provider, workingDirectory: nil))
    let bench = try Bench([worker])
    try bench.supervisor.start()
    let error = await #expect(throws: WorkerStartError.self) {
      try await bench.supervisor.waitUntilReady(attempts: 1)
    }
    #expect(error?.detail.hasPrefix("another process already listens on 127.0.0.1:\(port)") == true)

    close(listener)
    try await bench.supervisor.waitUntilReady(attempts: 100)
    try await bench.end()
  }

  @Test func `a worker may wait for those before it`() async throws {
    var second = Bench.shell("second", "exec sleep 1000")
    second.waitsForPrevious = true
    let bench = try Bench([Bench.shell("first", "exec sleep 1000"), second])
    try bench.supervisor.start()
    try await bench.supervisor.waitUntilReady()
    let order = bench.changes.all.map { "\($0.name) \($0.to)" }
    let ready = try #require(order.firstIndex(of: "first ready"))
    let start = try #require(order.firstIndex(of: "second starting"))
    #expect(ready < start)
    try await bench.end()
  }

  @Test func `the worker sees its environment, no input and no descriptor of ours`() async throws {
    // Without CLOEXEC, so that only the spawn can have closed it.
    let leak = open("/dev/null", O_RDONLY)
    defer { close(leak) }
    var worker = SupervisedWorker(
      name: "asr",
      process: ProcessSettings(command: [
        "python3", "-c",
        """
        import os, signal, sys, time
        print(os.environ["VIVA_TEST"], "PATH" in os.environ, os.getcwd(), repr(sys.stdin.read()))
        print(sorted(int(f) for f in os.listdir("/proc/self/fd"))[:3], os.path.exists("/proc/self/fd/\(leak)"))
        print(os.getpgrp() == os.getpid(), signal.pthread_sigmask(signal.SIG_BLOCK, []), flush=True)
        time.sleep(1000)
        """,
      ]))
    worker.process.environment = ["VIVA_TEST": "a b"]
    worker.workingDirectory = "/usr"
    let bench = try Bench([worker])
    try bench.supervisor.start()
    #expect(try await Bench.eventually { try bench.log("asr").split(separator: "\n").count == 3 })
    #expect(try bench.log("asr") == "a b True /usr ''\n[0, 1, 2] False\nTrue set()\n")
    try await bench.end()
  }

  @Test func `a worker dies with the thread that started it`() async throws {
    final class Spawned { var pid: pid_t = 0 }
    let spawned = Spawned()
    var thread = pthread_t()
    let failure = pthread_create(
      &thread, nil,
      { raw in
        guard let raw else { return nil }
        let child = try? ChildProcess(Bench.shell("asr", "exec sleep 1000"), output: 2)
        Unmanaged<Spawned>.fromOpaque(raw).takeUnretainedValue().pid = child?.pid ?? 0
        return nil
      }, Unmanaged.passUnretained(spawned).toOpaque())
    try #require(failure == 0)
    pthread_join(thread, nil)

    let child = spawned.pid
    try #require(child > 0)
    var end = viva_exit()
    #expect(try await Bench.eventually { viva_reap(child, &end) == 1 })
    #expect(end.signal == SIGKILL)
  }

  @Test func `stop before start, twice, and without workers returns`() async throws {
    let bench = try Bench([])
    try bench.supervisor.start()
    try await bench.supervisor.waitUntilReady()
    await bench.supervisor.stop()
    try await bench.end()

    let never = try Bench([Bench.shell("asr", "exec sleep 1000")])
    await never.supervisor.stop()
    try never.supervisor.start()
    await #expect(throws: CancellationError.self) { try await never.supervisor.waitUntilReady() }
    #expect(never.changes.all.isEmpty)
    try await never.end()
  }

  @Test func `a log that cannot be made is an error that names it`() {
    let supervisor = ProcessSupervisor(
      workers: [Bench.shell("asr", "true")], logDirectory: "/no/such/folder",
      probe: { _ in true })
    let error = #expect(throws: WorkerStartError.self) { try supervisor.start() }
    #expect(
      error?.detail == "cannot write its log /no/such/folder/asr.log: No such file or directory")
  }
}
