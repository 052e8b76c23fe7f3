/// When time alone brings something about on each link, by its slot: side by side in memory, for
/// they are looked through at every wake (with a hundred links that was a tenth of all time spent).
final class Agenda {
  /// Something happened: what is due must be found out anew.
  static let touched = Deadline(Instant(nanoseconds: .min), .flush)
  private static let never = Deadline(Instant(nanoseconds: .max), .flush)

  private var dues: [Deadline] = []

  var slots: Range<Int> { dues.indices }

  subscript(slot: Int) -> Deadline {
    get { dues[slot] }
    set { dues[slot] = newValue }
  }

  func open(_ slot: Int) {
    while dues.count <= slot { dues.append(Agenda.never) }
    dues[slot] = Agenda.touched
  }

  func close(_ slot: Int) { dues[slot] = Agenda.never }
}
