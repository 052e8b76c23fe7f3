// What is said about other devices that may use the page.

/// Who pairs other devices with the page, as the control socket needs it.
///
/// The page's server is one. Called on the loop's thread.
package protocol DeviceKeeper: Sendable {
  /// A fresh code; the one before it, if any, is void.
  func offer() throws(ControlError) -> PairingReport
  func list() -> DevicesReport
  func revoke(_ device: Int) throws(ControlError)
}

/// Reply to `page.pair`: what the new device has to show, once.
package struct PairingReport: Codable, Hashable, Sendable {
  /// The code, for people to type; a member `code` would make it a refusal.
  package var letters: String
  /// The page's address with the code in its fragment.
  package var link: String
  /// SHA-256 of the server's certificate, as browsers show it.
  package var fingerprint: String
  /// Seconds until the code is void.
  package var seconds: Int

  package init(letters: String, link: String, fingerprint: String, seconds: Int) {
    self.letters = letters
    self.link = link
    self.fingerprint = fingerprint
    self.seconds = seconds
  }
}

/// Reply to `page.devices`.
package struct DevicesReport: Codable, Hashable, Sendable {
  /// One that was paired and not revoked. Times in milliseconds since 1970.
  package struct Device: Codable, Hashable, Sendable {
    package var device: Int
    /// As it calls itself.
    package var name: String
    package var paired: Int64
    package var seen: Int64
    /// How many connections it has open.
    package var open: Int
    /// It is the one that asks.
    package var here: Bool?

    package init(device: Int, name: String, paired: Int64, seen: Int64, open: Int) {
      self.device = device
      self.name = name
      self.paired = paired
      self.seen = seen
      self.open = open
    }
  }

  /// A code that is live.
  package struct Pairing: Codable, Hashable, Sendable {
    package var seconds: Int
    /// Tries that are left.
    package var tries: Int

    package init(seconds: Int, tries: Int) {
      self.seconds = seconds
      self.tries = tries
    }
  }

  package var devices: [Device]
  package var most: Int
  package var pairing: Pairing?
  /// Whether the one that asks may pair another.
  package var mayPair = true

  package init(devices: [Device], most: Int, pairing: Pairing?) {
    self.devices = devices
    self.most = most
    self.pairing = pairing
  }
}
