import Glibc
import Mesh
import Testing

/// Who holds the key can make up sound that opens; how much of it is ever heard.
@Suite(.timeLimit(.minutes(60)))
struct ForgeryTests {
  /// A thousand of each kind take a quarter of an hour; `STARLING_FORGERIES=1000` asks for them.
  private static var runs: UInt64 {
    getenv("STARLING_FORGERIES").flatMap { UInt64(String(cString: $0)) } ?? 12
  }

  @Test(arguments: Forgery.Kind.allCases, [false, true])
  func aForgerIsHeardForTwoFifthsOfASecondAtMost(kind: Forgery.Kind, isStrict: Bool) throws {
    var audible: [Duration] = []
    var missing: [Int] = []
    for seed in 1...Self.runs {
      guard let run = try Forgery.run(kind, seed: 7_000 + seed, isStrict: isStrict) else {
        continue
      }
      audible.append(run.audible)
      missing.append(run.missing)
    }
    audible.sort()
    missing.sort()
    let (median, most) = (audible[audible.count / 2], audible.last ?? .zero)
    print(
      "forgery: \(kind.rawValue)\(isStrict ? ", strict" : ""), \(audible.count) runs:",
      "audible median \(median.milliseconds) ms, most \(most.milliseconds) ms;",
      "others lost median \(missing[missing.count / 2]) frames, most \(missing.last ?? 0)")
    #expect(audible.count * 2 > Int(Self.runs))
    #expect(most <= (isStrict || kind == .silent ? .zero : .milliseconds(400)))
    // Who makes up what the speaker has yet to say is heard longer.
    #expect(median <= .milliseconds(kind == .ahead ? 200 : 120))
  }
}
