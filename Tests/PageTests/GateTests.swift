import NIOHTTP1
import Page
import Testing

/// Who may ask, judged by the head of the request alone.
struct GateTests {
  private let key = PageKey()
  private var gate: Gate { Gate(host: "127.0.0.1", port: 4780, key: key) }

  @Test func ourOwnPageIsAdmitted() {
    #expect(gate.admits(head()))
    #expect(gate.admits(head(host: "localhost:4780", origin: "http://localhost:4780")))
  }

  @Test func aProgramWithoutAnOriginIsAdmitted() { #expect(gate.admits(head(origin: nil))) }

  @Test(arguments: [
    "http://evil.example", "null", "https://127.0.0.1:4780", "http://127.0.0.1:4781",
    "http://127.0.0.1:4780.evil.example", "http://127.0.0.1", "",
  ])
  func anotherPageIsNot(_ origin: String) { #expect(!gate.admits(head(origin: origin))) }

  @Test(arguments: [
    "evil.example:4780", "127.0.0.1", "127.0.0.1:80", "10.0.0.1:4780", "", "localhost",
  ])
  func aNameMadeToPointHereIsNotUs(_ host: String) {
    #expect(!gate.knows(head(host: host)))
    #expect(!gate.admits(head(host: host)))
  }

  @Test func twoHostsAreNone() {
    var head = head()
    head.headers.add(name: "Host", value: "127.0.0.1:4780")
    #expect(!gate.knows(head))
  }

  @Test func withoutTheKeyNothingOpens() {
    let wrong = [
      nil, "starling.1", "starling.1, ", "starling.1, \(PageKey().text)",
      "\(key.text), starling.1", "starling.1, \(key.text), more", "starling.2, \(key.text)",
      "starling.1, \(key.text.dropLast())",
    ]
    for protocols in wrong { #expect(!gate.admits(head(protocols: protocols))) }
  }

  @Test func nothingIsOpenedElsewhere() {
    #expect(!gate.admits(head(uri: "/")))
    #expect(!gate.admits(head(uri: "/api?key=\(key.text)")))
  }

  private func head(
    uri: String = "/api", host: String = "127.0.0.1:4780",
    origin: String? = "http://127.0.0.1:4780", protocols: String?? = .none
  ) -> HTTPRequestHead {
    var headers: HTTPHeaders = ["Host": host]
    if let origin { headers.add(name: "Origin", value: origin) }
    if let protocols = protocols ?? .some("starling.1, \(key.text)") {
      headers.add(name: "Sec-WebSocket-Protocol", value: protocols)
    }
    return HTTPRequestHead(version: .http1_1, method: .GET, uri: uri, headers: headers)
  }
}
