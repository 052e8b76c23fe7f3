import Keys
import Mesh
import Wire

/// Links and nothing above them: says to a participant what no honest one would.
final class Visitor {
  var links: Links
  var effects = Effects()
  let endpoint: Endpoint
  let contact: Contact
  var inbox: [(type: UInt8, body: [UInt8])] = []
  var events: [LinkEvent] = []
  var entropy: Entropy

  init(seed: UInt64, endpoint: Endpoint, token: Bytes16?) throws {
    entropy = .seeded(seed)
    let pair = try AgreementPair(random: &entropy)
    contact = Contact(node: pair.publicKey, token: token, endpoints: [endpoint])
    self.endpoint = endpoint
    links = try Links(
      node: pair, token: token, settings: LinkSettings(), entropy: .branch(of: &entropy))
  }

  func receive(_ bytes: [UInt8], from source: Endpoint, at now: Instant) {
    let link = links.receive(bytes.span, from: source, at: now, into: &effects)
    if link != nil {
      for record in links.records {
        inbox.append(
          (record.type, Array(links.plain[record.start..<record.start + record.count])))
      }
    }
    links.flush(at: now, into: &effects)
    events += links.events
    links.events.removeAll()
  }

  /// A listing of the room in `genuine` that names whom it likes, signed by a key nobody knows.
  func lie(
    about genuine: Listing, contacts: [Contact], expiry: UInt64, at now: Instant
  ) throws -> Listing {
    let persona = try SigningPair(random: &entropy)
    let key = try SigningPair(random: &entropy)
    var certificate = SessionCertificate(
      room: genuine.certificate.room, persona: PersonaID(persona.publicKey.raw),
      session: key.publicKey, issued: now.milliseconds,
      lifetimeSeconds: Limits.sessionLifetimeSeconds)
    certificate.personaSignature = persona.sign("VR1-cert", certificate.unsigned)
    certificate.sessionSignature = key.sign("VR1-cert-pop", certificate.unsigned)
    var listing = Listing(
      version: 9, expiry: expiry, members: 999, genesis: genuine.genesis,
      certificate: certificate, contacts: contacts)
    listing.signature = key.sign("VR1-listing", listing.unsigned)
    return listing
  }
}

extension Network {
  /// Opens a link from a visitor to a participant.
  func visit(_ visitor: Visitor, _ node: Node) {
    let contact = Contact(
      node: node.contact.node, token: node.contact.token, endpoints: [node.endpoint])
    visitor.links.dial(contact, at: now, into: &visitor.effects)
    collect(visitor)
    run(for: .milliseconds(200))
  }

  func say(_ visitor: Visitor, to node: Node, _ type: MessageType, _ body: [UInt8]) {
    guard let link = visitor.links.link(to: node.contact.node) else { return }
    visitor.links.send(type: type.rawValue, body, on: link, at: now, into: &visitor.effects)
    visitor.links.flush(at: now, into: &visitor.effects)
    collect(visitor)
  }
}
