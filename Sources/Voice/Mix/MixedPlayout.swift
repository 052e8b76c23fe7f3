// SPDX-License-Identifier: Apache-2.0

/// All talkers of a room as one sound: what a listener's ear gets.
///
/// Lives where its owner lives: not for two threads.
package final class MixedPlayout {
  /// Talkers at once; a stage has 16 seats, and two may change while a third still sounds.
  package static let mostTalkers = 32
  /// A talker silent for this long is forgotten with all that was learnt about the path.
  package static let forgottenAfter: Int64 = 10_000_000_000

  /// What a listener's screen shows of one talker.
  package struct Talker: Equatable, Sendable {
    package var id: UInt32
    package var level: UInt8
    package var isTalking: Bool
    package var statistics: JitterStatistics
  }

  /// What the listener chose, kept while the talker comes and goes.
  private struct Choice {
    var volume: Float = 1
    var isMuted = false
  }

  private let limits: Playout.Limits
  private var playouts: [UInt32: Playout] = [:]
  private var choices: [UInt32: Choice] = [:]
  private var mixer = Mixer()
  /// Level of the whole mix.
  package private(set) var meter = LevelMeter()
  /// Packets of talkers beyond `mostTalkers`.
  package private(set) var refused = 0

  package init(limits: Playout.Limits = Playout.Limits()) {
    self.limits = limits
  }

  /// Takes in a talker's packet that came at `now`: nanoseconds of a steady clock.
  package func push(talker: UInt32, counter: UInt32, packet: [UInt8], at now: Int64) {
    guard let playout = self.playout(talker, at: now) else {
      self.refused += 1
      return
    }
    playout.push(counter: counter, packet: packet, at: now)
    if playout.lastArrival == nil { self.playouts[talker] = nil }
  }

  /// Another copy of a talker's packet came at `now`.
  package func noteCopy(talker: UInt32, counter: UInt32, at now: Int64) {
    self.playouts[talker]?.noteCopy(counter, at: now)
  }

  /// The next 20 ms of everybody.
  ///
  /// Call every 20 ms.
  package func next(at now: Int64) -> [Int16] {
    self.forget(at: now)
    var voices: [Mixer.Voice] = []
    for id in self.playouts.keys.sorted() {
      guard let playout = self.playouts[id], let block = playout.next(at: now) else { continue }
      voices.append(Mixer.Voice(block: block, gain: playout.volume))
    }
    let mixed = self.mixer.mix(voices)
    self.meter.update(mixed)
    return mixed
  }

  /// Talkers heard in the last ten seconds, by id.
  package var talkers: [Talker] {
    self.playouts.sorted { $0.key < $1.key }.map { id, playout in
      Talker(
        id: id, level: playout.meter.level, isTalking: playout.meter.isTalking,
        statistics: playout.statistics)
    }
  }

  /// How loud to play one talker, whether known yet or not.
  package func setVolume(_ volume: Float, talker: UInt32) {
    self.choose(talker) { $0.volume = volume }
  }

  /// Whether to leave one talker out, whether known yet or not.
  package func setMuted(_ isMuted: Bool, talker: UInt32) {
    self.choose(talker) { $0.isMuted = isMuted }
  }

  /// Drops a talker who left, and what was chosen for them.
  package func remove(talker: UInt32) {
    self.playouts[talker] = nil
    self.choices[talker] = nil
  }

  private func choose(_ talker: UInt32, _ change: (inout Choice) -> Void) {
    change(&self.choices[talker, default: Choice()])
    self.apply(talker)
  }

  private func apply(_ talker: UInt32) {
    guard let choice = self.choices[talker], let playout = self.playouts[talker] else { return }
    playout.volume = choice.volume
    playout.isMuted = choice.isMuted
  }

  private func playout(_ talker: UInt32, at now: Int64) -> Playout? {
    if let known = self.playouts[talker] { return known }
    self.forget(at: now)
    guard self.playouts.count < Self.mostTalkers, let fresh = try? Playout(limits: self.limits)
    else { return nil }
    self.playouts[talker] = fresh
    self.apply(talker)
    return fresh
  }

  private func forget(at now: Int64) {
    self.playouts = self.playouts.filter { _, playout in
      playout.lastArrival.map { now - $0 < Self.forgottenAfter } ?? false
    }
  }
}
