import Foundation
import Testing

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
