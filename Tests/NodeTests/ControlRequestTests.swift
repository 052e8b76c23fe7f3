import Mesh
import Node
import Testing
import Wire

struct ControlRequestTests {
  static let room = RoomID(Bytes16(high: 1, low: 2))
  static let invite = Invite(room: room, secret: nil, expiry: nil, contacts: [])
  static let address = PeerAddress(node: NodeID(.zero), host: "example.org", port: 4000)

  static let requests: [ControlRequest] = [
    .id, .status, .rooms, .stop, .doctor,
    .create(title: "Küche", access: .open, name: "Ann"),
    .create(title: "Kitchen", access: .social, name: nil),
    .join(invite, name: "Ben"), .joinListed(room: "Newsroom", name: nil),
    .leave(nil), .leave("Kitchen"), .invite("Kitchen", lifetime: 3_600), .connect(address),
    .connect(address, waits: false),
    .speak(nil, bitrate: 16_000, milliseconds: 60), .listen("Kitchen"), .frames(nil),
    .events(nil), .events("Kitchen"), .persona(invite),
    .create(title: "Council", access: .closed, name: nil),
    .stage(nil, .hand(isUp: false)), .stage("Kitchen", .takeSeat), .stage(nil, .stepDown),
    .stage(nil, .moderate(.remove, person: "1f2e", seconds: 60, isImmediate: true)),
    .stage("Kitchen", .moderate(.promote, person: "Ben", seconds: 0, isImmediate: false)),
    .stage(nil, .close), .stage(nil, .policy([.handsDown, .doorShut])),
    .stage(nil, .revoke("ab12")),
    .stage(nil, .makeInvite(InviteTerms(role: .speaker, uses: 1), lifetime: 600)),
    .stage(nil, .verify(person: nil)), .stage(nil, .verify(person: "Ben")),
    .stage(nil, .compare(person: "Ben")),
    .stage(nil, .react(.clap)), .stage("Kitchen", .react(.agree)),
    .messages(), .messages(device: 3), .pairDevice, .devices, .revokeDevice(7),
    .block(.list), .block(.set("Kitchen", person: "1f2e", true)),
    .block(.set(nil, person: "Ben", false)),
  ]

  @Test(arguments: requests)
  func aRequestIsReadAsItWasWritten(_ request: ControlRequest) throws {
    #expect(try ControlRequest(line: request.line.dropLast()) == request)
  }

  struct Bad: Sendable, CustomTestStringConvertible {
    let line: String
    let code: ControlError.Code
    var testDescription: String { "\(code.rawValue): \(line)" }
  }

  static let bad: [Bad] = [
    Bad(line: "", code: .malformed),
    Bad(line: "status", code: .malformed),
    Bad(line: "[]", code: .malformed),
    Bad(line: "{}", code: .malformed),
    Bad(line: #"{"request":1}"#, code: .malformed),
    Bad(line: #"{"request":"status""#, code: .malformed),
    Bad(line: #"{"request":"fly"}"#, code: .unknownRequest),
    Bad(line: #"{"request":"room.create"}"#, code: .missing),
    Bad(line: #"{"request":"room.create","title":""}"#, code: .missing),
    Bad(line: #"{"request":"room.create","title":"x","access":"secret"}"#, code: .malformed),
    Bad(
      line: #"{"request":"room.create","title":"\#(String(repeating: "x", count: 65))"}"#,
      code: .malformed),
    Bad(
      line:
        #"{"request":"room.create","title":"x","name":"\#(String(repeating: "n", count: 33))"}"#,
      code: .malformed),
    Bad(line: #"{"request":"join"}"#, code: .missing),
    Bad(line: #"{"request":"join","link":"starling:AAAA"}"#, code: .badLink),
    Bad(line: #"{"request":"join","link":7}"#, code: .malformed),
    Bad(line: #"{"request":"connect"}"#, code: .missing),
    Bad(line: #"{"request":"connect","address":"example.org:1"}"#, code: .badAddress),
    Bad(line: #"{"request":"speak","bitrate":64000}"#, code: .badSound),
    Bad(line: #"{"request":"speak","duration":10}"#, code: .badSound),
    Bad(line: #"{"request":"speak","bitrate":1e99}"#, code: .malformed),
    Bad(line: #"{"request":"invite","lifetime":-1}"#, code: .malformed),
    Bad(line: #"{"request":"invite","lifetime":604801}"#, code: .malformed),
    Bad(line: #"{"request":"mod","action":"exile","person":"Ben"}"#, code: .malformed),
    Bad(line: #"{"request":"mod","action":"mute"}"#, code: .missing),
    Bad(line: #"{"request":"mod","action":"mute","person":"B","seconds":-1}"#, code: .malformed),
    Bad(line: #"{"request":"mod.policy","policy":["quiet"]}"#, code: .malformed),
    Bad(line: #"{"request":"invite.make","role":"moderator"}"#, code: .malformed),
    Bad(line: #"{"request":"invite.make","uses":16777216}"#, code: .malformed),
    Bad(line: #"{"request":"invite.make","lifetime":59}"#, code: .malformed),
    Bad(line: #"{"request":"compare"}"#, code: .missing),
    Bad(line: #"{"request":"persona"}"#, code: .missing),
  ]

  @Test(arguments: bad)
  func aBadRequestIsRefusedWithItsCode(_ bad: Bad) {
    let error = #expect(throws: ControlError.self) {
      try ControlRequest(line: Array(bad.line.utf8))
    }
    #expect(error?.code == bad.code)
    #expect(error?.error.isEmpty == false)
  }

  @Test func aMistypedLinkIsCalledDamaged() {
    let link = Self.invite.text
    let typo = link.dropLast(8) + (link.hasSuffix("A") ? "BBBBBBBB" : "AAAAAAAA")
    let error = #expect(throws: ControlError.self) {
      try ControlRequest(line: Array(#"{"request":"join","link":"\#(typo)"}"#.utf8))
    }
    #expect(error?.error.contains("damaged") == true)
  }

  @Test func everyRefusalOfTheMeshHasACodeOfItsOwn() {
    let refusals: [Refusal] = [
      .noSuchRoom, .alreadyIn, .notIn, .linkExpired, .nobodyAnswered, .tooManyRooms, .notSpeaking,
      .payloadSize, .roomExpired, .notAdmitted, .memoryFull, .clockWrong,
    ]
    for refusal in refusals { #expect(ControlError(refusal).code != .other) }
  }
}
