import Glibc
import Keys
import Mesh
import Node
import Testing
import Wire

/// What a node answered is known to its next life.
@Suite(.timeLimit(.minutes(30)))
struct HelloLogTests {
  @Test func whatWasWrittenIsReadInOrderAndHalfANameIsCutOff() throws {
    let folder = try Folder()
    let path = folder.file("hellos")
    do {
      var log = try HelloLog(path: path)
      #expect(log.known.isEmpty)
      try log.append([1, .max])
      try log.append([0x0102_0304_0506_0708])
    }
    #expect(StoredFile.mode(path) == 0o600)
    let whole = try StoredFile.read(path, limit: 100)
    #expect(whole.count == 24)
    try StoredFile.write(whole + [9, 9, 9], to: path)
    do {
      var log = try HelloLog(path: path)
      #expect(log.known == [1, .max, 0x0102_0304_0506_0708])
      try log.append([7])
    }
    let log = try HelloLog(path: path)
    #expect(log.known == [1, .max, 0x0102_0304_0506_0708, 7])
  }

  @Test func theLogIsBoundedAndKeepsTheLatest() throws {
    let folder = try Folder()
    let path = folder.file("hellos")
    do {
      var log = try HelloLog(path: path)
      for start in stride(from: 0 as UInt64, to: 50_000, by: 100) {
        try log.append(Array(start..<start + 100))
      }
    }
    let log = try HelloLog(path: path)
    #expect(log.known.count >= 16_384 && log.known.count <= 2 * 16_484)
    #expect(log.known.last == 49_999)
    #expect(Set(log.known).count == log.known.count)
    #expect(log.known == log.known.sorted())
  }

  /// The first life ends without a word, as by kill -9. That nothing comes is shown by what comes
  /// first: the answer to somebody else, who asked later.
  @Test func aHandshakePlayedBackToTheNextLifeGetsNothing() async throws {
    let folder = try Folder()
    let path = folder.file("hellos")
    let ann = try Neighbour(21, hellos: path)
    try await ann.begin()
    let port = try Port()
    let one = try Caller(ann.contact, seed: 31)
    port.send(one.hello, to: ann.contact)
    let answer = try await port.next()
    #expect((147...one.hello.count).contains(answer.count))
    ann.host.loop.stop()

    let reborn = try Neighbour(21, hellos: path)
    try await reborn.begin()
    for _ in 0..<20 { port.send(one.hello, to: reborn.contact) }
    let two = try Caller(reborn.contact, seed: 32)
    port.send(two.hello, to: reborn.contact)
    let second = try await port.next()
    #expect(!one.isAnswered(by: second))
    #expect(two.isAnswered(by: second))
    await reborn.end()
  }

  /// A dialler and its first message.
  private final class Caller {
    let hello: [UInt8]
    private var links: Links
    private let contact: Contact

    init(_ contact: Contact, seed: UInt64) throws {
      self.contact = contact
      var entropy = Entropy.seeded(seed)
      let pair = try AgreementPair(random: &entropy)
      links = try Links(node: pair, token: nil, entropy: entropy)
      var effects = Effects()
      links.dial(contact, at: Clock().now, into: &effects)
      hello = effects.outbox.bytes
    }

    func isAnswered(by bytes: [UInt8]) -> Bool {
      var effects = Effects()
      _ = links.receive(bytes.span, from: contact.endpoints[0], at: Clock().now, into: &effects)
      return links.events.contains { if case .up = $0 { true } else { false } }
    }
  }

  /// A socket beside all nodes.
  private final class Port {
    private var socket: UDPSocket

    init() throws { socket = try UDPSocket(binding: Endpoint(ipv4: 0x7F00_0001, port: 0)) }

    func send(_ bytes: [UInt8], to contact: Contact) {
      var outbox = Outbox()
      outbox.bytes = bytes
      outbox.finish(from: 0, to: contact.endpoints[0])
      socket.send(outbox)
    }

    /// Waits for a datagram.
    func next() async throws -> [UInt8] {
      var first: [UInt8]?
      while first == nil {
        _ = socket.receive { bytes, _ in
          var copy: [UInt8] = []
          for index in bytes.indices { copy.append(bytes[index]) }
          first = first ?? copy
        }
        if first == nil { try await Task.sleep(for: .milliseconds(5)) }
      }
      return first ?? []
    }
  }
}
