import ArgumentParser
import Forwarding
import Glibc
import Node
import Wire

/// `starling forward`: a router's port, for as long as it runs.
///
/// A process of its own also when the node wants it: what answers on a cable is read by libraries
/// in C, and here are no keys.
struct ForwardCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forward", abstract: "Ask the router to forward a UDP port, and keep it so.",
    discussion: """
      In NAT-PMP, then in UPnP. It asks again in time, and takes the port back when it ends. The \
      node does this by itself with: starling up --forward

      EXAMPLE
        starling forward --port 4001
      """)

  @Option(help: "UDP port of this machine.")
  var port: UInt16
  @Flag(help: "A line of JSON for each change.")
  var json = false
  @Flag(help: .hidden)
  var stopWithStdin = false

  func run() throws {
    guard port > 0 else { throw Failure(.usage, "Port 0 cannot be forwarded.") }
    let signals = try StopSignals()
    let stops = [signals.raw] + (stopWithStdin ? [STDIN_FILENO] : [])
    var routers: [any ForwardingRouter] = [NATPMPRouter(), UPnPRouter()]
    var latest: ForwardReport?
    var forward: Forward?
    repeat {
      forward = ask(&routers, latest: &latest)
    } while !Self.isToStop(stops, after: Self.pause(forward))
    if let forward { routers[0].takeBack(forward, port: port) }
  }

  /// Whoever does it comes first, and is asked first the next time.
  private func ask(
    _ routers: inout [any ForwardingRouter], latest: inout ForwardReport?
  ) -> Forward? {
    var problem = ForwardingProblem.silent
    for index in routers.indices {
      do throws(ForwardingProblem) {
        let forward = try routers[index].forward(port)
        routers.swapAt(0, index)
        tell(ForwardReport(forward), latest: &latest)
        return forward
      } catch {
        if error != .silent { problem = error }
      }
    }
    tell(ForwardReport(problem), latest: &latest)
    return nil
  }

  private func tell(_ report: ForwardReport, latest: inout ForwardReport?) {
    guard report != latest else { return }
    latest = report
    json ? Terminal.say(json: report) : Terminal.say(report.sentence)
  }

  /// Half of what was given, for a question may be lost (RFC 6886 §3.7); what a router does until
  /// it is taken back is looked after as well, for routers are restarted.
  private static func pause(_ forward: Forward?) -> Int32 {
    guard let forward else { return pauseInVain }
    let given = forward.seconds == 0 ? Forward.seconds : forward.seconds
    return Int32(clamping: max(pauseLeast, given / 2))
  }

  private static func isToStop(_ descriptors: [Int32], after seconds: Int32) -> Bool {
    var wanted = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    var left = seconds
    while left > 0 {
      let step = min(left, 3_600)
      if poll(&wanted, nfds_t(wanted.count), step * 1_000) != 0 { return true }
      left -= step
    }
    return false
  }

  /// Seconds until a router that did nothing is asked again: somebody may change its settings.
  private static let pauseInVain: Int32 = 300
  private static let pauseLeast: UInt32 = 30
}

/// One line of `starling forward --json`.
struct ForwardReport: Codable, Hashable {
  /// Where others reach the port; missing when it is not forwarded.
  var outside: String?
  var language: Forward.Language?
  var problem: ForwardingProblem?

  init(_ forward: Forward) {
    outside = forward.outside.text
    language = forward.language
  }

  init(_ problem: ForwardingProblem) { self.problem = problem }

  var sentence: String {
    if let outside { return "The router forwards \(outside) to this machine." }
    return switch problem {
    case .refused: "The router does not want to forward the port."
    case .behindAnother:
      "The router has no address of the Internet: another, perhaps your provider's, is in front."
    case .silent, nil: "No router answers that it could be asked."
    }
  }
}
