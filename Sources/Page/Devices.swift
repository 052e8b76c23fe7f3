// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Keys
package import NIOCore
package import Node
import Synchronization
import Wire

/// Who may use the page from elsewhere: one code at a time lets one device in, which from then on
/// shows a token of its own until it is revoked.
package final class Devices: DeviceKeeper, Sendable {
  /// What a new device gets.
  package struct Pass: Codable, Sendable {
    package var device: Int
    package var token: String
  }

  /// Why it gets none.
  package enum Refusal: String, Error, Codable, Sendable {
    /// No code is live.
    case none
    case wrong
    /// As many devices are paired as may be.
    case full
    /// The list cannot be written.
    case disk
  }

  private struct Offer {
    let code: PairingCode
    let end: Int64
    var tries = Devices.mostTries
  }

  private struct State {
    var list: DeviceList
    var offer: Offer?
    var open: [Int: [ObjectIdentifier: any Channel]] = [:]
  }

  private let state: Mutex<State>
  private let path: String
  private let fingerprint: String
  private let now: @Sendable () -> Int64
  /// The page's address, once it is known.
  private let link = Mutex("")

  /// The devices of this data directory; `now` in milliseconds since 1970.
  package init(
    folder: String, fingerprint: String,
    now: @escaping @Sendable () -> Int64 = Devices.wallClock
  ) {
    path = folder + "/page-devices"
    state = Mutex(State(list: DeviceList.load(path)))
    self.fingerprint = fingerprint
    self.now = now
  }

  package static func wallClock() -> Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }

  package func reached(at link: String) { self.link.withLock { $0 = link } }

  package var isEmpty: Bool { state.withLock { $0.list.entries.isEmpty } }

  // MARK: Pairing

  package func offer() throws(ControlError) -> PairingReport {
    let code = PairingCode()
    let end = now() + Self.life
    let isFull = state.withLock { state in
      guard state.list.entries.count < DeviceList.most else { return true }
      state.offer = Offer(code: code, end: end)
      return false
    }
    guard !isFull else {
      throw ControlError(
        .tooManyDevices, "\(DeviceList.most) devices are paired; revoke one of them first.")
    }
    let place = link.withLock { $0 }
    return PairingReport(
      letters: code.text, link: "\(place)#pair=\(code.text)", fingerprint: fingerprint,
      seconds: Int(Self.life / 1_000))
  }

  /// A device shows a code.
  ///
  /// Each try counts, and the right one ends the code.
  package func pair(_ typed: String, name: String) throws(Refusal) -> Pass {
    let moment = now()
    return try state.withLock { state throws(Refusal) -> Pass in
      guard var offer = state.offer, moment < offer.end else {
        state.offer = nil
        throw Refusal.none
      }
      guard offer.code.matches(typed) else {
        offer.tries -= 1
        state.offer = offer.tries > 0 ? offer : nil
        throw Refusal.wrong
      }
      state.offer = nil
      guard state.list.entries.count < DeviceList.most else { throw Refusal.full }
      return try add(Self.tidy(name), moment, &state)
    }
  }

  private func add(
    _ name: String, _ moment: Int64, _ state: inout State
  ) throws(Refusal) -> Pass {
    var entropy = Entropy.system
    let token = Base64.url.encode(entropy.fill(Self.tokenBytes))
    var list = state.list
    let device = list.next
    list.next += 1
    list.entries.append(
      DeviceList.Entry(
        device: device, name: name, hash: Base64.url.encode(Self.hash(token)), paired: moment,
        seen: moment))
    do throws(Failure) {
      try list.save(path)
    } catch {
      throw Refusal.disk
    }
    state.list = list
    return Pass(device: device, token: token)
  }

  // MARK: Coming and going

  /// The device whose token this is; its connection is cut when it is revoked.
  package func admit(_ token: String, on channel: any Channel) -> Int? {
    let shown = Self.hash(token)
    let moment = now()
    let device = state.withLock { state -> Int? in
      // All are looked at, whichever it is.
      var found: Int?
      for (index, entry) in state.list.entries.enumerated() {
        let known = (try? Base64.url.decode(entry.hash)) ?? []
        if Self.equal(known, shown) { found = index }
      }
      guard let found else { return nil }
      let device = state.list.entries[found].device
      state.open[device, default: [:]][ObjectIdentifier(channel)] = channel
      let isAnotherDay = moment / Self.day != state.list.entries[found].seen / Self.day
      state.list.entries[found].seen = moment
      // The day is enough for a person, and saves the disk.
      if isAnotherDay { try? state.list.save(path) }
      return device
    }
    guard let device else { return nil }
    channel.closeFuture.whenComplete { [self] _ in
      state.withLock { _ = $0.open[device]?.removeValue(forKey: ObjectIdentifier(channel)) }
    }
    return device
  }

  package func isPaired(_ device: Int) -> Bool {
    state.withLock { $0.list.entries.contains { $0.device == device } }
  }

  package func list() -> DevicesReport {
    let moment = now()
    return state.withLock { state in
      if let offer = state.offer, moment >= offer.end { state.offer = nil }
      return DevicesReport(
        devices: state.list.entries.map {
          DevicesReport.Device(
            device: $0.device, name: $0.name, paired: $0.paired, seen: $0.seen,
            open: state.open[$0.device]?.count ?? 0)
        }, most: DeviceList.most,
        pairing: state.offer.map {
          DevicesReport.Pairing(
            seconds: Int(($0.end - moment + 999) / 1_000), tries: $0.tries)
        })
    }
  }

  package func revoke(_ device: Int) throws(ControlError) {
    let (channels, failure) = state.withLock { state -> ([any Channel]?, Failure?) in
      var list = state.list
      guard let index = list.entries.firstIndex(where: { $0.device == device }) else {
        return (nil, nil)
      }
      list.entries.remove(at: index)
      state.list = list
      let open = state.open.removeValue(forKey: device) ?? [:]
      do throws(Failure) {
        try list.save(path)
        return (Array(open.values), nil)
      } catch {
        return (Array(open.values), error)
      }
    }
    guard let channels else {
      throw ControlError(.noSuchDevice, "No device has this number.")
    }
    for channel in channels {
      // TLS says goodbye and waits for an answer: until then nothing may pass any more.
      channel.pipeline.fireUserInboundEventTriggered(Revoked())
      channel.close(promise: nil)
    }
    if let failure {
      throw ControlError(
        .other, "It is revoked until the node is restarted. \(failure.sentence)")
    }
  }

  /// Its connections end now.
  struct Revoked: Sendable {}

  // MARK: Parts

  private static func hash(_ token: String) -> [UInt8] {
    Digest.sha256(Array(token.utf8)).array
  }

  /// In a time that does not depend on where they differ.
  private static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }

  /// One line, of what can be seen, and not long.
  private static func tidy(_ name: String) -> String {
    let seen = name.unicodeScalars.filter { !$0.properties.isDefaultIgnorableCodePoint }
      .map { $0.properties.generalCategory == .control ? " " : Character($0) }
    var text = ""
    for letter in seen where (text + String(letter)).utf8.count <= longestName {
      text.append(letter)
    }
    return text
  }

  /// As long as it takes to fetch a phone.
  private static let life: Int64 = 300_000
  /// People mistype.
  package static let mostTries = 5
  private static let tokenBytes = 32
  private static let longestName = 64
  private static let day: Int64 = 86_400_000
}
