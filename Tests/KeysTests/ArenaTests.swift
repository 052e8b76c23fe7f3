import Testing
import Wire

@testable import Keys

/// Noncopyable values do not go into arrays.
private final class Holder {
  let secret: Secret
  init(_ arena: Arena) throws(KeysError) { secret = try Secret(arena: arena) }
}

@Suite struct ArenaTests {
  @Test func exhaustionThrowsAndRecovers() throws {
    let arena = Arena(slots: 64)
    var held = try (0..<64).map { _ in try Holder(arena) }
    #expect(arena.freeCount == 0)
    #expect(refusal { _ = try Secret(arena: arena) } == .arenaFull)
    #expect(refusal { _ = try Secret64(arena: arena) } == .arenaFull)

    held.remove(at: 10)
    #expect(refusal { _ = try Secret64(arena: arena) } == .arenaFull)
    #expect(refusal { _ = try Secret(arena: arena) } == nil)
    held.remove(at: 10)
    #expect(refusal { _ = try Secret64(arena: arena) } == nil)

    held.removeAll()
    #expect(arena.freeCount == 64)
  }

  @Test func oddNeighboursMakeNoPair() throws {
    let arena = Arena(slots: 64)
    var held = try (0..<64).map { _ in try Holder(arena) }
    // Slots 1 and 2 are neighbours, but a pair begins at an even slot.
    held.removeSubrange(1...2)
    #expect(arena.freeCount == 2)
    #expect(refusal { _ = try Secret64(arena: arena) } == .arenaFull)
  }

  @Test func aSlotIsZeroedWhenItsSecretDies() throws {
    let arena = Arena(slots: 64)
    let (single, pair) = try fillAndForget(arena)
    #expect((0..<Secret.count).allSatisfy { single[$0] == 0 })
    #expect((0..<Secret64.count).allSatisfy { pair[$0] == 0 })
    #expect(arena.freeCount == 64)
  }

  @Test func copiesAreTheirOwnAndEqual() throws {
    var entropy = Entropy.seeded(1)
    let secret = try Secret(random: &entropy)
    let copy = try secret.copy()
    #expect(copy.pointer != secret.pointer)
    #expect(revealed(copy) == revealed(secret))
    let areEqual = secret.equals(copy)
    #expect(areEqual)
    copy.pointer[31] ^= 1
    let areStillEqual = secret.equals(copy)
    #expect(!areStillEqual)
  }

  @Test func onlyThirtyTwoBytesMakeASecret() throws {
    for count in [0, 31, 33] {
      let bytes = [UInt8](repeating: 1, count: count)
      #expect(refusal { _ = try Secret(copying: bytes.span) } == .malformed)
    }
    let secret = try Secret(copying: [UInt8](0..<32).span)
    let lent = secret.withBytes { bytes in bytes.indices.map { bytes[$0] } }
    #expect(lent == [UInt8](0..<32))
  }

  @Test func theSharedArenaIsReadyAfterStart() throws {
    try Sodium.start()
    try Sodium.start()
    #expect(Sodium.freeSlots > 0)
    #expect(Arena.shared.capacity >= 4096)
    #expect(Sodium.libraryVersion.hasPrefix("1.0."))
  }

  @Test func wipingEmptiesAnArray() {
    var bytes: [UInt8] = [1, 2, 3]
    Sodium.wipe(&bytes)
    #expect(bytes.isEmpty)
  }

  private func fillAndForget(
    _ arena: Arena
  ) throws -> (UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<UInt8>) {
    let single = try Secret(arena: arena)
    let pair = try Secret64(arena: arena)
    single.pointer.update(repeating: 0xAA, count: Secret.count)
    pair.pointer.update(repeating: 0xBB, count: Secret64.count)
    #expect(arena.freeCount == 61)
    return (single.pointer, pair.pointer)
  }
}

/// What `body` is refused with.
func refusal(_ body: () throws -> Void) -> KeysError? {
  do {
    try body()
  } catch let error as KeysError {
    return error
  } catch {
    Issue.record(error)
  }
  return nil
}
