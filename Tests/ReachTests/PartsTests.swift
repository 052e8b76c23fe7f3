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
    #expect(!budget.take("one more", now: 59_999))
    #expect(budget.take("one more", now: 60_000))
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

    func take(_ host: String, now: UInt64) -> Bool { budget.take(host, now: now) }
  }
}
