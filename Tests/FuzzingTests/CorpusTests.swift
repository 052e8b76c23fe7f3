import Foundation
import Fuzzing
import Testing

/// Everything a fuzzer ever found worth keeping, replayed without it.
@Suite struct CorpusTests {
  @Test(arguments: FuzzTarget.allCases)
  func nothingInTheCorpusBreaksItsTarget(_ target: FuzzTarget) throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Fuzz/Corpora/\(target.rawValue)")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(!names.isEmpty)
    for name in names {
      let bytes = [UInt8](try Data(contentsOf: folder.appending(path: name)))
      #expect(throws: Never.self, "\(target.rawValue)/\(name)") { try target.run(bytes) }
    }
  }

  @Test(arguments: FuzzTarget.allCases)
  func seedsBreakNothingAndFit(_ target: FuzzTarget) throws {
    for (name, bytes) in target.seeds {
      #expect(bytes.count <= target.longest)
      #expect(throws: Never.self, "\(target.rawValue)/\(name)") { try target.run(bytes) }
    }
  }
}
