import Foundation

/// A call or type that one floor may not use, with what takes its place.
struct BannedCall: Sendable {
  let name: String
  /// A regular expression over one line of code, as text to be matched by Foundation.
  ///
  /// Its first group, if it has one, is what the finding shows.
  let pattern: String
  let scope: Scope
  let replacement: String
  let caught: String
  let passes: String

  enum Scope: Sendable {
    case everywhere
    case only([String])
    case notIn([String])

    func holds(_ target: String) -> Bool {
      switch self {
      case .everywhere: true
      case .only(let targets): targets.contains(target)
      case .notIn(let targets): !targets.contains(target)
      }
    }

    /// A place where an example of the rule stands.
    var example: String {
      switch self {
      case .everywhere, .notIn: "Sources/Mesh/Example.swift"
      case .only(let targets): "Sources/\(targets[0])/Example.swift"
      }
    }
  }

  static let table = randomness + clocks + order + concurrency + traps + outputs

  static let rules = table.map { call in
    Rule(
      name: call.name,
      examples: [
        Rule.Example(path: call.scope.example, caught: call.caught, passes: call.passes)
      ]
    ) { file in call.check(file) }
  }

  private func check(_ file: SourceFile) -> [Finding] {
    guard let target = file.target, file.isSwift, scope.holds(target) else { return [] }
    return matches(file).map { line, text in
      Finding(
        path: file.path, line: line, rule: name, message: "`\(text)` in \(target)",
        replacement: replacement)
    }
  }

  /// Through Foundation's engine, which takes an eighth of the time that `Regex` does (measured).
  private func matches(_ file: SourceFile) -> [(line: Int, text: String)] {
    let options: NSRegularExpression.Options = [.anchorsMatchLines]
    guard let expression = try? NSRegularExpression(pattern: pattern, options: options) else {
      return [(1, "unreadable pattern")]
    }
    return file.code.enumerated().compactMap { offset, line in
      let whole = NSRange(line.startIndex..., in: line)
      guard let match = expression.firstMatch(in: line, range: whole),
        let range = Range(match.range(at: expression.numberOfCaptureGroups > 0 ? 1 : 0), in: line)
      else { return nil }
      return (offset + 1, String(line[range]))
    }
  }
}

extension BannedCall {
  private static let pure = Scope.only(["Wire", "Mesh", "Simulator"])

  private static let randomness = [
    BannedCall(
      name: "random", pattern: #"\.random\("#, scope: pure,
      replacement: "draw from the participant's own Dice", caught: "let n = Int.random(in: 0..<9)",
      passes: "let n = dice.below(9)"),
    BannedCall(
      name: "shuffled", pattern: #"\.shuffled?\(\s*\)"#, scope: pure,
      replacement: "shuffle with the participant's own Dice",
      caught: "let order = peers.shuffled()",
      passes: "let order = dice.shuffled(peers)"),
    BannedCall(
      name: "random-element", pattern: #"\.randomElement\("#, scope: pure,
      replacement: "index with the participant's own Dice", caught: "peers.randomElement()",
      passes: "peers[dice.below(peers.count)]"),
    BannedCall(
      name: "system-generator", pattern: #"\bSystemRandomNumberGenerator\b"#, scope: pure,
      replacement: "take Dice or Entropy as an argument",
      caught: "var g = SystemRandomNumberGenerator()", passes: "var g = dice"),
  ]

  private static let clocks = [
    BannedCall(
      name: "date", pattern: #"(?:^|\W)(Date(?:\(|\.now))"#, scope: pure,
      replacement: "take the time as an argument", caught: "let now = Date()",
      passes: "func handle(at now: Instant) { lastUpdate(now) }"),
    BannedCall(
      name: "clock",
      pattern: #"\b(?:ContinuousClock|SuspendingClock|clock_gettime|gettimeofday)\b"#,
      scope: pure, replacement: "take an Instant as an argument",
      caught: "let now = ContinuousClock.now", passes: "let later = now + .seconds(1)"),
  ]

  private static let order = [
    BannedCall(
      name: "dictionary-type", pattern: #"\[\s*[A-Z][\w.]*\??\s*:\s*[A-Z\[(][^\]]*\]"#,
      scope: .only(["Mesh"]), replacement: "use OrderedDictionary, or a sorted array",
      caught: "var links = [PeerID: Link]()",
      passes: "var links: OrderedDictionary<PeerID, Link> = [:]"),
    BannedCall(
      name: "dictionary", pattern: #"(?:^|\W)(Dictionary\s*[<(])"#, scope: .only(["Mesh"]),
      replacement: "use OrderedDictionary, or a sorted array",
      caught: "let by = Dictionary(grouping: frames, by: key)",
      passes: "let by = OrderedDictionary(grouping: frames, by: key)"),
    BannedCall(
      name: "set", pattern: #"(?:^|\W)(Set\s*[<(\[])"#, scope: .only(["Mesh"]),
      replacement: "use OrderedSet, or a sorted array", caught: "var seen: Set<UInt32> = []",
      passes: "var seen: OrderedSet<UInt32> = []"),
    BannedCall(
      name: "floating-point", pattern: #"\b(?:Double|Float(?:16|32|64|80)?|CGFloat)\b"#,
      scope: .only(["Mesh"]), replacement: "use integers or Duration",
      caught: "let loss = Double(lost) / Double(sent)",
      passes: "let perMille = lost * 1000 / sent"),
  ]

  private static let concurrency = [
    BannedCall(
      name: "concurrency",
      pattern: #"\b(?:actor\s+[A-Z]|await\b|Task\s*[.{(]|Mutex\s*<|DispatchQueue\b)"#,
      scope: pure, replacement: "stay a plain value; threads belong to Node",
      caught: "Task { await send(frame) }", passes: "effects.send(frame)")
  ]

  private static let traps = [
    BannedCall(
      name: "fatal-error", pattern: #"(?:^|\W)(fatalError\()"#, scope: .everywhere,
      replacement: "throw, drop, or state a precondition about our own caller",
      caught: "default: fatalError()", passes: "default: throw WireError.range"),
    BannedCall(
      name: "force-try", pattern: #"\btry!"#, scope: .everywhere,
      replacement: "throw on, or handle the error", caught: "let a = try! parse(bytes)",
      passes: "let a = try? parse(bytes)"),
    BannedCall(
      name: "force-cast", pattern: #"\bas!"#, scope: .everywhere,
      replacement: "use as? and say what happens otherwise", caught: "let a = value as! Link",
      passes: "guard let a = value as? Link else { return }"),
  ]

  private static let outputs = [
    BannedCall(
      name: "print", pattern: #"(?:^|[^\w.])((?:print|debugPrint|dump)\()"#,
      scope: .notIn(["starling"]), replacement: "append a note effect, or log in Node",
      caught: "print(frame)", passes: "effects.note(.dropped)"),
    BannedCall(
      name: "public", pattern: #"^\s*(?:@\w+\s+)*(?:public|open\s+(?:class|func|var))\s"#,
      scope: .everywhere, replacement: "nobody imports us: use package",
      caught: "public struct Link {}",
      passes: "package struct Link {}"),
  ]
}
