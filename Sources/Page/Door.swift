// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1
import NIOSSL
import NIOWebSocket

/// What every new connection passes: of this machine with the key of the page, of other devices
/// with TLS and a token each.
struct Door: Sendable {
  /// Whom it lets in.
  enum Lock: Sendable {
    case key(PageKey)
    case devices(Devices, NIOSSLContext)
  }

  /// Who came in.
  private enum Visitor { case here, device(Int) }

  let lock: Lock
  let crowd: Crowd
  let control: String
  /// Closed until the port is known.
  let gate = LateGate()

  init(_ lock: Lock, control: String) {
    self.lock = lock
    self.control = control
    switch lock {
    case .key: crowd = Crowd()
    case .devices: crowd = Crowd(admitted: Crowd.mostDevices)
    }
  }

  func receive(_ channel: any Channel) -> EventLoopFuture<Void> {
    guard let entry = crowd.enter() else {
      return channel.eventLoop.makeFailedFuture(Crowd.Full())
    }
    channel.closeFuture.whenComplete { [crowd] _ in crowd.leave(entry) }
    guard let gate = gate.gate else {
      return channel.eventLoop.makeFailedFuture(Crowd.Full())
    }
    return channel.eventLoop.makeCompletedFuture { try furnish(channel, gate, entry) }
  }

  /// TLS where it must be, then HTTP; a WebSocket when the gate allows it.
  private func furnish(_ channel: any Channel, _ gate: Gate, _ entry: Crowd.Entry) throws {
    let visitor = NIOLoopBoundBox(Visitor.here, eventLoop: channel.eventLoop)
    let upgrader = NIOWebSocketServerUpgrader(
      maxFrameSize: Bridge.longestFrame,
      shouldUpgrade: { channel, head in
        guard let key = gate.key(head), let found = open(key, channel), crowd.promote(entry) else {
          return channel.eventLoop.makeSucceededFuture(nil)
        }
        visitor.value = found
        return channel.eventLoop.makeSucceededFuture(Gate.accepted)
      },
      upgradePipelineHandler: { channel, _ in
        guard case .device(let device) = visitor.value else {
          return Bridge.join(channel, to: control, device: nil)
        }
        return Bridge.join(channel, to: control, device: device).flatMapThrowing {
          // It may have been revoked while the node was being called.
          guard case .devices(let devices, _) = lock, devices.isPaired(device) else {
            channel.pipeline.fireUserInboundEventTriggered(Devices.Revoked())
            return channel.close(promise: nil)
          }
        }
      })
    let pipeline = channel.pipeline.syncOperations
    if case .devices(_, let context) = lock {
      try pipeline.addHandler(NIOSSLServerHandler(context: context))
    }
    // Removed again when a WebSocket takes over.
    try pipeline.addHandler(Patience(), name: Patience.name)
    let reception = Reception(gate, devices)
    let loopBound = NIOLoopBound(reception, eventLoop: channel.eventLoop)
    try pipeline.configureHTTPServerPipeline(
      withServerUpgrade: (
        upgraders: [upgrader],
        completionHandler: { context in
          context.pipeline.syncOperations.removeHandler(loopBound.value, promise: nil)
          context.pipeline.syncOperations.removeHandler(name: Patience.name, promise: nil)
        }
      ))
    try pipeline.addHandler(reception)
  }

  private var devices: Devices? {
    guard case .devices(let devices, _) = lock else { return nil }
    return devices
  }

  private func open(_ shown: String, _ channel: any Channel) -> Visitor? {
    switch lock {
    case .key(let key): key.opens(shown) ? .here : nil
    case .devices(let devices, _): devices.admit(shown, on: channel).map { .device($0) }
    }
  }
}
