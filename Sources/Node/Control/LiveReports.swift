// What a client that hears and talks live is told; the page is one.

/// Reply to `features`: what may be asked of this node beyond the first version.
package struct FeaturesReport: Codable, Hashable, Sendable {
  package var features: [String]
}

/// Reply to `settings`: what this node gives to others.
package struct SettingsReport: Codable, Hashable, Sendable {
  /// The name used in rooms unless another is given.
  package var name: String
  package var relay: Bool
  /// bit/s that may be given to others, in all.
  package var uplink: Int
}

/// Reply to `hear` and `talk`.
package struct LiveReport: Codable, Hashable, Sendable {
  package var ok = true
  package var room: String
  package var format: SoundFormat
  package var rate = 48_000
  package var channels = 1

  package init(room: String, format: SoundFormat) {
    self.room = room
    self.format = format
  }
}

/// An event on a connection that hears: who sounds at this moment, ten times a second.
package struct LevelsReport: Codable, Hashable, Sendable {
  /// One person who was heard lately.
  package struct Talker: Codable, Hashable, Sendable {
    package var session: UInt32
    /// Decibels below full scale, 0 loudest, 127 silence.
    package var level: UInt8
    package var talking: Bool
  }

  package var event = "levels"
  package var room: String
  package var talkers: [Talker]

  package init(room: String, talkers: [Talker]) {
    self.room = room
    self.talkers = talkers
  }
}

/// An event on a connection whose hearing or talking was ended by the node.
package struct EndedReport: Codable, Hashable, Sendable {
  /// What ended.
  package enum What: String, Codable, Hashable, Sendable {
    case hear = "hear.ended"
    case talk = "talk.ended"
  }

  package var event: What
  package var room: String
  /// Why, where the mesh said so.
  package var code: ControlError.Code?

  package init(_ event: What, room: String, code: ControlError.Code? = nil) {
    self.event = event
    self.room = room
    self.code = code
  }
}
