// What each request of the control socket does.
import Logging
import Mesh
package import Wire

/// What clients ask for, one by one.
extension Host {
  /// Carries out a request of client `id`, which is answered now or later.
  func carryOut(_ request: ControlRequest, for id: Int) throws(ControlError) {
    switch request {
    case .id: answer(id, introduction)
    case .status: answer(id, report)
    case .doctor: answer(id, examination.report)
    case .rooms: answer(id, RoomsReport(rooms: roomList))
    case .stop:
      try refuseDevices(id)
      answer(id, DoneReport())
      askedToStop()
    case .create(let title, let access, let name):
      wait(id, nil, .create(title: title, access: access, name: name ?? identity.name))
    case .join(let invite, let name):
      wait(id, invite.room, .join(invite, name: name ?? identity.name))
    case .joinListed(let text, let name):
      let room = try listedRoom(text)
      wait(id, room, .joinListed(room, name: name ?? identity.name))
    case .leave(let name):
      let events = perform(.leave(try room(name)))
      for case .refused(let refusal, _) in events { throw ControlError(refusal) }
      answer(id, DoneReport())
    case .invite(let name, let lifetime):
      answer(id, try invitation(try room(name), lifetime))
    case .connect(let address, let waits): connect(address, waits: waits, for: id)
    case .speak(let name, let bitrate, let milliseconds):
      try beginTalk(id, room: try room(name), bitrate: bitrate, milliseconds: milliseconds)
      answer(id, SoundReport())
    case .listen(let name): listen(id, try room(name))
    case .persona(let invite):
      guard let person = participant.persona(in: invite.room) else {
        throw ControlError(Refusal.memoryFull)
      }
      answer(id, PersonaReport(person: person.text))
    case .messages, .features, .settings, .hear, .talk, .stopHearing, .stopTalking, .mute, .volume:
      try carryOutLive(request, for: id)
    case .pairDevice, .devices, .revokeDevice: try carryOutPairing(request, for: id)
    case .stage(let name, let request): try carryOut(request, in: try room(name), for: id)
    case .block(let request): try carryOut(request, for: id)
    case .events(let name):
      let room: RoomID? = if let name { try room(name) } else { nil }
      // Messages leave room for requests beside the events.
      if clients[id]?.isFramed != true { clients[id]?.mode = .following }
      followers[id] = .some(room)
      answer(id, DoneReport())
    case .frames(let name):
      let room = try room(name)
      clients[id]?.mode = .watching(room)
      watchers[room, default: []].insert(id)
      perform(.listen(room, true))
      answer(id, DoneReport())
    }
  }

  /// What a page asks for over the messages of its connection.
  private func carryOutLive(_ request: ControlRequest, for id: Int) throws(ControlError) {
    switch request {
    case .messages(let device): changeToMessages(id, device)
    case .features: answer(id, features)
    case .settings(let relays, let uplink): answer(id, try give(relays: relays, uplink: uplink))
    case .hear(let name, let format): try hear(id, try room(name), format)
    case .talk(let name, let format, let bitrate):
      try beginLiveTalk(id, try room(name), format, bitrate: bitrate)
    case .stopHearing:
      stopHearing(id)
      answer(id, DoneReport())
    case .stopTalking:
      endLiveTalk(id)
      answer(id, DoneReport())
    case .mute(let isMuted):
      try mute(id, isMuted)
      answer(id, DoneReport())
    case .volume(let name, let session, let volume):
      try setVolume(try room(name), session, volume)
      answer(id, DoneReport())
    default: break
    }
  }

  /// Opens a link to a peer address; the name is looked up elsewhere meanwhile.
  ///
  /// `named`: a person wants to know when nobody answers. `client` is told either way.
  package func connect(
    _ address: PeerAddress, named isNamed: Bool = false, for client: Int? = nil
  ) async -> Bool {
    let endpoints =
      looksUpNames
      ? await Resolver.resolve(host: address.host, port: address.port)
      : Endpoint(host: address.host, port: address.port).map { [$0] } ?? []
    guard !endpoints.isEmpty || address.tunnel != nil else { return false }
    let node = address.node
    if isNamed { named.insert(node) }
    if let client, clients[client] != nil {
      waitingLinks.append(WaitingLink(client: client, node: node))
    }
    perform(
      .connect(
        Contact(
          node: node, token: address.token, endpoints: endpoints, tunnel: address.tunnel)))
    if status().peers.contains(where: { $0.node == node }) { linked(node) }
    return true
  }

  private func connect(_ address: PeerAddress, waits: Bool, for id: Int) {
    clients[id]?.mode = .waiting
    Task {
      guard await connect(address, named: true, for: waits ? id : nil) else {
        answer(id, error: ControlError(.unknownHost, "The host \(address.host) is not known."))
        return
      }
      if !waits { answer(id, DoneReport()) }
    }
  }

  private func wait(_ id: Int, _ room: RoomID?, _ command: Command) {
    clients[id]?.mode = .waiting
    waitingJoins.append(WaitingJoin(client: id, room: room))
    perform(command)
  }

  private func listen(_ id: Int, _ room: RoomID) {
    answer(id, SoundReport())
    guard let client = clients[id] else { return }
    client.mode = .listening(room)
    let listening = listenings[room] ?? Listening(at: clock.bootTime(clock.now))
    listening.add(id)
    listenings[room] = listening
    perform(.listen(room, true))
    arm()
  }

  private func invitation(_ room: RoomID, _ lifetime: Int?) throws(ControlError) -> InviteReport {
    let lifetime = lifetime.map { Duration.seconds($0) }
    guard let invite = participant.invite(to: room, lifetime: lifetime) else {
      throw ControlError(.notIn, "This node has no link to that room to give.")
    }
    return InviteReport(link: invite.text)
  }

  // MARK: Names

  /// The room a person means: by its title, by the beginning of its id, or the only one.
  func room(_ name: String?) throws(ControlError) -> RoomID {
    let rooms = status().rooms
    let matches = name.map { name in
      rooms.filter { $0.title == name || Self.isPrefix(name, of: $0.id) }
    }
    let found = matches ?? rooms
    guard let first = found.first else {
      throw ControlError(
        .notIn, rooms.isEmpty ? "This node is in no room." : "This node is not in that room.")
    }
    guard found.count == 1 else {
      throw ControlError(.whichRoom, "Say which room: there are \(found.count).")
    }
    return first.id
  }

  private func listedRoom(_ name: String) throws(ControlError) -> RoomID {
    let found = status().listings.filter { $0.title == name || Self.isPrefix(name, of: $0.room) }
    guard let first = found.first else {
      throw ControlError(.noSuchRoom, "No such room is listed here.")
    }
    guard found.count == 1 else {
      throw ControlError(.whichRoom, "Say which room: there are \(found.count).")
    }
    return first.room
  }

  /// Four digits at least, or every title that is a digit would name a room.
  private static func isPrefix(_ name: String, of room: RoomID) -> Bool {
    name.utf8.count >= 4 && room.text.hasPrefix(name.lowercased())
  }
}
