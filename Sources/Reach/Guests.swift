// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Synchronization

/// The open connections of a server, so that they can be closed with it.
final class Guests: Sendable {
  private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

  func add(_ channel: any Channel) {
    let id = ObjectIdentifier(channel)
    channels.withLock { $0[id] = channel }
    channel.closeFuture.whenComplete { _ in self.channels.withLock { $0[id] = nil } }
  }

  func close() async {
    for channel in channels.withLock({ Array($0.values) }) { try? await channel.close() }
  }
}
