import Page
import Testing

/// Places are given, kept apart, and given back.
struct CrowdTests {
  @Test func strangersDoNotTakeThePlacesOfTheAdmitted() throws {
    let crowd = Crowd()
    let first = try #require(crowd.enter())
    for _ in 1..<Crowd.mostStrangers { _ = try #require(crowd.enter()) }
    #expect(crowd.enter() == nil)
    #expect(crowd.promote(first))
    #expect(crowd.enter() != nil)
    #expect(crowd.enter() == nil)
  }

  @Test func thereIsAnEndToTheAdmittedToo() throws {
    let crowd = Crowd()
    var entries: [Crowd.Entry] = []
    for _ in 0..<Crowd.mostAdmitted {
      let entry = try #require(crowd.enter())
      #expect(crowd.promote(entry))
      entries.append(entry)
    }
    let late = try #require(crowd.enter())
    #expect(!crowd.promote(late))
    crowd.leave(entries[0])
    #expect(crowd.promote(late))
  }

  @Test func nobodyCountsTwice() throws {
    let crowd = Crowd()
    let entry = try #require(crowd.enter())
    #expect(crowd.promote(entry))
    #expect(!crowd.promote(entry))
    crowd.leave(entry)
    for _ in 0..<Crowd.mostStrangers { #expect(crowd.enter() != nil) }
  }
}
