package import Wire

/// Who is called first, so that one owner of many addresses side by side is not everybody.
package enum Diversity {
  /// In the same order, but for those who share a /16 (in IPv6 a /32) with one before: they come
  /// behind all others. Names count each for itself.
  package static func spread<Item>(
    _ items: [Item], places: (Item) -> [Endpoint]
  ) -> [Item] {
    var taken: Set<UInt64> = []
    var (first, rest): ([Item], [Item]) = ([], [])
    for item in items {
      let neighbourhoods = places(item).map { place in
        UInt64(place.neighbourhood) | (place.ipv4 == nil ? 1 << 32 : 0)
      }
      if neighbourhoods.contains(where: taken.contains) {
        rest.append(item)
      } else {
        first.append(item)
        taken.formUnion(neighbourhoods)
      }
    }
    return first + rest
  }
}
