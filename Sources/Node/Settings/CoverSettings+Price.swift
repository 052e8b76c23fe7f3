package import Mesh

// The price of cover, in words for a person.

extension CoverSettings {
  /// What each link costs in each direction.
  package var price: String {
    "\(bytesPerSecond) bytes a second (\(kilobits(bytesPerSecond)) kbit/s) each way over IPv6, "
      + "\(bytesPerSecondIPv4) over IPv4, all day and all night: "
      + "\(Double(bytesPerSecond * 864 / 1_000_000) / 10) GB a day"
  }

  /// How many links an uplink pays for, and what they cost together.
  package func price(of uplink: Int) -> String {
    let most = links(of: uplink)
    return "at most \(most) links, \(most * bytesPerSecond) bytes a second "
      + "(\(kilobits(most * bytesPerSecond)) kbit/s) in all, of an uplink of "
      + "\(uplink / 1_000) kbit/s"
  }

  /// Why not even one link can be covered.
  package func refusal(of uplink: Int) -> String {
    let least = (8 * bytesPerSecond * 1_000 / share + 999) / 1_000
    return "An uplink of \(uplink / 1_000) kbit/s cannot cover one link, which takes \(price). "
      + "Say --uplink \(least) or more if the line has it, or leave --cover out."
  }

  private func kilobits(_ bytes: Int) -> Int { (8 * bytes + 999) / 1_000 }
}
