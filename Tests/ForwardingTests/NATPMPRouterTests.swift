import Forwarding
import Testing
import Wire

/// The questions and answers of RFC 6886, at a router of our own on loopback.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct NATPMPRouterTests {
  private static let outside: [UInt8] = [25, 0, 0, 2]

  @Test func whatIsForwardedIsReachedAtTheRoutersOwnAddress() throws {
    let router = try FakeRouter { request in
      request.count == 2
        ? FakeRouter.address(Self.outside)
        : FakeRouter.mapping(request, port: 40_010, seconds: 1_200)
    }
    let forward = try asked(router).forward(4_001)
    let place = Endpoint(ipv4: 0x1900_0002, port: 40_010)
    #expect(forward == Forward(outside: place, language: .natPMP, seconds: 1_200))
    #expect(router.questions.last == [0, 1, 0, 0, 0x0F, 0xA1, 0x0F, 0xA1, 0, 0, 0x0E, 0x10])
  }

  @Test func aPortIsTakenBackByItsNumberInside() throws {
    let router = try FakeRouter { FakeRouter.mapping($0, port: 0, seconds: 0) }
    let forward = Forward(
      outside: Endpoint(ipv4: 0x1900_0002, port: 40_010), language: .natPMP, seconds: 1_200)
    asked(router).takeBack(forward, port: 4_001)
    #expect(router.questions == [[0, 1, 0, 0, 0x0F, 0xA1, 0, 0, 0, 0, 0, 0]])
  }

  @Test func aRouterBehindAnotherIsNoWayInAndIsLeftAsItWas() throws {
    let router = try FakeRouter { request in
      request.count == 2
        ? FakeRouter.address([100, 64, 0, 9])
        : FakeRouter.mapping(request, port: 4_001, seconds: 3_600)
    }
    #expect(throws: ForwardingProblem.behindAnother) { try asked(router).forward(4_001) }
    #expect(router.questions.last?.suffix(6) == [0, 0, 0, 0, 0, 0])
  }

  @Test func aRefusalIsToldFromSilence() throws {
    let router = try FakeRouter { request in
      request.count == 2
        ? FakeRouter.address(Self.outside) : FakeRouter.mapping(request, port: 0, refusal: 2)
    }
    #expect(throws: ForwardingProblem.refused) { try asked(router).forward(4_001) }
    let mute = try FakeRouter { _ in nil }
    #expect(throws: ForwardingProblem.silent) { try asked(mute).forward(4_001) }
    #expect(mute.questions.count > 1)
  }

  @Test func nonsenseForwardsNothing() throws {
    for length in [0, 1, 2, 7, 8, 11, 12, 16, 300] {
      let router = try FakeRouter { _ in (0..<length).map { UInt8(truncatingIfNeeded: $0 * 37) } }
      #expect(throws: ForwardingProblem.self) { try asked(router).forward(4_001) }
    }
  }

  /// It answers a question about another port.
  @Test func anAnswerToSomethingElseIsNone() throws {
    let router = try FakeRouter { request in
      guard request.count > 2 else { return FakeRouter.address(Self.outside) }
      var answer = FakeRouter.mapping(request, port: 4_001, seconds: 3_600)
      answer[9] ^= 1
      return answer
    }
    #expect(throws: ForwardingProblem.refused) { try asked(router).forward(4_001) }
  }

  private func asked(_ router: FakeRouter) -> NATPMPRouter {
    NATPMPRouter(gateway: router.address, patience: .milliseconds(600))
  }
}
