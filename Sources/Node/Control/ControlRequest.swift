import FoundationEssentials
package import Mesh
package import Wire

/// What a client of the control socket may ask for.
///
/// One line of JSON each; see `docs/protocol/7-control.md`.
package enum ControlRequest: Hashable, Sendable {
  /// A room as a person names it: the whole id, the beginning of it, or the title.
  ///
  /// Nil is the only room there is.
  package typealias RoomName = String?

  case id, status, rooms, stop, doctor
  case create(title: String, access: Access, name: String?)
  case join(Invite, name: String?)
  case joinListed(room: String, name: String?)
  case leave(RoomName)
  /// `lifetime` in seconds.
  case invite(RoomName, lifetime: Int?)
  /// Answered when there is a link or nobody answers; at once when it does not wait.
  case connect(PeerAddress, waits: Bool = true)
  case speak(RoomName, bitrate: Int, milliseconds: Int)
  case listen(RoomName)
  case frames(RoomName)
  /// This node's person in a room, in it or not: for a moderator to let in by name.
  case persona(Invite)
  /// From here on the connection carries messages; of a device that was paired, if it says so.
  case messages(device: Int? = nil)
  /// A code that lets one more device use the page.
  case pairDevice
  case devices
  case revokeDevice(Int)
  case features
  /// Reads and changes what is given to others; `uplink` in bit/s.
  case settings(relays: Bool?, uplink: Int?)
  case hear(RoomName, SoundFormat)
  case stopHearing
  case talk(RoomName, SoundFormat, bitrate: Int)
  case stopTalking
  case mute(Bool)
  /// How loud this node plays one person, 0 to 4.
  case volume(RoomName, session: UInt32, Double)
  case stage(RoomName, StageRequest)
  case block(Block)
  /// Everything that happens, from now on; in one room or in all.
  case events(RoomName)

  /// Whom this node does not play and show.
  package enum Block: Hashable, Sendable {
    case list
    case set(RoomName, person: String, Bool)
  }

  /// Reads one line, without its line feed.
  package init(line: [UInt8]) throws(ControlError) {
    let both: Both
    do {
      both = try JSONDecoder().decode(Both.self, from: Data(line))
    } catch {
      throw ControlError(.malformed, "This is not a request: one line of JSON with \"request\".")
    }
    if let request = try StageRequest(both.own.request, both.stage) {
      self = .stage(both.own.room, request)
    } else if let block = try Self.block(both.own, both.stage) {
      self = .block(block)
    } else {
      self = try Self.request(both.own)
    }
  }

  /// The line to send, with its line feed.
  package var line: [UInt8] {
    switch self {
    case .stage(let room, let request):
      return Line.encode(Both(Fields(request: request.name, room: room), request.fields))
    case .block(.set(let room, let person, let isBlocked)):
      let name = isBlocked ? "block" : "unblock"
      return Line.encode(
        Both(Fields(request: name, room: room), StageRequest.Fields(person: person)))
    default: return Line.encode(fields)
    }
  }

  struct Fields: Codable {
    var request: String
    var title: String?
    var access: String?
    var name: String?
    var link: String?
    var room: String?
    var lifetime: Int?
    var address: String?
    var bitrate: Int?
    var duration: Int?
    var wait: Bool?
    var format: SoundFormat?
    var on: Bool?
    var session: UInt32?
    var volume: Double?
    var relay: Bool?
    var uplink: Int?
    var device: Int?
  }

  /// Both kinds of fields in one object.
  private struct Both: Codable {
    var own: Fields
    var stage: StageRequest.Fields

    init(_ own: Fields, _ stage: StageRequest.Fields) {
      (self.own, self.stage) = (own, stage)
    }

    init(from decoder: any Decoder) throws {
      own = try Fields(from: decoder)
      stage = try StageRequest.Fields(from: decoder)
    }

    func encode(to encoder: any Encoder) throws {
      try own.encode(to: encoder)
      try stage.encode(to: encoder)
    }
  }

  private var fields: Fields {
    switch self {
    case .id: return Fields(request: "id")
    case .status: return Fields(request: "status")
    case .rooms: return Fields(request: "rooms")
    case .stop: return Fields(request: "stop")
    case .create(let title, let access, let name):
      return Fields(
        request: "room.create", title: title, access: access.text, name: name)
    case .join(let invite, let name):
      return Fields(request: "join", name: name, link: invite.text)
    case .joinListed(let room, let name):
      return Fields(request: "join", name: name, room: room)
    case .leave(let room): return Fields(request: "leave", room: room)
    case .invite(let room, let lifetime):
      return Fields(request: "invite", room: room, lifetime: lifetime)
    case .connect(let address, let waits):
      return Fields(request: "connect", address: address.text, wait: waits ? nil : false)
    case .speak(let room, let bitrate, let milliseconds):
      return Fields(request: "speak", room: room, bitrate: bitrate, duration: milliseconds)
    case .listen(let room): return Fields(request: "listen", room: room)
    case .frames(let room): return Fields(request: "frames", room: room)
    case .persona(let invite): return Fields(request: "persona", link: invite.text)
    case .events(let room): return Fields(request: "events", room: room)
    case .stage(let room, let request): return Fields(request: request.name, room: room)
    default: return liveFields
    }
  }

  private static func request(_ fields: Fields) throws(ControlError) -> ControlRequest {
    if let name = fields.name, name.utf8.count > Limits.nameBytes {
      throw ControlError(.malformed, "A name has at most \(Limits.nameBytes) bytes.")
    }
    switch fields.request {
    case "id": return .id
    case "status": return .status
    case "rooms": return .rooms
    case "stop": return .stop
    case "room.create": return try create(fields)
    case "join": return try join(fields)
    case "leave": return .leave(fields.room)
    case "invite": return try invite(fields)
    case "connect": return try connect(fields)
    case "speak": return try speak(fields)
    case "listen": return .listen(fields.room)
    case "frames": return .frames(fields.room)
    case "persona":
      guard case .join(let invite, _) = try join(fields) else {
        throw ControlError(.missing, "This needs a link.")
      }
      return .persona(invite)
    case "events": return .events(fields.room)
    default: return try liveRequest(fields)
    }
  }

  private static func block(
    _ own: Fields, _ stage: StageRequest.Fields
  ) throws(ControlError) -> Block? {
    guard own.request != "blocks" else { return .list }
    guard own.request == "block" || own.request == "unblock" else { return nil }
    guard let person = stage.person, !person.isEmpty else {
      throw ControlError(.missing, "This needs a person.")
    }
    return .set(own.room, person: person, own.request == "block")
  }

  private static func create(_ fields: Fields) throws(ControlError) -> ControlRequest {
    guard let title = fields.title, !title.isEmpty else {
      throw ControlError(.missing, "A room needs a title.")
    }
    guard title.utf8.count <= Limits.titleBytes else {
      throw ControlError(.malformed, "A title has at most \(Limits.titleBytes) bytes.")
    }
    let access: Access
    switch fields.access ?? "social" {
    case "social": access = .social
    case "open": access = .open
    case "closed": access = .closed
    default: throw ControlError(.malformed, "Access is \"open\", \"social\" or \"closed\".")
    }
    return .create(title: title, access: access, name: fields.name)
  }

  private static func join(_ fields: Fields) throws(ControlError) -> ControlRequest {
    if let link = fields.link {
      do throws(WireError) {
        return .join(try Invite(text: link), name: fields.name)
      } catch {
        throw ControlError(link: error)
      }
    }
    guard let room = fields.room else {
      throw ControlError(.missing, "Joining needs a link, or the id of a listed room.")
    }
    return .joinListed(room: room, name: fields.name)
  }

  private static func invite(_ fields: Fields) throws(ControlError) -> ControlRequest {
    if let lifetime = fields.lifetime, !lifetimes.contains(lifetime) {
      throw ControlError(.malformed, "A link's lifetime is 60 to 604800 seconds.")
    }
    return .invite(fields.room, lifetime: fields.lifetime)
  }

  private static func connect(_ fields: Fields) throws(ControlError) -> ControlRequest {
    guard let text = fields.address else {
      throw ControlError(.missing, "Connecting needs a peer address.")
    }
    guard let address = try? PeerAddress(text: text) else {
      throw ControlError(.badAddress, "This is not a peer address (starling://key@host:port).")
    }
    return .connect(address, waits: fields.wait ?? true)
  }

  private static func speak(_ fields: Fields) throws(ControlError) -> ControlRequest {
    let bitrate = fields.bitrate ?? standardBitrate
    let duration = fields.duration ?? 20
    guard bitrates.contains(bitrate), [20, 40, 60].contains(duration) else {
      throw ControlError(
        .badSound, "Speech has 6000 to 32000 bit/s in frames of 20, 40 or 60 ms.")
    }
    return .speak(fields.room, bitrate: bitrate, milliseconds: duration)
  }

  /// What Opus is offered with (`Voice/Codec/OpusEncoder.swift`).
  static let bitrates = 6_000...32_000
  static let standardBitrate = 24_000
  /// A minute to the longest life of a room.
  private static let lifetimes = 60...Int(Limits.roomLifetimeSeconds)
}
