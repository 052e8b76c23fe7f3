import Mesh
import Testing

@Suite struct LinksReplayWindowTests {
  @Test func theFirstCounterIsAcceptedOnce() {
    var window = ReplayWindow()
    #expect(window.admits(0))
    window.accept(0)
    #expect(!window.admits(0))
    #expect(window.admits(1))
  }

  @Test(arguments: [UInt64(8_128), 10_000, 16_384, 1 << 33])
  func theWindowReachesBackExactly8128(highest: UInt64) {
    var window = ReplayWindow()
    window.accept(highest)
    #expect(window.admits(highest - 8_127))
    #expect(window.admits(highest - 8_128))
    #expect(highest < 8_129 || !window.admits(highest - 8_129))
  }

  @Test func everyCounterOfAShuffledRunIsAcceptedOnce() {
    var window = ReplayWindow()
    for block in 0..<40 {
      for step in 0..<250 {
        let counter = UInt64(block * 250 + step * 107 % 250)
        #expect(window.admits(counter))
        window.accept(counter)
        #expect(!window.admits(counter))
      }
    }
  }

  @Test func aLongJumpForgetsWhatLiesBehind() {
    var window = ReplayWindow()
    for counter in 0..<UInt64(200) { window.accept(counter) }
    window.accept(20_000)
    #expect(!window.admits(199))
    for counter in 20_000 - UInt64(8_128)..<20_000 { #expect(window.admits(counter)) }
    window.accept(20_000 - 8_128)
    #expect(!window.admits(20_000 - 8_128))
    #expect(window.admits(20_001))
  }

  @Test func lossIsCountedOverTheLast256() {
    var window = ReplayWindow()
    #expect(window.missingPermille(last: 256) == 0)
    for counter in 0..<UInt64(1_000) where counter % 4 != 0 { window.accept(counter) }
    #expect(window.missingPermille(last: 256) == 250)
    var short = ReplayWindow()
    short.accept(0)
    short.accept(3)
    #expect(short.missingPermille(last: 256) == 500)
  }

  @Test func countersAreRebuiltAcrossTheWrapOfTheirLowHalf() {
    var window = ReplayWindow()
    #expect(window.rebuild(5) == 5)
    #expect(window.rebuild(0xFFFF_FFFF) == 0xFFFF_FFFF)
    window.accept(0xFFFF_FFF0)
    #expect(window.rebuild(0xFFFF_FFFF) == 0xFFFF_FFFF)
    #expect(window.rebuild(3) == 0x1_0000_0003)
    window.accept(0x1_0000_0003)
    #expect(window.rebuild(0xFFFF_FFFE) == 0xFFFF_FFFE)
    #expect(window.rebuild(4) == 0x1_0000_0004)
  }
}
