import ArgumentParser
import Node

/// `starling doctor`: who can reach this node.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Say who can reach this node, how, and what to do.",
    discussion: """
      It asks the running node, which knows from its links; nobody else is asked, so it is worth \
      more when there are some.

      EXAMPLE
        starling doctor
        starling doctor --json | jq '.findings[] | select(.state == "poor")'
      """)

  @OptionGroup var node: NodeChoice
  @Flag(help: "As JSON.")
  var json = false

  func run() throws {
    let report = try node.ask(.doctor, for: DoctorReport.self)
    if json { return Terminal.say(json: report) }
    for finding in report.findings {
      Terminal.say("\(Self.mark(finding.state)) \(finding.says)")
      if let advice = finding.advice { Terminal.say("       \(advice)") }
    }
  }

  private static func mark(_ state: DoctorReport.State) -> String {
    switch state {
    case .good: "good  "
    case .fair: "fair  "
    case .poor: "poor  "
    case .unknown: "open  "
    }
  }
}
