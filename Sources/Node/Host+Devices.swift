// Other devices that use the page: paired here, and cut off here.
import Mesh

/// What clients ask about paired devices.
extension Host {
  func carryOutPairing(_ request: ControlRequest, for id: Int) throws(ControlError) {
    guard let devices else {
      throw ControlError(
        .noDevices, "This node serves its page to no other devices; see page-devices.")
    }
    switch request {
    case .pairDevice:
      try refuseDevices(id)
      answer(id, try devices.offer())
    case .revokeDevice(let device):
      try devices.revoke(device)
      answer(id, DoneReport())
    default:
      var report = devices.list()
      if let own = clients[id]?.device {
        report.mayPair = false
        for index in report.devices.indices where report.devices[index].device == own {
          report.devices[index].here = true
        }
      }
      answer(id, report)
    }
  }

  /// Who stole a device must not be able to let in another, or to switch the node off.
  func refuseDevices(_ id: Int) throws(ControlError) {
    guard clients[id]?.device == nil else {
      throw ControlError(.notFromDevice, "That is asked on the node's own machine only.")
    }
  }
}
