import Foundation
import Reach
import Testing
import Wire

struct PartsTests {
  @Test func aHostIsCalledEightTimesAMinute() {
    let budget = Held()
    for call in 0..<8 {
      #expect(budget.take("a.example", now: UInt64(call) * 1_000))
    }
    #expect(!budget.take("a.example", now: 59_999))
    #expect(budget.take("b.example", now: 59_999))
    #expect(budget.take("a.example", now: 60_000))
    #expect(!budget.take("a.example", now: 60_001))
    for minute in 2..<40 {
      var taken = 0
      for second in 0..<60 where budget.take("a.example", now: UInt64(minute * 60 + second) * 1_000)
      { taken += 1 }
      #expect(taken <= 8)
    }
  }

  @Test func theBudgetIsBounded() {
    let budget = Held()
    for host in 0..<DialBudget.mostHosts { #expect(budget.take("\(host)", now: 0)) }
    #expect(budget.refusal("one more", now: 59_999) == .tooOften)
    // The person's own call is worth more than the memory of another.
    #expect(budget.take("one more", now: 59_999))
    #expect(budget.refusal("yet another", now: 60_000) == nil)
  }

  @Test func hostsThatOnlyOthersNameAreCalledSeldom() {
    let budget = Held()
    for host in 0..<DialBudget.mostTries { #expect(budget.refusal("\(host)", now: 0) == nil) }
    #expect(budget.refusal("one more", now: 59_999) == .leftAlone)
    #expect(budget.take("one more", now: 59_999))
    var called = DialBudget.mostTries
    for minute in 1..<60 {
      for host in 0..<8
      where budget.refusal("\(minute) \(host)", now: UInt64(minute) * 60_000) == nil {
        called += 1
      }
    }
    #expect(called == DialBudget.mostTriesAnHour)
  }

  @Test func aHostWithoutATunnelIsLeftAloneLongerEachTime() {
    let budget = Held()
    var now: UInt64 = 0
    var pauses: [UInt64] = []
    for _ in 0..<12 {
      #expect(budget.refusal("a.example", now: now) == nil)
      budget.failed("a.example", now: now)
      let failedAt = now
      while budget.refusal("a.example", now: now) == .leftAlone { now += 60_000 }
      pauses.append(now - failedAt)
    }
    #expect(pauses.first == DialBudget.alone)
    #expect(pauses[1] == 2 * DialBudget.alone)
    #expect(pauses.last == DialBudget.aloneMost)
    // The person may always ask; who has proved to have a tunnel is called like anybody.
    budget.failed("a.example", now: now)
    #expect(budget.take("a.example", now: now))
    budget.succeeded("a.example")
    #expect(budget.refusal("a.example", now: now) == nil)
  }

  @Test func aTunnelThatEndsBeforeItIsNotedLeavesRoomForAnother() {
    var book = TunnelBook()
    let node = NodeID(Bytes32(high: .zero, low: .zero))
    let (first, second) = (OpenTunnel(number: 1, port: 9), OpenTunnel(number: 2, port: 9))
    let began = book.begin(node)
    #expect(began)
    let again = book.begin(node)
    #expect(!again)
    let wasTold = book.ended(first)
    #expect(!wasTold)
    let isOpen = book.opened(node, first)
    #expect(!isOpen)
    // Another has the same port, and the end of the first is not its end.
    let beganAnew = book.begin(node)
    #expect(beganAnew)
    let isOpenNow = book.opened(node, second)
    #expect(isOpenNow)
    let wasFirst = book.ended(first)
    #expect(!wasFirst)
    #expect(book.tunnel(at: 9) == second)
    let wasSecond = book.ended(second)
    #expect(wasSecond)
    #expect(book.tunnel(at: 9) == nil)
    let last = book.begin(node)
    #expect(last)
  }

  @Test func theKeyInACertificateIsFound() throws {
    let (own, other) = (
      try TestKeys.der(TestKeys.certificate), try TestKeys.der(TestKeys.otherCertificate)
    )
    // As openssl says it.
    #expect(CertificateKey.hash(ofDER: own) == (try TestKeys.raw(TestKeys.pin)))
    #expect(CertificateKey.hash(ofDER: other) == (try TestKeys.raw(TestKeys.otherPin)))
  }

  @Test func whatIsNoCertificateHasNoKey() throws {
    let whole = try TestKeys.der(TestKeys.certificate)
    for count in 0..<whole.count {
      #expect(CertificateKey.hash(ofDER: Array(whole[..<count])) == nil)
    }
    for index in whole.indices {
      for bit in 0..<8 {
        var changed = whole
        changed[index] ^= 1 << bit
        // Whatever it finds, it comes back.
        _ = CertificateKey.hash(ofDER: changed)
      }
    }
  }

  /// Where the macros may change it.
  private final class Held {
    private var budget = DialBudget()

    func take(_ host: String, now: UInt64) -> Bool {
      budget.take(host, isNamed: true, now: now) == nil
    }

    func refusal(_ host: String, now: UInt64) -> DialBudget.Refusal? {
      budget.take(host, isNamed: false, now: now)
    }

    func failed(_ host: String, now: UInt64) { budget.failed(host, now: now) }

    func succeeded(_ host: String) { budget.succeeded(host) }
  }
}
