import Foundation
import Simulator
import Testing

/// What a topology file may say, and how it is told that it may not.
@Suite struct TopologyTests {
  struct Mistake: Sendable, CustomTestStringConvertible {
    let text: String
    let place: String
    let hint: String
    var testDescription: String { "\(place): \(hint)" }
  }

  private static let node = #""nodes": [{ "group": "a" }]"#

  static let mistakes = [
    Mistake(text: "{", place: "line 1", hint: "expected a name"),
    Mistake(text: "{}", place: "name", hint: "is missing"),
    Mistake(text: "[]", place: "", hint: "must be an object, not a list"),
    Mistake(text: #"{"name": 3}"#, place: "name", hint: "must be a text, not a number"),
    Mistake(
      text: "{\n\"name\": \"x\",\n\"seconds\": oops }", place: "line 3", hint: "expected a value"),
    Mistake(text: #"{"name": "x", "seconds": 5}"#, place: "nodes", hint: "at least one group"),
    Mistake(
      text: #"{"name": "x", "seconds": 0, \#(node)}"#, place: "seconds",
      hint: "is 0, must be from 1 to 86400"),
    Mistake(
      text: #"{"name": "x", "seconds": 5, "nodes": [{ "group": "a", "cuont": 3 }]}"#,
      place: "nodes[0].cuont", hint: "is not known here; known are: clock_drift_ppm, clock"),
    Mistake(
      text: #"{"name": "x", "seconds": 5, "nodes": [{ "group": "a", "count": 2.5 }]}"#,
      place: "nodes[0].count", hint: "whole number"),
    Mistake(
      text: #"{"name": "x", "seconds": 5, \#(node), "events": [{ "what": "explode", "at_s": 1 }]}"#,
      place: "events[0].what", hint: "kill, leave, freeze, partition, block, congest"),
    Mistake(
      text: #"{"name": "x", "seconds": 5, \#(node), "talkers": [{ "group": "b", "from_s": 1 }]}"#,
      place: "talkers[0].group", hint: "groups: a"),
    Mistake(
      text: #"{"name": "x", "seconds": 5, \#(node), "expect": { "delay_p99_ms": 3 }}"#,
      place: "expect.delay_p99_ms", hint: "_max or _min"),
    Mistake(
      text: #"{"name": "x", "seconds": 5, "nodes": [{ "group": "a", "mischief": ["delay", 3] }]}"#,
      place: "nodes[0].mischief", hint: "one or a list of: drop-all, drop-half"),
    Mistake(
      text: #"{"name": "x", "seconds": 5, \#(node), "censor": { "group": "a", "other": "b" }}"#,
      place: "censor.other", hint: "groups: a"),
    Mistake(
      text: #"{"name": "x", "seconds": 5, \#(node), "censor": { "border": true }}"#,
      place: "censor.group", hint: "whose datagrams are minded"),
    Mistake(
      text: #"{"name": "x", "seconds": 5, \#(node), "links": { "min_ms": 60 }}"#,
      place: "links.min_ms", hint: "is above max_ms"),
    Mistake(
      text: #"{"name": "x", "name": "y", "seconds": 5, \#(node)}"#, place: "line 1",
      hint: "name stands twice"),
  ]

  @Test(arguments: mistakes)
  func aMistakeIsRefusedWithItsPlaceAndWhatIsAllowed(_ mistake: Mistake) {
    do {
      _ = try Topology(Array(mistake.text.utf8), file: "bad.json")
      Issue.record("let through")
    } catch {
      #expect(error.place == mistake.place)
      #expect(error.reason.contains(mistake.hint), "\(error)")
      #expect(error.description.hasPrefix("bad.json: "))
    }
  }

  @Test func anyTextIsReadOrRefusedAndNeverTraps() throws {
    let good = try Data(contentsOf: Files.folder.appending(path: "kitchen-table.json"))
    for cut in stride(from: 0, to: good.count - 3, by: 7) {
      #expect(throws: TopologyError.self) {
        _ = try Topology(Array(good.prefix(cut)), file: "cut")
      }
    }
    let deep = [UInt8](repeating: UInt8(ascii: "["), count: 100_000)
    #expect(throws: TopologyError.self) { _ = try Topology(deep, file: "deep") }
  }

  @Test func everyTopologyOfTheRepositoryIsReadAndExpectsSomething() throws {
    #expect(Files.names.count >= 18)
    for name in Files.names {
      let topology = try Files.topology(name)
      #expect(topology.name == name)
      #expect(!topology.about.isEmpty)
      #expect(!topology.expectations.isEmpty, "\(name)")
    }
  }
}
