package import Keys
import OrderedCollections
package import Wire

/// What a member that means harm can do: say anything to its neighbours that it likes. For tests
/// and worlds that show what the others make of it; nothing in a node calls this.
extension Participant {
  /// Sends a record to every neighbour in the room. `body` gets the neighbour's number for it.
  package mutating func utter(
    _ type: MessageType, in room: RoomID, at now: Instant, into effects: inout Effects,
    _ body: (RoomTag) -> [UInt8]
  ) {
    within(room, at: now, into: &effects) { room, ctx in
      for peer in room.links.values { ctx.send(type, body(peer.theirTag), on: peer.link) }
    }
  }

  /// Sends frames nobody asked for, as media goes: at once, padded to a cell.
  package mutating func utter(
    frame counter: UInt32, of session: SessionID, body: [UInt8], in room: RoomID, at now: Instant,
    into effects: inout Effects
  ) {
    within(room, at: now, into: &effects) { room, ctx in
      let step = room.stream(of: session)?.step(of: counter) ?? 0
      for peer in room.links.values {
        var record: [UInt8] = []
        MediaHead(
          tag: peer.theirTag, session: session, counter: counter, hasPrevious: false,
          repaired: false, step: step, previousStep: 0
        ).append(to: &record)
        record += body + [UInt8](repeating: 0, count: body.count)
        ctx.links.sendNow(record, on: peer.link, at: ctx.now, into: &ctx.effects)
      }
    }
  }

  /// Sends frames of its own making under a speaker's key to all it feeds: from `ahead` frames
  /// beyond the newest one that is here.
  package mutating func impersonate(
    _ session: SessionID, ahead: UInt32, count: UInt32, in room: RoomID, at now: Instant,
    into effects: inout Effects
  ) {
    within(room, at: now, into: &effects) { room, ctx in
      guard let stream = room.stream(of: session) else { return }
      for counter in stream.highest + ahead..<stream.highest + ahead + count {
        room.impersonate(counter, of: stream, &ctx)
      }
    }
  }

  /// Sends frames that were sent long since, as they were, to every neighbour: up to `count` of
  /// each speaker, the oldest that are still at hand.
  package mutating func repeatFrames(
    _ count: UInt32, in room: RoomID, at now: Instant, into effects: inout Effects
  ) {
    within(room, at: now, into: &effects) { room, ctx in
      for stream in room.streams where !stream.isOwn && stream.highest > count {
        let oldest = stream.highest - min(stream.highest, UInt32(ctx.settings.frames.ring) - 1)
        for counter in oldest..<oldest + count { room.repeatFrame(counter, of: stream, &ctx) }
      }
    }
  }

  /// Asks every neighbour for everything there is to ask for, and for a place among its neighbours
  /// that it may not refuse.
  package mutating func pester(
    in room: RoomID, at now: Instant, into effects: inout Effects
  ) {
    within(room, at: now, into: &effects) { room, ctx in
      for peer in room.links.values { room.pester(peer.link, &ctx) }
    }
  }

  /// Asks everybody in the room for a place among its neighbours, as one may who has none left.
  package mutating func crowdIn(
    in room: RoomID, at now: Instant, into effects: inout Effects
  ) {
    within(room, at: now, into: &effects) { room, ctx in
      for member in room.roster.members.values where member.session != room.me.session {
        room.reach(member.introduction.contact, for: [.neighbour, .alone], &ctx)
      }
    }
  }

  /// Says the same of itself again and again, each time as news and rightly signed: that it is
  /// there (``MessageType/presence``), who it is (``MessageType/member``), or that it speaks under
  /// another key (``MessageType/keyAnnouncement``).
  package mutating func chatter(
    _ type: MessageType, _ times: Int, in room: RoomID, at now: Instant, into effects: inout Effects
  ) {
    within(room, at: now, into: &effects) { room, ctx in
      for _ in 0..<times {
        switch type {
        case .member: room.moved(to: ctx.contact, &ctx)
        case .keyAnnouncement:
          if let talker = room.talker { try? room.renewKey(talker, &ctx) }
        default: room.publish(&ctx) { _ in }
        }
      }
    }
  }

  /// Lends the keys of speakers that are held, for tests that look for them where none should be.
  package borrowing func betray(in room: RoomID, _ body: (borrowing Secret) -> Void) {
    guard let room = rooms.first(where: { $0.id == room }) else { return }
    for speaker in room.keyring.speakers.values {
      for chain in speaker.chains {
        chain.withBase { body($0) }
        chain.withFrameKeys(body)
      }
    }
  }

  /// The same for what a room and its links have that is nobody's but ours.
  package borrowing func betrayOwn(in room: RoomID, _ body: (borrowing Secret) -> Void) {
    rooms.first { $0.id == room }?.me.withSeed(body)
    ctx.hybrid.lend(body)
  }

  /// The same for the secret of the link by which it came in; nil without one.
  package borrowing func betrayEntry(to room: RoomID) -> Bytes16? {
    rooms.first { $0.id == room }?.secret
  }

  /// Puts a made-up key in the place of a speaker's, to be handed on as if it were the speaker's:
  /// of its next step, which nothing but a frame can disprove, or of its first.
  package mutating func spoilKey(
    of session: SessionID, in room: RoomID, fromItsStart: Bool, at now: Instant,
    into effects: inout Effects
  ) {
    within(room, at: now, into: &effects) { room, ctx in
      guard let genuine = room.keyring.newest(of: session),
        let base = try? Secret(random: &ctx.entropy),
        let madeUp = try? Chain(
          session: session, generation: genuine.generation, counterStart: genuine.counterStart,
          step: fromItsStart ? 0 : genuine.step + 1, base: base, isProven: true, source: nil,
          settings: ctx.settings.keys)
      else { return }
      room.keyring.hold(madeUp, keep: ctx.settings.keys.generationsKept)
    }
  }
}
