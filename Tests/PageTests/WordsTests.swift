import Foundation
import Node
import Testing
import Wire

/// Every language says everything the page says, and nothing else.
struct WordsTests {
  private static let languages = ["en", "uk", "ru", "fa"]
  /// What CLDR tells apart for whole numbers and fractions.
  private static let plurals: [String: Set<String>] = [
    "en": ["one", "other"], "fa": ["one", "other"],
    "uk": ["one", "few", "many", "other"], "ru": ["one", "few", "many", "other"],
  ]

  @Test(arguments: languages)
  func everyLanguageHasTheSameKeys(_ language: String) throws {
    #expect(try Set(words(language).keys) == Set(words("en").keys))
  }

  @Test func everyKeyIsSaidSomewhere() throws {
    let used = try Usage(WebFolder.scripts())
    for key in try words("en").keys.sorted() {
      #expect(used.says(key), "\(key) is never said")
    }
  }

  @Test func everythingSaidHasWords() throws {
    let known = try Set(words("en").keys)
    for key in try Usage(WebFolder.scripts()).literal {
      #expect(known.contains(key), "t('\(key)') has no words")
    }
  }

  @Test(arguments: languages)
  func pluralsHaveTheFormsOfTheirLanguage(_ language: String) throws {
    let english = try words("en")
    for (key, value) in try words(language) {
      guard let forms = value as? [String: String] else {
        #expect(english[key] is String, "\(language): \(key) needs plural forms")
        continue
      }
      #expect(Set(forms.keys) == Self.plurals[language], "\(language): \(key)")
    }
  }

  @Test(arguments: languages)
  func translationsKeepTheirPlaces(_ language: String) throws {
    let english = try words("en")
    for (key, value) in try words(language) {
      // A singular need not say its number.
      #expect(
        places(value, form: "other") == places(english[key], form: "other"),
        "\(language): \(key)")
      #expect(places(value, form: "one").isSubset(of: places(value, form: "other")))
    }
  }

  @Test(arguments: ["uk", "ru", "fa"])
  func nothingIsLeftInEnglish(_ language: String) throws {
    let english = try words("en")
    let same = ["title", "version"]
    for (key, value) in try words(language) where !same.contains(key) {
      #expect("\(value)" != "\(english[key] ?? "")", "\(language): \(key)")
    }
  }

  /// Keys that are put together from what the node says, or from what the page found.
  @Test func everythingThatIsPutTogetherHasWords() throws {
    let known = try Set(words("en").keys)
    var keys = Role.allCases.flatMap { ["role.\($0)", "role.now.\($0)"] }
    keys += Reaction.Sign.allCases.map { "react.\($0)" }
    keys += ["open", "social", "closed"].flatMap { ["access.\($0)", "access.\($0).more"] }
    keys += ["handsDown", "doorShut", "listenersShown"].map { "rule.\($0)" }
    keys += ["opening", "lost", "refused", "nokey", "unpaired"].map { "door.\($0)" }
    keys += ["none", "wrong", "disk"].map { "pair.\($0)" }
    keys += ["auto", "light", "dark"].map { "theme.\($0)" }
    keys += (0...2).map { "net.ways\($0)" }
    for state in try microphoneStates() where state != "on" { keys.append("mic.\(state)") }
    for key in keys { #expect(known.contains(key), "\(key) has no words") }
  }

  /// What the node refuses has words, or is among the codes that only programs meet (Spec 7).
  @Test func everyRefusalHasWordsOrIsForPrograms() throws {
    let known = try Set(words("en").keys.filter { $0.hasPrefix("no.") })
    let page = ["taken", "camera"]
    for code in ControlError.Code.allCases {
      let isForPrograms = Self.programs.contains(code)
      #expect(known.contains("no.\(code)") != isForPrograms, "\(code)")
    }
    for key in known {
      let code = String(key.dropFirst(3))
      #expect(ControlError.Code(rawValue: code) != nil || page.contains(code), "\(key)")
    }
  }

  @Test func theDocumentNamesTheCodesForPrograms() throws {
    let url = WebFolder.url.appending(path: "../../../docs/protocol/7-control.md")
    let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
    let line = try #require(lines.first { $0.hasPrefix("Only programs meet ") })
    let named = line.matches(of: /`(\w+)`/).compactMap { ControlError.Code(rawValue: "\($0.1)") }
    #expect(Set(named) == Self.programs)
  }

  private static let programs: Set<ControlError.Code> = [
    .malformed, .unknownRequest, .missing, .lineTooLong, .badAddress, .unknownHost, .whichRoom,
    .alreadyIn, .notSpeaking, .payloadSize, .whichPerson, .noDevices, .notFromDevice,
  ]

  /// What the page says of its microphone, from where it is set.
  private func microphoneStates() throws -> Set<String> {
    let lines = try #require(WebFolder.scripts()["sound.js"]).split(separator: "\n")
    let setting = lines.filter { $0.contains("micState = ") || $0.contains("micState: ") }
    let states = setting.flatMap { $0.matches(of: /'([a-z]+)'/).map { String($0.1) } }
    try #require(Set(states).isSuperset(of: ["off", "asking", "on", "missing", "denied", "held"]))
    return Set(states)
  }

  private func words(_ language: String) throws -> [String: Any] {
    let data = try Data(contentsOf: WebFolder.url.appending(path: "words-\(language).json"))
    return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  private func places(_ value: Any?, form: String) -> Set<String> {
    let text = value as? String ?? (value as? [String: String])?[form] ?? ""
    return Set(text.matches(of: /\{\w+\}/).map { String($0.0) })
  }
}

/// Which keys the scripts ask words for.
private struct Usage {
  private(set) var literal: Set<String> = []
  private var quoted: Set<String> = []
  private var prefixes: Set<String> = []

  init(_ scripts: [String: String]) {
    for text in scripts.values {
      literal.formUnion(text.matches(of: /\bt\('([\w.]+)'/).map { String($0.1) })
      quoted.formUnion(text.matches(of: /'([\w.]+)'/).map { String($0.1) })
      prefixes.formUnion(text.matches(of: /`([\w.]+)\$\{/).map { String($0.1) })
    }
  }

  func says(_ key: String) -> Bool {
    quoted.contains(key) || prefixes.contains { key.hasPrefix($0) }
  }
}
