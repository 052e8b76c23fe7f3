import Foundation
import Page
import Testing

/// What the program carries of the page.
struct AssetTests {
  @Test func everyFileIsEmbeddedAsItLies() throws {
    #expect(Asset.files.map(\.name).sorted() == (try WebFolder.names()))
    for (name, bytes) in Asset.files {
      let data = try Data(contentsOf: WebFolder.url.appending(path: name))
      #expect(bytes == Array(data), "\(name)")
      #expect(Asset.all["/" + name] != nil, "\(name) has no type")
    }
  }

  /// What one browser loads: everything, in one language.
  @Test(arguments: ["en", "uk", "ru", "fa"])
  func thePageIsSmall(_ language: String) {
    let size = Asset.files.filter {
      !$0.name.hasPrefix("words-") || $0.name == "words-\(language).json"
    }.reduce(0) { $0 + $1.bytes.count }
    #expect(size <= 150_000, "\(size) bytes in \(language)")
  }

  @Test func nothingIsAskedOfOthers() throws {
    let names = "http://www.w3.org/2000/svg"
    for name in try WebFolder.names() {
      let text = try String(contentsOf: WebFolder.url.appending(path: name), encoding: .utf8)
      for address in text.matches(of: /https?:\/\/[^\s"'`)<]+/) {
        #expect(address.0 == names, "\(name) names \(address.0)")
      }
    }
  }

  /// Names and titles come from strangers.
  @Test func noMarkupIsMadeFromStrings() throws {
    for (name, text) in try WebFolder.scripts() {
      for way in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
        #expect(!text.contains(way), "\(name) uses \(way)")
      }
    }
  }
}
