/// Requests of connections that carry messages.
extension ControlRequest {
  /// Its connection becomes a stream of bytes, which messages cannot carry.
  var isStream: Bool {
    switch self {
    case .speak, .listen, .frames, .messages: true
    default: false
    }
  }

  var liveFields: Fields {
    switch self {
    case .block: return Fields(request: "blocks")
    case .settings(let relays, let uplink):
      return Fields(request: "settings", relay: relays, uplink: uplink)
    case .hear(let room, let format): return Fields(request: "hear", room: room, format: format)
    case .stopHearing: return Fields(request: "hear.stop")
    case .talk(let room, let format, let bitrate):
      return Fields(request: "talk", room: room, bitrate: bitrate, format: format)
    case .stopTalking: return Fields(request: "talk.stop")
    case .doctor: return Fields(request: "doctor")
    case .mute(let isMuted): return Fields(request: "mute", on: isMuted)
    case .volume(let room, let session, let volume):
      return Fields(request: "volume", room: room, session: session, volume: volume)
    case .pairDevice: return Fields(request: "page.pair")
    case .devices: return Fields(request: "page.devices")
    case .revokeDevice(let device): return Fields(request: "page.revoke", device: device)
    case .messages(let device): return Fields(request: "messages", device: device)
    default: return Fields(request: "features")
    }
  }

  static func liveRequest(_ fields: Fields) throws(ControlError) -> ControlRequest {
    switch fields.request {
    case "messages": return .messages(device: fields.device)
    case "page.pair": return .pairDevice
    case "page.devices": return .devices
    case "page.revoke":
      guard let device = fields.device else {
        throw ControlError(.missing, "Say which device, by its number.")
      }
      return .revokeDevice(device)
    case "features": return .features
    case "doctor": return .doctor
    case "settings": return try settings(fields)
    case "hear": return .hear(fields.room, fields.format ?? .opus)
    case "hear.stop": return .stopHearing
    case "talk":
      let bitrate = fields.bitrate ?? standardBitrate
      guard bitrates.contains(bitrate) else {
        throw ControlError(.badSound, "Speech has 6000 to 32000 bit/s.")
      }
      return .talk(fields.room, fields.format ?? .opus, bitrate: bitrate)
    case "talk.stop": return .stopTalking
    case "mute":
      guard let on = fields.on else { throw ControlError(.missing, "Muting is on or off.") }
      return .mute(on)
    case "volume":
      guard let session = fields.session, let volume = fields.volume, volumes.contains(volume)
      else { throw ControlError(.malformed, "A volume has a session and is 0 to 4.") }
      return .volume(fields.room, session: session, volume)
    default: throw ControlError(.unknownRequest, "This node knows no such request.")
    }
  }

  private static func settings(_ fields: Fields) throws(ControlError) -> ControlRequest {
    if let uplink = fields.uplink, !uplinks.contains(uplink) {
      throw ControlError(.malformed, "An uplink is 0 to 1000000000000 bit/s.")
    }
    return .settings(relays: fields.relay, uplink: fields.uplink)
  }

  /// The mixer's largest gain.
  private static let volumes = 0.0...4.0
  /// As the setting of the same name, in bit/s.
  private static let uplinks = 0...1_000_000_000_000
}
