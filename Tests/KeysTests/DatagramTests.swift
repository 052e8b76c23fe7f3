import Testing
import Wire

@testable import Keys

@Suite struct DatagramTests {
  private static let header: [UInt8] = [0x10, 1, 2, 3, 4, 5, 6, 7, 8]
  private static let records = [UInt8](50..<150)

  @Test func aDatagramTravels() throws {
    var entropy = Entropy.seeded(1)
    let cipher = try cipher(&entropy)
    let mask = try Secret(random: &entropy)
    // Four bytes stand before it, for whatever carries it.
    var buffer = [9, 9, 9, 9] + DatagramTests.header + DatagramTests.records
    cipher.seal(&buffer, from: 4, header: 9, counter: 77)
    #expect(Array(buffer[..<13]) == [9, 9, 9, 9] + DatagramTests.header)
    HeaderMask.apply(key: mask, to: &buffer, from: 4)
    #expect(Array(buffer[..<4]) == [9, 9, 9, 9])
    #expect(Array(buffer[4..<13]) != DatagramTests.header)

    let datagram = buffer.span.extracting(4..<buffer.count)
    let unmasked = HeaderMask.unmasked(datagram, key: mask)
    let header = try #require(unmasked)
    #expect(header.indices.map { header[$0] } == DatagramTests.header)
    var plain: [UInt8] = []
    let isGenuine = cipher.open(datagram, header: header, counter: 77, into: &plain)
    #expect(isGenuine)
    #expect(plain == DatagramTests.records)
  }

  @Test func everyFlippedByteAndEveryCutIsRefused() throws {
    var entropy = Entropy.seeded(2)
    let cipher = try cipher(&entropy)
    let mask = entropy.bytes32()
    var sealed = DatagramTests.header + DatagramTests.records
    cipher.seal(&sealed, from: 0, header: 9, counter: 5)
    HeaderMask.apply(key: mask, to: &sealed, from: 0)
    let genuine = (opens(sealed, cipher, mask, 5), opens(sealed, cipher, mask, 6))
    #expect(genuine == (true, false))
    for index in sealed.indices {
      var forged = sealed
      forged[index] ^= 0x40
      let opened = opens(forged, cipher, mask, 5)
      #expect(!opened, "byte \(index)")
      let openedCut = opens(Array(sealed[..<index]), cipher, mask, 5)
      #expect(!openedCut, "cut to \(index)")
    }
  }

  @Test func openingReusesTheBuffer() throws {
    var entropy = Entropy.seeded(3)
    let cipher = try cipher(&entropy)
    var plain: [UInt8] = []
    plain.reserveCapacity(1500)
    let place = plain.withUnsafeBufferPointer(\.baseAddress)
    var buffer: [UInt8] = []
    buffer.reserveCapacity(1500)
    let sealedPlace = buffer.withUnsafeBufferPointer(\.baseAddress)
    for counter in 0..<50 as Range<UInt64> {
      buffer.removeAll(keepingCapacity: true)
      buffer.append(contentsOf: DatagramTests.header)
      buffer.append(contentsOf: repeatElement(7, count: Int(counter) * 29))
      cipher.seal(&buffer, from: 0, header: 9, counter: counter)
      let isGenuine = cipher.open(
        buffer.span, header: [0x10, 1, 2, 3, 4, 5, 6, 7, 8], counter: counter, into: &plain)
      #expect(isGenuine)
      #expect(plain.count == Int(counter) * 29)
    }
    #expect(plain.withUnsafeBufferPointer(\.baseAddress) == place)
    #expect(buffer.withUnsafeBufferPointer(\.baseAddress) == sealedPlace)
  }

  @Test func whatIsTooShortIsLeftAlone() throws {
    var entropy = Entropy.seeded(4)
    let key = entropy.bytes32()
    for count in 0..<HeaderMask.datagramMinimum {
      let bytes = [UInt8](repeating: 1, count: count)
      var copy = bytes
      HeaderMask.apply(key: key, to: &copy, from: 0)
      #expect(copy == bytes)
      #expect(HeaderMask.unmasked(bytes.span, key: key) == nil)
    }
    for count in 0..<HandshakeMask.overhead {
      let bytes = [UInt8](repeating: 1, count: count)
      #expect(HandshakeMask.unmask(bytes.span, key: key) == nil)
    }
  }

  @Test func aHandshakeMaskComesOff() throws {
    var entropy = Entropy.seeded(5)
    let key = entropy.bytes32()
    for body in [[], [1], [UInt8](repeating: 0, count: 300)] {
      let masked = HandshakeMask.mask(body, key: key, entropy: &entropy)
      #expect(masked.count == body.count + HandshakeMask.overhead)
      #expect(HandshakeMask.unmask(masked.span, key: key) == body)
      #expect(body.count < 9 || HandshakeMask.unmask(masked.span, key: .zero) != body)
    }
  }

  @Test func aBoxOpensOnlyWithItsOwnKeyNonceAndContext() throws {
    var entropy = Entropy.seeded(6)
    let key = entropy.bytes32()
    let nonce = Nonce24(random: &entropy)
    #expect(Nonce24(nonce.array) == nonce)
    let sealed = Box.seal(key: key, nonce: nonce, associated: [1], [5, 6, 7])
    #expect(sealed.count == 3 + Box.tagCount)
    #expect(Box.open(key: key, nonce: nonce, associated: [1], sealed) == [5, 6, 7])
    #expect(Box.open(key: try Secret(key), nonce: nonce, associated: [1], sealed) == [5, 6, 7])
    #expect(Box.open(key: .zero, nonce: nonce, associated: [1], sealed) == nil)
    #expect(Box.open(key: key, nonce: nonce, associated: [2], sealed) == nil)
    let otherNonce = Nonce24(random: &entropy)
    #expect(Box.open(key: key, nonce: otherNonce, associated: [1], sealed) == nil)
    for index in sealed.indices {
      var forged = sealed
      forged[index] ^= 1
      #expect(Box.open(key: key, nonce: nonce, associated: [1], forged) == nil)
      #expect(Box.open(key: key, nonce: nonce, associated: [1], Array(sealed[..<index])) == nil)
    }
  }

  private func cipher(_ entropy: inout Entropy) throws -> DatagramCipher {
    DatagramCipher(key: try Secret(random: &entropy))
  }

  private func opens(
    _ datagram: [UInt8], _ cipher: borrowing DatagramCipher, _ mask: Bytes32, _ counter: UInt64
  ) -> Bool {
    guard let header = HeaderMask.unmasked(datagram.span, key: mask) else { return false }
    var plain: [UInt8] = [1, 2, 3]
    let isGenuine = cipher.open(datagram.span, header: header, counter: counter, into: &plain)
    // What is refused leaves nothing behind.
    return isGenuine || !plain.isEmpty
  }
}
