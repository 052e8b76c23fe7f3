/// A file that may break one rule, and why.
///
/// An exemption nobody needs any more is a finding too.
struct Exemption: Sendable {
  let rule: String
  let path: String
  /// Part of the finding's message, where the file is excused for one thing only.
  var about = ""
  let reason: String

  static let table = [
    Exemption(
      rule: "set", path: "Sources/Mesh/Links/HelloMemory.swift",
      reason: "asked for membership only and never walked, and large")
  ]

  func covers(_ finding: Finding) -> Bool {
    finding.rule == rule && finding.path == path
      && (about.isEmpty || finding.message.contains(about))
  }
}
