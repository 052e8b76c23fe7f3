import ArgumentParser
import Glibc
import Node
import Simulator

/// `starling simulate`: the same participants in virtual time.
struct Simulate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a topology in virtual time and hold it against its expectations.",
    discussion: """
      A topology is a JSON file that describes a world: nodes, network, who speaks, what goes \
      wrong, and what must come of it. Topologies/README.md documents it. The same seed gives the \
      same run, shown by the trace hash. The exit code is 1 when an expectation fails or a rule \
      that always holds is broken.

      With --storm there is no file: who is there and what goes wrong come from the seed, and \
      afterwards, in the calm, everybody must be served again.

      EXAMPLE
        starling simulate Topologies/kitchen-table.json
        starling simulate Topologies/crowd-of-100.json --seed 7 --runs 20
        starling simulate Topologies/split-country.json --json
        starling simulate --storm --runs 100
      """)

  @Argument(help: "The topology file.")
  var file: String?
  @Flag(help: "A world made up from the seed instead of a file.")
  var storm = false
  @Option(help: "Instead of the seed in the file.")
  var seed: UInt64?
  @Option(help: "Runs with seeds counted up from there.")
  var runs = 1
  @Option(help: "Look at a participant after every so many steps; 0 never. (default: by size)")
  var checkEvery: Int?
  @Flag(help: "As JSON, one line a run.")
  var json = false
  @Flag(help: "Say what happens, on standard error.")
  var trace = false

  func validate() throws {
    guard (1...1_000_000).contains(runs) else { throw ValidationError("At least one run.") }
    guard storm == (file == nil) else {
      throw ValidationError("Name a topology file, or say --storm.")
    }
    guard (0...1_000_000).contains(checkEvery ?? 0) else {
      throw ValidationError("--check-every takes a number of steps, or 0.")
    }
  }

  func run() throws {
    let given = try file.map(Self.read)
    let first = seed ?? given?.seed ?? 1
    var failed = 0
    for seed in first..<first + UInt64(runs) {
      let topology = given ?? .storm(seed: seed)
      let clock = ContinuousClock()
      let start = clock.now
      let say: ((String) -> Void)? = trace ? { Terminal.complain($0) } : nil
      let world: World
      do {
        world = try World(topology, seed: seed, checkEvery: checkEvery, say: say)
      } catch {
        throw Failure(.failed, "Memory for the secrets of so many nodes cannot be had.")
      }
      let report = world.run()
      let taken =
        Double((clock.now - start).components.attoseconds) / 1e18
        + Double((clock.now - start).components.seconds)
      show(report, taken)
      guard !report.isGood else { continue }
      failed += 1
      complain(report, topology)
    }
    if failed * 1_000 > (given?.failuresAllowed ?? 0) * runs {
      throw Failure(.failed, "\(failed) of \(runs) runs were not as expected.")
    }
  }

  static func read(_ file: String) throws -> Topology {
    let bytes: [UInt8]
    do { bytes = try StoredFile.read(file, limit: 1 << 20) } catch {
      throw Failure(.usage, "\(file) cannot be read: \(error.sentence).")
    }
    do { return try Topology(bytes, file: file) } catch {
      throw Failure(.usage, "\(error.description)")
    }
  }

  private func show(_ report: Report, _ seconds: Double) {
    if json { return Terminal.say(report.json) }
    let speed = Int(Double(report.events) / max(seconds, 0.001))
    Terminal.say(
      """
      \(report.name), seed \(report.seed): \(report.nodes) nodes, \
      \(Report.number(report.virtualSeconds)) s in \(StatusCommand.decimal(seconds)) s, \
      \(report.events) events (\(speed) a second), trace \(report.hashText)
      """)
    // Of many storms only those matter that left something broken.
    guard !storm || runs == 1 else { return }
    let rows = report.values.map { ["  " + $0.measure.rawValue, Report.number($0.value)] }
    Terminal.say(Terminal.table(rows))
    let notes = report.notes.map { "\($0.name) \($0.count)" }.joined(separator: ", ")
    Terminal.say("  (\(notes))")
    for line in report.worst { Terminal.say("  \(line)") }
  }

  private func complain(_ report: Report, _ topology: Topology) {
    for failure in report.failures {
      let value = report[failure.measure].map(Report.number) ?? "not measured"
      Terminal.complain("seed \(report.seed): expected \(failure.text), was \(value)")
    }
    for breach in report.breaches { Terminal.complain("seed \(report.seed), at \(breach)") }
    if storm { Terminal.complain("  \(topology.about)") }
    Terminal.complain("  last, at \(report.last)")
    Terminal.complain(
      "  again: starling simulate \(file ?? "--storm") --seed \(report.seed) --trace")
  }
}
