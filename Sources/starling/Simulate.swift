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
      same run, shown by the trace hash. The exit code is 1 when an expectation fails.

      EXAMPLE
        starling simulate Topologies/kitchen-table.json
        starling simulate Topologies/crowd-of-100.json --seed 7 --runs 20
        starling simulate Topologies/split-country.json --json
      """)

  @Argument(help: "The topology file.")
  var file: String
  @Option(help: "Instead of the seed in the file.")
  var seed: UInt64?
  @Option(help: "Runs with seeds counted up from there.")
  var runs = 1
  @Flag(help: "As JSON, one line a run.")
  var json = false
  @Flag(help: "Say what happens, on standard error.")
  var trace = false

  func validate() throws {
    guard (1...1_000_000).contains(runs) else { throw ValidationError("At least one run.") }
  }

  func run() throws {
    let topology = try Self.read(file)
    let first = seed ?? topology.seed
    var failed = 0
    for seed in first..<first + UInt64(runs) {
      let clock = ContinuousClock()
      let start = clock.now
      let say: ((String) -> Void)? = trace ? { Terminal.complain($0) } : nil
      let world: World
      do { world = try World(topology, seed: seed, say: say) } catch {
        throw Failure(.failed, "Memory for the secrets of so many nodes cannot be had.")
      }
      let report = world.run()
      let taken =
        Double((clock.now - start).components.attoseconds) / 1e18
        + Double((clock.now - start).components.seconds)
      json ? Terminal.say(report.json) : show(report, taken)
      guard !report.failures.isEmpty else { continue }
      failed += 1
      complain(report)
    }
    if failed * 1_000 > topology.failuresAllowed * runs {
      throw Failure(.failed, "\(failed) of \(runs) runs missed an expectation.")
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
    let speed = Int(Double(report.events) / max(seconds, 0.001))
    Terminal.say(
      """
      \(report.name), seed \(report.seed): \(report.nodes) nodes, \
      \(Report.number(report.virtualSeconds)) s in \(StatusCommand.decimal(seconds)) s, \
      \(report.events) events (\(speed) a second), trace \(report.hashText)
      """)
    let rows = report.values.map { ["  " + $0.measure.rawValue, Report.number($0.value)] }
    Terminal.say(Terminal.table(rows))
    let notes = report.notes.map { "\($0.name) \($0.count)" }.joined(separator: ", ")
    Terminal.say("  (\(notes))")
    for line in report.worst { Terminal.say("  \(line)") }
  }

  private func complain(_ report: Report) {
    for failure in report.failures {
      let value = report[failure.measure].map(Report.number) ?? "not measured"
      Terminal.complain("seed \(report.seed): expected \(failure.text), was \(value)")
    }
    Terminal.complain("  last, at \(report.last)")
    Terminal.complain("  again: starling simulate \(file) --seed \(report.seed) --trace")
  }
}
