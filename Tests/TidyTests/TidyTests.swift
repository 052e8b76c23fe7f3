import Testing

/// The house rules, held against every file of the repository and against their own examples.
@Suite
struct TidyTests {
  @Test(arguments: Rule.all)
  func everyFileKeepsTheRule(_ rule: Rule) {
    let findings = Repository.here.files.flatMap { rule.findings(in: $0) }
    let report = findings.map(\.description).joined(separator: "\n")
    #expect(findings.isEmpty, "\(report)")
  }

  @Test(arguments: Rule.all)
  func theRuleCatchesItsBadExamplesAndPassesItsGoodOnes(_ rule: Rule) {
    #expect(!rule.examples.isEmpty)
    for example in rule.examples {
      let bad = rule.check(SourceFile(path: example.path, text: example.caught))
      #expect(!bad.isEmpty, "let through: \(example.caught)")
      #expect(bad.allSatisfy { $0.rule == rule.name && $0.line > 0 && !$0.replacement.isEmpty })
      let good = rule.check(SourceFile(path: example.path, text: example.passes))
      #expect(good.isEmpty, "caught: \(example.passes): \(good)")
    }
  }

  @Test func theRepositoryIsFoundAndRead() {
    let paths = Repository.here.files.map(\.path)
    #expect(paths.contains("Package.swift"))
    #expect(paths.contains("Tests/TidyTests/TidyTests.swift"))
    #expect(paths.contains { $0.hasPrefix("Sources/Wire/") })
    #expect(!paths.contains { $0.hasPrefix(".build") })
  }

  @Test func ruleNamesAreUnique() {
    let names = Rule.all.map(\.name)
    #expect(names.sorted() == Array(Set(names)).sorted())
  }

  @Test func everyTargetHasAnImportRow() {
    let targets = Set(Repository.here.files.filter(\.isSwift).compactMap(\.target))
    #expect(targets.isSubset(of: ImportRow.table.map(\.target)))
  }

  @Test func everyAllowedImportAndExemptionSaysWhy() {
    for row in ImportRow.table {
      #expect(row.allowed.values.allSatisfy { !$0.isEmpty })
    }
    for exemption in Exemption.table {
      #expect(!exemption.reason.isEmpty)
    }
  }

  @Test func everyExemptionIsStillNeeded() {
    for exemption in Exemption.table {
      let rules = Rule.all.filter { $0.name == exemption.rule }
      let files = Repository.here.files.filter { $0.path == exemption.path }
      let findings = files.flatMap { file in rules.flatMap { $0.check(file) } }
      #expect(findings.contains(where: exemption.covers), "drop \(exemption) from the table")
    }
  }

  @Test func anExemptionExcusesOneRuleInOneFile() {
    let text = "/// A.\nlet a = fatalError()\nlet b = c as! D\n"
    let exemption = Exemption(
      rule: "force-cast", path: "Sources/Mesh/A.swift", about: "as!", reason: "for this test")
    let excused = SourceFile(path: "Sources/Mesh/A.swift", text: text)
    let other = SourceFile(path: "Sources/Mesh/B.swift", text: text)
    func rules(_ file: SourceFile) -> [String] {
      Rule.all.flatMap { $0.findings(in: file, exemptions: [exemption]) }.map(\.rule)
    }
    #expect(rules(excused) == ["fatal-error"])
    #expect(rules(other) == ["fatal-error", "force-cast"])
  }

  @Test func aFindingNamesFileLineRuleAndReplacement() {
    let file = SourceFile(path: "Sources/Mesh/A.swift", text: "// A.\nlet a = Int.random(in: r)\n")
    let findings = Rule.all.flatMap { $0.check(file) }
    #expect(
      findings.map(\.description) == [
        "Sources/Mesh/A.swift:2: random: `.random(` in Mesh; draw from the participant's own Dice"
      ])
  }
}
