/// A house rule over one file, carrying the examples that prove it can fail and can pass.
struct Rule: Sendable, CustomStringConvertible {
  let name: String
  let examples: [Example]
  let check: @Sendable (SourceFile) -> [Finding]

  /// A snippet the rule must catch and one it must let through, both standing at `path`.
  struct Example: Sendable {
    let path: String
    let caught: String
    let passes: String
  }

  var description: String { name }

  /// What the rule finds in `file`, less what `exemptions` excuse.
  func findings(in file: SourceFile, exemptions: [Exemption] = Exemption.table) -> [Finding] {
    check(file).filter { finding in !exemptions.contains { $0.covers(finding) } }
  }

  static let all: [Rule] =
    BannedCall.rules + [
      .imports, .testImports,
      .lineLength, .fileLength, .functionLength,
      .documentedTypes, .fileHeader, .openRemarks,
      .oneTitle, .relativeLinks,
    ]
}
