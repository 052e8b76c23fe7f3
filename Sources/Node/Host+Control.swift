// The control socket: clients come, send lines, are answered, go.
import Logging
import Mesh
import Wire

/// The control socket: clients come, ask line by line, and go.
extension Host {
  /// Opens the control socket.
  package func openControl(at path: String) throws {
    let listener = try UnixSocket.listen(at: path)
    let raw = listener.raw
    self.listener = consume listener
    controlPath = path
    try loop.watch(raw, for: .reading) { [weak self] _ in
      self?.assumeIsolated { $0.clientsCame(raw) }
    }
  }

  func closeControl() {
    for id in clients.keys.sorted() {
      _ = clients[id]?.flush()
      dropClient(id)
    }
    if let raw = listener?.raw { loop.unwatch(raw) }
    listener = nil
    if let controlPath { StoredFile.remove(controlPath) }
  }

  /// Writes what is queued for a client and lets it go when that was the last.
  func flush(_ id: Int) {
    guard let client = clients[id] else { return }
    guard client.flush() else {
      dropClient(id)
      return
    }
    if client.isLeaving && !client.wantsToWrite {
      client.shut()
      if client.hasEnded { return dropClient(id) }
    }
    updateInterest(client)
  }

  /// Room was made in a client's buffer.
  func readMore(_ id: Int) {
    guard let client = clients[id] else { return }
    updateInterest(client)
  }

  /// Lets a client go once it has read everything.
  func leave(_ id: Int) {
    clients[id]?.isLeaving = true
    flush(id)
  }

  func answer(_ id: Int, _ report: some Encodable) {
    guard let client = clients[id] else { return }
    guard client.send(Line.encode(report)) else {
      dropClient(id)
      return
    }
    flush(id)
    guard case .waiting = client.mode else { return }
    client.mode = .lines
    readLines(id)
  }

  func answer(_ id: Int, error: ControlError) { answer(id, error as ControlError) }

  func dropClient(_ id: Int) {
    guard let client = clients.removeValue(forKey: id) else { return }
    loop.unwatch(client.raw)
    endTalk(id)
    endLiveTalk(id)
    followers[id] = nil
    waitingJoins.removeAll { $0.client == id }
    waitingLinks.removeAll { $0.client == id }
    for listening in listenings.values { listening.remove(id) }
    for room in watchers.keys { watchers[room]?.remove(id) }
  }

  // MARK: What clients do

  private func clientsCame(_ raw: Int32) {
    while let descriptor = UnixSocket.accept(raw) {
      let client = ControlClient(descriptor)
      let id = nextClient
      nextClient += 1
      counters.count("control.clients")
      guard clients.count < Self.mostClients else {
        _ = client.send(
          Line.encode(ControlError(.tooManyClients, "This node is talking to too many programs.")))
        _ = client.flush()
        continue
      }
      let watching: ()? = try? loop.watch(client.raw, for: .reading) { [weak self] readiness in
        self?.assumeIsolated { $0.clientIsReady(id, readiness) }
      }
      if watching != nil { clients[id] = client }
    }
  }

  private func clientIsReady(_ id: Int, _ readiness: EventLoop.Readiness) {
    guard let client = clients[id] else { return }
    // A client that is gone altogether will not read what it asked for.
    guard !readiness.contains(.broken), client.fill() else {
      dropClient(id)
      return
    }
    switch client.mode {
    case _ where client.isLeaving: break
    case .lines: readLines(id)
    case .speaking: soundCame(id)
    case .waiting, .listening, .watching, .following: break
    }
    flush(id)
  }

  private func readLines(_ id: Int) {
    // A request answered at once leads back here.
    guard let reader = clients[id], !reader.isReading else { return }
    reader.isReading = true
    defer { reader.isReading = false }
    while let client = clients[id], case .lines = client.mode, !client.isLeaving {
      if client.isFramed { return readMessages(id) }
      if client.hasEndlessLine {
        client.isLeaving = true
        answer(id, error: ControlError(.lineTooLong, "A request has at most 64 kB."))
        return
      }
      guard let line = client.takeLine() else {
        if client.hasEnded { client.isLeaving = true }
        return
      }
      if line.isEmpty { continue }
      do throws(ControlError) {
        try carryOut(try ControlRequest(line: line), for: id)
      } catch {
        answer(id, error: error)
      }
    }
  }

  private func updateInterest(_ client: ControlClient) {
    var interest: EventLoop.Readiness = []
    if !client.hasEnded && !client.isFull { interest.insert(.reading) }
    if client.wantsToWrite { interest.insert(.writing) }
    loop.change(client.raw, to: interest)
  }

  /// A page, a terminal and some scripts; the rest is somebody's loop.
  private static let mostClients = 64
}
