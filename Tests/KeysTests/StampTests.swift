import Keys
import Testing
import Wire

/// A stamp is worth something for one person, in one room, in one hour.
struct StampTests {
  private func puzzle(room: UInt64 = 1, persona: UInt64 = 2, hour: UInt32 = 3) -> StampPuzzle {
    StampPuzzle(
      room: RoomID(Bytes16(high: room, low: 0)),
      persona: PersonaID(Bytes32(high: Bytes16(high: persona, low: 0), low: .zero)), hour: hour,
      price: StampPuzzle.Price(passes: 1, kibibytes: 8, bits: 12))
  }

  @Test func aStampFitsNobodyElse() throws {
    try Sodium.start()
    let mine = puzzle()
    var nonce: UInt64 = 0
    while !mine.isSolved(by: nonce) { nonce += 1 }
    #expect(mine.isSolved(by: nonce))
    #expect(!mine.isSolved(by: nonce &+ 1))
    #expect(!puzzle(room: 9).isSolved(by: nonce))
    #expect(!puzzle(persona: 9).isSolved(by: nonce))
    #expect(!puzzle(hour: 4).isSolved(by: nonce))
  }

  /// Argon2id of `nonce 8` under `H("VR1-stamp", room | persona | hour)`: what other programs find.
  @Test func itTakesAsManyTrialsAsItSays() throws {
    try Sodium.start()
    let price = StampPuzzle.Price(passes: 1, kibibytes: 8, bits: 4)
    let puzzle = StampPuzzle(
      room: RoomID(.zero), persona: PersonaID(.zero), hour: 0, price: price)
    let solved = (0..<4_096 as Range<UInt64>).count { puzzle.isSolved(by: $0) }
    // One in sixteen: 256, and five standard deviations of 15.5.
    #expect((178...334).contains(solved))
  }
}
