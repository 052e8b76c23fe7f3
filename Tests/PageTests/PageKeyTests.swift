import Foundation
import Node
import Page
import Testing

/// The key survives the program and is nobody else's to read.
struct PageKeyTests {
  @Test func theKeyIsKept() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let first = try PageKey(folder: folder)
    #expect(try PageKey(folder: folder).text == first.text)
    #expect(StoredFile.mode(folder + "/page-key") == 0o600)
    #expect(first.text.utf8.count == 43)
  }

  @Test func aFileOthersCanReadOrThatIsNoKeyIsReplaced() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let first = try PageKey(folder: folder)
    try StoredFile.write(Array(first.text.utf8), to: folder + "/page-key", mode: 0o644)
    let second = try PageKey(folder: folder)
    #expect(second.text != first.text)
    try StoredFile.write(Array("short".utf8), to: folder + "/page-key")
    #expect(try PageKey(folder: folder).text != second.text)
  }

  @Test func onlyTheWholeKeyOpens() {
    let key = PageKey()
    #expect(key.opens(key.text))
    #expect(!key.opens(""))
    #expect(!key.opens(String(key.text.dropLast()) + "!"))
    #expect(!key.opens(key.text + "A"))
  }

  private func folder() throws -> String {
    let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(
      at: url, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    return url.path
  }
}
