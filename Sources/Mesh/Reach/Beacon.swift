package import Keys
import OrderedCollections
package import Wire

/// "I am here", for those on the same cable who are in one of our rooms or hold its link; noise for
/// everybody else.
///
/// `nonce 24 | box (node 32 | token 16 | port 2 | member 1 | zeros)`, sealed under a key that
/// follows from the room's id. Where it is is what the datagram's source says.
package enum Beacon {
  /// Zeros drawn anew for each, so that there is no size to look for.
  private static let padding: UInt64 = 128
  private static let least = Nonce24.count + 32 + 16 + 2 + 1 + Box.tagCount
  package static let sizes = least...least + Int(padding)

  package static func seal(
    _ contact: Contact, port: UInt16, room: RoomID, isMember: Bool, _ entropy: inout Entropy
  ) -> [UInt8] {
    var writer = Writer(capacity: sizes.upperBound)
    writer.bytes32(contact.node.raw)
    writer.bytes16(contact.token ?? .zero)
    writer.u16(port)
    writer.u8(isMember ? 1 : 0)
    let zeros = [UInt8](repeating: 0, count: Int(entropy.below(padding + 1)))
    let nonce = Nonce24(random: &entropy)
    return nonce.array
      + Box.seal(key: key(room), nonce: nonce, associated: [], writer.bytes + zeros)
  }

  /// Nil when it is none of this room.
  package static func open(
    _ beacon: [UInt8], from source: Endpoint, room: RoomID
  ) -> (contact: Contact, isMember: Bool)? {
    guard sizes.contains(beacon.count), let nonce = Nonce24(Array(beacon.prefix(Nonce24.count))),
      let plain = Box.open(
        key: key(room), nonce: nonce, associated: [], Array(beacon.dropFirst(Nonce24.count)))
    else { return nil }
    var reader = Reader(plain.span)
    guard let node = try? reader.bytes32(), let token = try? reader.bytes16(),
      let port = try? reader.u16(), port != 0, let member = try? reader.u8(), member < 2
    else { return nil }
    let contact = Contact(
      node: NodeID(node), token: token == .zero ? nil : token,
      endpoints: [Endpoint(address: source.address, port: port)])
    return (contact, member == 1)
  }

  private static func key(_ room: RoomID) -> Bytes32 {
    Digest.hash32("VR1-beacon", room.raw.array)
  }
}

extension Participant {
  /// One for each room, in no order.
  package func beacons(port: UInt16, _ entropy: inout Entropy) -> [[UInt8]] {
    var beacons = rooms.map { room in
      Beacon.seal(contact, port: port, room: room.id, isMember: room.isMember, &entropy)
    }
    entropy.shuffle(&beacons)
    return beacons
  }

  /// Somebody on the same cable says to be there; returns whether that is news to a room of ours.
  ///
  /// Members dial members, and who comes in dials a member: that one only makes itself heard.
  /// Whoever repeats what another said makes us dial that other in vain, as seldom as any node that
  /// does not answer.
  package mutating func heard(
    beacon: [UInt8], from source: Endpoint, at now: Instant, into effects: inout Effects
  ) -> Bool {
    for room in rooms {
      guard let (found, isMember) = Beacon.open(beacon, from: source, room: room.id) else {
        continue
      }
      guard found.node != contact.node else { return false }
      var isNews = false
      within(room.id, at: now, into: &effects) { room, ctx in
        isNews = room.heard(found, isMember: isMember, &ctx)
      }
      return isNews
    }
    return false
  }
}

extension Room {
  fileprivate func heard(_ found: Contact, isMember theyAre: Bool, _ ctx: inout Context) -> Bool {
    if let link = ctx.links.link(to: found.node), links[link] != nil { return false }
    guard theyAre else { return isMember }
    if ctx.links.isDialling(found.node) {
      // Perhaps at an address of long ago.
      for place in found.endpoints {
        ctx.links.learn(
          path: place, isTunnel: false, to: found.node, at: ctx.now, into: &ctx.effects)
      }
    } else {
      reach(found, for: isMember ? .neighbour : .entry, &ctx)
    }
    return true
  }
}
