import NIOHTTP1
import Page
import Testing

/// Who may ask, judged by the head of the request alone.
struct GateTests {
  private let key = PageKey()
  private let gate = Gate(host: "127.0.0.1", port: 4780)
  private let remote = Gate(
    hosts: ["192.168.1.5", "Box.example"], port: 8443, scheme: "https")

  @Test func ourOwnPageIsAdmitted() {
    #expect(admits(head()))
    #expect(admits(head(host: "localhost:4780", origin: "http://localhost:4780")))
  }

  @Test func aProgramWithoutAnOriginIsAdmitted() { #expect(admits(head(origin: nil))) }

  @Test func devicesComeUnderTheNamesThatWereSet() {
    for name in ["192.168.1.5:8443", "box.example:8443"] {
      #expect(remote.key(head(host: name, origin: "https://\(name)")) == key.text)
      #expect(remote.key(head(host: name, origin: "http://\(name)")) == nil)
    }
    for name in ["192.168.1.6:8443", "localhost:8443", "127.0.0.1:8443", "192.168.1.5"] {
      #expect(!remote.knows(head(host: name)))
      #expect(remote.key(head(host: name, origin: "https://\(name)")) == nil)
    }
  }

  private func admits(_ head: HTTPRequestHead) -> Bool { gate.key(head).map(key.opens) ?? false }

  @Test(arguments: [
    "http://evil.example", "null", "https://127.0.0.1:4780", "http://127.0.0.1:4781",
    "http://127.0.0.1:4780.evil.example", "http://127.0.0.1", "",
  ])
  func anotherPageIsNot(_ origin: String) { #expect(!admits(head(origin: origin))) }

  @Test(arguments: [
    "evil.example:4780", "127.0.0.1", "127.0.0.1:80", "10.0.0.1:4780", "", "localhost",
  ])
  func aNameMadeToPointHereIsNotUs(_ host: String) {
    #expect(!gate.knows(head(host: host)))
    #expect(!admits(head(host: host)))
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
    for protocols in wrong { #expect(!admits(head(protocols: protocols))) }
  }

  @Test func nothingIsOpenedElsewhere() {
    #expect(!admits(head(uri: "/")))
    #expect(!admits(head(uri: "/api?key=\(key.text)")))
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
