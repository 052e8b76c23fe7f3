// Mesh and Voice do not know each other; this is where their words for a frame meet.
import Mesh
import Voice

/// The mesh's frame lengths as the codec names them.
extension Mesh.FrameDuration {
  /// The same length as the codec names it.
  var voice: Voice.FrameDuration {
    switch self {
    case .ms20: .ms20
    case .ms40: .ms40
    case .ms60: .ms60
    }
  }
}
