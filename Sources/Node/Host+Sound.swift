// Sound in and out: talkers become frames, frames become blocks for listeners, each when due.
import Mesh
import Voice
import Wire

/// Sound in and out: talkers paced, listeners fed, frames traced.
extension Host {
  /// When the next frame is to be made or played, in boot time.
  var nextSound: Int64? {
    let talking = (talkers.values.map(\.due) + liveTalkers.values.map(\.due)).min()
    let listening = listenings.values.map(\.due).min()
    guard let talking else { return listening }
    guard let listening else { return talking }
    return min(talking, listening)
  }

  /// Makes and plays what is due.
  func runSound(at now: Instant) {
    let moment = clock.bootTime(now)
    for (id, talker) in talkers where talker.due <= moment { speakNext(id, talker, at: now) }
    runLiveTalk(at: now)
    for (room, listening) in listenings where listening.due <= moment {
      let block = listening.next(at: moment)
      for id in listening.clients {
        clients[id]?.sendSound(block.bytes(for: id))
        flush(id)
      }
      tellLevels(room, listening)
      if listening.clients.isEmpty {
        listenings[room] = nil
        if watchers[room]?.isEmpty != false { perform(.listen(room, false)) }
      }
    }
  }

  /// A frame of somebody else arrived.
  func hear(_ heard: Heard) {
    let now = clock.now
    listenings[heard.room]?.hear(heard, at: clock.bootTime(now))
    watch(heard.room, "heard", heard.session, heard.counter, at: now)
  }

  /// Puts a client on stage.
  ///
  /// Throws what the mesh refused.
  func beginTalk(
    _ id: Int, room: RoomID, bitrate: Int, milliseconds: Int
  ) throws(ControlError) {
    guard !isSpeaking(in: room) else {
      throw ControlError(.alreadySpeaking, "This node is speaking in that room already.")
    }
    guard let duration = UInt8(exactly: milliseconds).flatMap(Mesh.FrameDuration.init),
      let talker = try? Talker(
        room: room, bitrate: bitrate, duration: duration, at: clock.bootTime(clock.now))
    else { throw ControlError(.badSound, "The encoder does not take these settings.") }
    let events = perform(
      .startSpeaking(room, duration: duration, payload: talker.payloadSize))
    for case .refused(let refusal, _) in events { throw ControlError(refusal) }
    talkers[id] = talker
    clients[id]?.mode = .speaking
    arm()
  }

  /// Takes a client off the stage and tells it what was said.
  func endTalk(_ id: Int) {
    guard let talker = talkers.removeValue(forKey: id) else { return }
    perform(.stopSpeaking(talker.room))
    guard let client = clients[id] else { return }
    client.isLeaving = true
    _ = client.send(Line.encode(SpokenReport(frames: talker.spoken, silent: talker.silent)))
    flush(id)
  }

  /// The client sent samples.
  func soundCame(_ id: Int) {
    guard let talker = talkers[id], let client = clients[id] else { return }
    guard client.inputCount >= talker.frameBytes || client.hasEnded else { return }
    talker.begin(at: clock.bootTime(clock.now))
    arm()
  }

  /// Somebody took the right to speak away.
  func silenced(_ room: RoomID) {
    for (id, talker) in talkers where talker.room == room { endTalk(id) }
    for (id, talker) in liveTalkers where talker.room == room { endLiveTalk(id, tells: true) }
  }

  /// This node is no longer in `room`.
  func left(_ room: RoomID) {
    nextCounters[room] = nil
    for (id, talker) in talkers where talker.room == room { endTalk(id) }
    for (id, talker) in liveTalkers where talker.room == room { endLiveTalk(id, tells: true) }
    for id in listenings.removeValue(forKey: room)?.clients ?? [] {
      if clients[id]?.isFramed == true {
        answer(id, EndedReport(.hear, room: room.text))
      } else {
        leave(id)
      }
    }
    for id in watchers.removeValue(forKey: room) ?? [] { leave(id) }
  }

  private func speakNext(_ id: Int, _ talker: Talker, at now: Instant) {
    guard let client = clients[id] else {
      endTalk(id)
      return
    }
    switch talker.next(from: client, at: clock.bootTime(now)) {
    case .done:
      endTalk(id)
    case .frame(let payload, let level):
      say(talker.room, payload: payload, level: level, at: now)
      readMore(id)
    }
  }

  /// One frame into a room, told to those who watch frames.
  @discardableResult
  func say(_ room: RoomID, payload: [UInt8], level: UInt8, at now: Instant) -> [Event] {
    let counter = nextCounters[room] ?? Limits.firstCounter
    nextCounters[room] = counter + 1
    let events = perform(.speak(room, payload: payload, level: level))
    if let session = watchedSession(room) { watch(room, "sent", session, counter, at: now) }
    return events
  }

  private func watchedSession(_ room: RoomID) -> SessionID? {
    guard watchers[room]?.isEmpty == false else { return nil }
    return status().rooms.first { $0.id == room }?.me
  }

  private func watch(
    _ room: RoomID, _ what: String, _ session: SessionID, _ counter: UInt32, at now: Instant
  ) {
    guard let ids = watchers[room] else { return }
    let line = Array(
      """
      {"ctr":\(counter),"s":"\(what)","sid":\(session.raw),"t":\(now.nanoseconds)}

      """.utf8)
    for id in ids {
      guard let client = clients[id], client.send(line) else {
        dropClient(id)
        continue
      }
      flush(id)
    }
  }
}
