// Clients that speak in messages: requests at any time, sound beside them.
import Mesh
import Voice
import Wire

/// Requests of connections that carry messages: live hearing and talking, and what the page sets.
extension Host {
  /// Takes what a client of messages sent, as far as it is complete.
  func readMessages(_ id: Int) {
    while let client = clients[id], case .lines = client.mode, !client.isLeaving {
      switch client.takeMessage() {
      case .none:
        if client.hasEnded { client.isLeaving = true }
        return
      case .broken:
        client.isLeaving = true
        return answer(id, error: ControlError(.malformed, "This is no message."))
      case .sound(let bytes):
        talkCame(id, bytes)
      case .text(let text):
        do throws(ControlError) {
          let request = try ControlRequest(line: text)
          guard !request.isStream else {
            throw ControlError(.unknownRequest, "Messages carry hear and talk instead.")
          }
          try carryOut(request, for: id)
        } catch {
          answer(id, error: error)
        }
      }
    }
  }

  /// From the next byte on, the connection carries messages.
  func changeToMessages(_ id: Int, _ device: Int?) {
    answer(id, DoneReport())
    clients[id]?.isFramed = true
    clients[id]?.device = device
  }

  var features: FeaturesReport {
    FeaturesReport(
      features: ["hear", "talk", "volume", "settings", "stage", "events", "react"]
        + (devices == nil ? [] : ["devices"]))
  }

  /// Changes what this node gives to others, and tells what that is now.
  func give(relays: Bool?, uplink: Int?) throws(ControlError) -> SettingsReport {
    if let uplink, status().cover != nil, CoverSettings().links(of: uplink) == 0 {
      throw ControlError(.malformed, CoverSettings().refusal(of: uplink))
    }
    if relays != nil || uplink != nil {
      capacity.relays = relays ?? capacity.relays
      capacity.uplink = uplink ?? capacity.uplink
      perform(.give(capacity))
    }
    return SettingsReport(
      name: identity.name, relay: capacity.relays, uplink: capacity.uplink)
  }

  // MARK: Hearing

  /// A connection hears one room; asked again, another.
  func hear(_ id: Int, _ room: RoomID, _ format: SoundFormat) throws(ControlError) {
    guard let client = clients[id], client.isFramed else {
      throw ControlError(.malformed, "Ask for messages first.")
    }
    for (other, listening) in listenings where other != room { listening.remove(id) }
    let listening = listenings[room] ?? Listening(at: clock.bootTime(clock.now))
    guard listening.add(id, format) else {
      throw ControlError(.badSound, "The encoder does not start.")
    }
    listenings[room] = listening
    answer(id, LiveReport(room: room.text, format: format))
    perform(.listen(room, true))
    arm()
  }

  func stopHearing(_ id: Int) {
    for listening in listenings.values { listening.remove(id) }
  }

  /// Tells clients of messages who sounds, with every fifth block.
  func tellLevels(_ room: RoomID, _ listening: Listening) {
    guard let talkers = listening.levels() else { return }
    for id in listening.clients where clients[id]?.isFramed == true {
      answer(id, LevelsReport(room: room.text, talkers: talkers))
    }
  }

  func setVolume(_ room: RoomID, _ session: UInt32, _ volume: Double) throws(ControlError) {
    guard let listening = listenings[room] else {
      throw ControlError(.notIn, "Nobody at this node hears that room.")
    }
    listening.setVolume(Float(volume), of: session)
  }

  // MARK: Talking

  /// Puts a client on stage, live.
  func beginLiveTalk(
    _ id: Int, _ room: RoomID, _ format: SoundFormat, bitrate: Int
  ) throws(ControlError) {
    guard clients[id]?.isFramed == true else {
      throw ControlError(.malformed, "Ask for messages first.")
    }
    guard liveTalkers[id] == nil, !isSpeaking(in: room) else {
      throw ControlError(.alreadySpeaking, "This node is speaking in that room already.")
    }
    guard
      let talker = try? LiveTalker(
        room: room, format: format, bitrate: bitrate, at: clock.bootTime(clock.now))
    else { throw ControlError(.badSound, "The encoder does not take these settings.") }
    let events = perform(
      .startSpeaking(room, duration: .ms20, payload: talker.payloadSize))
    for case .refused(let refusal, _) in events { throw ControlError(refusal) }
    liveTalkers[id] = talker
    answer(id, LiveReport(room: room.text, format: format))
    arm()
  }

  /// One person speaks for a node in a room, whatever the client.
  func isSpeaking(in room: RoomID) -> Bool {
    talkers.values.contains { $0.room == room } || liveTalkers.values.contains { $0.room == room }
  }

  /// Takes a live client off the stage; `told` when that was not its own wish.
  func endLiveTalk(_ id: Int, told code: ControlError.Code? = nil, tells: Bool = false) {
    guard let talker = liveTalkers.removeValue(forKey: id) else { return }
    perform(.stopSpeaking(talker.room))
    guard tells else { return }
    answer(id, EndedReport(.talk, room: talker.room.text, code: code))
  }

  func mute(_ id: Int, _ isMuted: Bool) throws(ControlError) {
    guard let talker = liveTalkers[id] else {
      throw ControlError(.notSpeaking, "This connection is not speaking.")
    }
    // Who presses the key wants to be heard: a fourth voice waits otherwise.
    if talker.isMuted, !isMuted { perform(.takeTurn(talker.room)) }
    talker.isMuted = isMuted
  }

  /// Silence in place of what did not come.
  func runLiveTalk(at now: Instant) {
    let moment = clock.bootTime(now)
    for (id, talker) in liveTalkers {
      while talker.due <= moment, let frame = talker.silence(at: moment) {
        guard sayLive(id, talker, frame, at: now) else { break }
      }
    }
  }

  private func talkCame(_ id: Int, _ bytes: [UInt8]) {
    guard let talker = liveTalkers[id] else { return }
    let now = clock.now
    guard let frame = talker.take(bytes, at: clock.bootTime(now)) else { return }
    _ = sayLive(id, talker, frame, at: now)
    arm()
  }

  /// False when the mesh took the client off the stage.
  private func sayLive(
    _ id: Int, _ talker: LiveTalker, _ frame: LiveTalker.Frame, at now: Instant
  ) -> Bool {
    let events = say(talker.room, payload: frame.payload, level: frame.level, at: now)
    for case .refused(let refusal, _) in events {
      endLiveTalk(id, told: ControlError.Code(rawValue: refusal.rawValue), tells: true)
      return false
    }
    return true
  }
}
