package import Keys

/// Every tunable number of the mesh and where it came from. Sizes both sides must agree on are in
/// `Wire/Limits.swift`; those of a link in `Links/LinkSettings.swift`.
package struct Settings: Sendable {
  package var links = LinkSettings()
  package var overlay = OverlaySettings()
  package var presence = PresenceSettings()
  package var forest = ForestSettings()
  package var frames = FrameSettings()
  package var keys = KeySettings()
  package var authority = AuthoritySettings()
  package var hands = HandSettings()
  package var reactions = ReactionSettings()
  package var entry = EntrySettings()
  package var meeting = MeetingSettings()

  /// Rooms at once. A guess: a person listens to one or two.
  package var rooms = 16
  /// Messages of a neighbour kept until its JOIN arrives. A guess: what it says at once.
  package var earlyMessages = 64
  /// A JOIN that nobody answered for so long may be sent again. A guess: mail is repeated for less.
  package var joinAnswer: Duration = .seconds(5)
  /// A joiner gives up when no member answered for this long. A guess: three dial attempts.
  package var joinTimeout: Duration = .seconds(10)
  /// A link nobody needs is closed after this long. A guess.
  package var idleLink: Duration = .seconds(30)
  /// How far the clock of another node may be from ours before its records are refused
  /// (limits). A presence lives 180 s and is renewed every 60 s, so whoever is further ahead would
  /// find living members expired.
  package var clockSkew: Duration = .seconds(120)
  /// How long a room lives unless asked otherwise: a day.
  package var roomLifetime: Duration = .seconds(86_400)
  /// How long an invite link is good unless asked otherwise: a day.
  package var inviteLifetime: Duration = .seconds(86_400)

  package init() {}

  /// Every link sends by a clock, and there are no more of them than an uplink of so many bit/s
  /// pays for. The mesh wants fewer then, so that there is room for newcomers and for parents
  /// (guesses: half of the links for neighbours).
  package mutating func cover(uplink: Int) {
    links.cover.isOn = true
    let most = links.cover.links(of: uplink)
    overlay.active = min(overlay.active, max(2, most / 2))
    overlay.activeMost = min(overlay.activeMost, overlay.active + 1)
    forest.smallRoom = min(forest.smallRoom, max(2, most - 2))
  }
}

/// The overlay on which presence travels.
package struct OverlaySettings: Sendable {
  /// Neighbours kept. HyParView uses log N + 1 = 5 for 10,000 nodes (DSN 2007 §5); one more here so
  /// that a third can fail at once.
  package var active = 6
  /// Taken on when somebody was sent here. A guess: a split link may bring two at once.
  package var activeMost = 8
  /// Between walks of one who is short of neighbours, doubled so often while they bring nobody: up
  /// to 64 s. Guesses: a walk takes 6 hops and a handshake; a room of five has four neighbours.
  package var walkPause: Duration = .seconds(1)
  package var walkDoublings = 6
  /// Without any neighbour or contact, members of the roster are asked; pauses double so often: up
  /// to 8 s. A guess: a cut network comes back within minutes.
  package var rescueDoublings = 3
  /// Asked at once by one who has no neighbour at all. A guess.
  package var urgentRequests = 3
  /// Contacts remembered in reserve: six times the active view (libp2p episub).
  package var passive = 32
  /// Length of a random walk and where on it it is remembered (paper p. 9).
  package var walk: UInt8 = 6
  package var passiveWalk: UInt8 = 3
  /// Shuffle often while young, rarely when settled. iroh-gossip shuffles every 60 s and calls it a
  /// wild guess.
  package var shuffleYoung: Duration = .seconds(5)
  package var shuffleSettled: Duration = .seconds(30)
  package var youth: Duration = .seconds(60)
  /// From each view into a shuffle (paper p. 9: ka 3, kp 4).
  package var shuffleActive = 3
  package var shufflePassive = 4
  /// How long an answer to a request for neighbourhood may take.
  package var answer: Duration = .seconds(1)
  /// An answer that comes later than this was not asked for: as long as mail is repeated.
  package var answerPatience: Duration = .seconds(15)
  /// Peers the person or the settings named, kept connected: a guess.
  package var wanted = 64
  /// A wanted peer whose link did not last so long is not dialled again at once, but after this. A
  /// guess.
  package var wantedRest: Duration = .seconds(10)
  /// Dials because others named a contact: so many at once, in all and for each link, and then one
  /// in each pause. A guess: a node needs six neighbours, and a dial is up to 6 kB to whoever lives
  /// at the named addresses.
  package var hearsayDials = 8
  package var hearsayPause: Duration = .seconds(1)
  package var hearsayDialsOfLink = 4
  package var hearsayPauseOfLink: Duration = .seconds(2)
  /// Shuffles of one link in the lobby that are passed on or answered. A guess: five times what a
  /// young neighbourhood sends.
  package var shufflesOfLink = 8
  package var shufflePauseOfLink: Duration = .seconds(1)
  /// Listings of one link that are looked at: a guess; each costs four checks of a signature.
  package var listingsOfLink = 300
  package var listingPauseOfLink: Duration = .milliseconds(100)
  /// Members that may list the same room, and rooms one key may list. Guesses: two honest members
  /// do, and one more.
  package var publishersOfRoom = 3
  package var roomsOfPublisher = 4
  /// An own address counts so long after the last neighbour that saw it is gone. A guess: a restart
  /// of a router.
  package var sightingLife: Duration = .seconds(600)

  package init() {}
}

/// Presence records and the comparison of rosters.
package struct PresenceSettings: Sendable {
  /// How long a member that died without a word stays listed; the others say three times as often
  /// that they live. A record needs about log4 N comparisons with heartbeats to reach everybody:
  /// 60 s for 200.
  package var lifetime: Duration = .seconds(180)
  /// For listeners of large rooms so much more a member, up to so much: about one heartbeat a
  /// second in a room of any size up to 250. Guesses.
  package var lifetimePerMember: Duration = .milliseconds(3_600)
  package var lifetimeMaximum: Duration = .seconds(900)
  /// Changes are flooded; this only mends what flooding missed. Every datagram counts against the
  /// 100 kbit/s a listener may cost (`RoomTests`).
  package var compare: Duration = .seconds(3)
  /// Between two comparisons that others began. A guess: what one of them brings has come by then.
  package var comparePause: Duration = .milliseconds(500)
  /// After news a comparison comes no later than this and as much again, at random. A guess: the
  /// slowest way through a tree, and one repetition.
  package var compareAfterNews: Duration = .milliseconds(300)
  /// Every so many comparisons heartbeats count too.
  package var beatsEvery = 5
  /// Listeners a roster holds. In larger rooms everybody knows all on stage and a sample of the
  /// audience: who comes then costs no more than in a room of that size. A guess; a thousand have
  /// as short trees with it as with all (docs/results/simulation-notes.md).
  package var companions = 512
  /// Members on stage. Seats are 16; the rest is for those who have just stepped down.
  package var stageMaximum = 64
  /// Records a newcomer to a crowd is told by each of its first neighbours, and every so many
  /// comparisons by one: guesses.
  package var firstSample = 16
  package var sample = 3
  package var sampleEvery = 4
  /// Members heard of and asked for, so many at once; each again after so long. Guesses: comparing
  /// rosters brings them in any case.
  package var askedMaximum = 256
  package var askedPatience: Duration = .seconds(2)
  /// Sessions that left, remembered so that old records do not bring them back.
  package var departedMaximum = 4_096
  /// New records of one person, at once and then one in each pause; persons remembered for it. A
  /// guess: somebody who presses the button twice a second, twice what a crowd's roster holds.
  package var records = 40
  package var recordPause: Duration = .milliseconds(250)
  package var recordPlaces = 1_024
  /// Records a second sent to one neighbour because it asked or because it lacks them.
  package var answersPerSecond = 256
  package var listingLifetime: Duration = .seconds(120)
  package var listingRefresh: Duration = .seconds(40)
  package var listingsMaximum = 256

  package init() {}
}

/// When one tree must do (docs/decisions/0033-one-tree-on-a-thin-line.md). Guesses, tried in
/// `Topologies/throttled-border.json`.
package struct ThriftSettings: Sendable {
  /// A line is strained when of both trees less than this permille arrives, at so many looks in a
  /// row, one a second.
  package var strained = 900
  package var looks = 2
  /// Packets due between two looks, or the look says nothing.
  package var fewest = 5
  /// Both parents have fed for so long.
  package var settled: Duration = .seconds(3)
  /// After so long the one tree must bring this permille: what waits in the line has come by then.
  package var trial: Duration = .seconds(4)
  package var enough = 900
  /// Less than this of the one, at as many looks in a row, and it is not the line's width.
  package var lost = 700
  /// Then both are tried again, doubled so often; and no tree is let go for so long after that.
  package var spare: Duration = .seconds(30)
  package var doublings = 4
  package var rest: Duration = .seconds(5)

  package init() {}
}

/// Shape and repair of the two trees (3-mesh measurements: detection at 240-400 ms beats 120 ms).
package struct ForestSettings: Sendable {
  /// Ask a standby to mirror after so much silence of one parent while the other's frames come.
  package var doubtAfter: Duration = .milliseconds(120)
  /// Both parents silent.
  package var silenceAfter: Duration = .milliseconds(130)
  /// Give the parent up.
  package var replaceAfter: Duration = .milliseconds(400)
  /// With nothing arriving at all, pauses between tries grow by this, up to so many times it: 4 s.
  /// A guess: an answer takes a round trip.
  package var retryAfter: Duration = .milliseconds(200)
  package var triesMaximum = 20
  /// A mirror feeds for so long unless asked again.
  package var mirror: Duration = .seconds(2)
  /// A newcomer without parents is fed at once for so long.
  package var firstFeed: Duration = .seconds(4)
  package var standbys = 2
  /// Members up to which all are linked with all: the 16 seats of a stage and a few more. Two who
  /// never met need a link before one hears the other's first word.
  package var smallRoom = 20
  /// How long a parent may take to answer: the larger of this and three round trips.
  package var answer: Duration = .milliseconds(300)
  package var optimise: Duration = .seconds(1)
  package var moveAtMostEvery: Duration = .seconds(5)
  /// Move only for at least this much and a tenth.
  package var worthMoving: Duration = .milliseconds(5)
  /// One tree may be slower than the other by so much before nearer parents are looked for: a frame
  /// less than the 40 ms by which a player waits longer than it usually must (3-mesh measurements),
  /// and half a frame for its jitter.
  package var skew: Duration = .milliseconds(30)
  package var refreshOffers: Duration = .seconds(60)
  package var thrift = ThriftSettings()
  /// Without a parent in a tree so many are asked for new offers at once, again after so long, and
  /// four times as long while nobody speaks. Guesses: 3 kB a second while it lasts.
  package var appeals = 4
  package var appeal: Duration = .milliseconds(500)
  /// Between searches for candidates that leave too few, doubled so often: up to 64 s. Guesses:
  /// most of what is found after three searches was full before.
  package var search: Duration = .seconds(1)
  package var searchDoublings = 6
  /// One more candidate is asked so often. Each costs a handshake and a JOIN, about 4 kB.
  package var explore: Duration = .seconds(60)
  /// One edge at 24 kbit/s: 218 bytes 25 times a second.
  package var edgeRate = 43_600
  /// Planned for one and a half talkers.
  package var talkersTimesTwo = 3
  package var childrenMaximum = 16
  package var childrenMaximumFast = 32
  package var fastUplink = 10_000_000
  /// A speaker that fell silent stays root for so long.
  package var resignAfter: Duration = .seconds(30)
  /// A path may begin at somebody who is no root any more for so long: word of a new path comes
  /// with the word that the old top stood down. A guess.
  package var rootless: Duration = .seconds(1)
  /// A parent that fell silent is passed over for so long, doubled each time, so often at most.
  /// Guesses: a bad moment of a line is over after 5 s, and who takes children and feeds none is
  /// asked every 5 min.
  package var distrust: Duration = .seconds(5)
  package var distrustDoublings = 6
  /// And so much slower it counts for each time, until so long after it might be asked again.
  /// Guesses: more than any way of a home line is longer than another; a new chance in ten minutes.
  package var distrustCost: Duration = .milliseconds(50)
  package var distrustMemory: Duration = .seconds(600)
  /// Fed by a parent for so long, its silences before count no more. A guess.
  package var provenParent: Duration = .seconds(30)
  /// A neighbour that goes on delivering forged frames is no parent for so long.
  package var shun: Duration = .seconds(60)
  /// How long a forger may be somebody above, for each node between the stage and us: long enough
  /// for an attestation (200 ms) and for the node above us to find another parent.
  package var offence: Duration = .milliseconds(500)

  package init() {}
}

/// Frames on their way.
package struct FrameSettings: Sendable {
  /// Frames remembered per speaker for repair and for telling copies apart: 1.28 s at 20 ms.
  package var ring = 64
  /// How far a counter may run ahead of what is attested: nearly five attestations at 20 ms. Less
  /// than the ring, so that no made-up frame can make the true ones too old.
  package var ahead: UInt32 = 48
  /// New frames a second and speaker, and burst. 50 are sent.
  package var rate = 60
  package var burst = 40
  package var streams = 16
  /// Speech per attestation: ten frames of 20 ms, five of 40, three of 60. Each covers just its
  /// own.
  package var attestEvery: Duration = .milliseconds(200)
  /// A speaker none of whose recent frames is proven is muted: two attestations, for one of them
  /// may be lost.
  package var unproven: Duration = .milliseconds(400)
  /// After a forgery nothing of that stream is played unproven for so long. A guess: as long as a
  /// forger's neighbours take to find others.
  package var suspicion: Duration = .seconds(10)
  /// Only what is proven is played, up to an attestation later.
  package var isStrict = false
  /// The first frame of a speaker comes so long after word of it at the latest. A guess.
  package var first: Duration = .milliseconds(500)
  /// Speakers remembered for having sworn two things. A guess: four times the seats.
  package var liars = 64
  /// Words about frames that are not here, looked at or kept at once, and then one in each pause:
  /// as many as a newcomer can be told of those speakers.
  package var oaths = 128
  package var oathPause: Duration = .milliseconds(100)
  /// A stream without frames for so long is over.
  package var quiet: Duration = .seconds(3)
  package var pullsPerSecond = 20
  /// A frame without key or proof is played if both come within so long; a player waits no longer.
  package var held: Duration = .milliseconds(400)

  package init() {}
}

/// Sender keys (4-cryptography 2.5, 2.6).
package struct KeySettings: Sendable {
  /// Frames per ratchet step, as a shift: 512, about 10 s of speech.
  package var stepShift: UInt32 = 9
  /// Between the first JOIN and the ML-KEM key. A guess: what one path puts out of order.
  package var hybridDelay: Duration = .milliseconds(10)
  /// More steps than a generation lasts: 600 s are 59 of them.
  package var stepsAhead: UInt32 = 64
  package var generationLifetime: Duration = .seconds(600)
  /// Between announcing a new generation and its first frame.
  package var activation: Duration = .milliseconds(300)
  /// After a removal: others removed meanwhile are shut out by the same new key, and everybody has
  /// it by the time it is used (4-cryptography 2.6 K5: reach of 5,000 nodes is 0.25 to 0.4 s).
  package var collect: Duration = .milliseconds(250)
  package var switchOver: Duration = .seconds(1)
  package var rekeyPause: Duration = .seconds(2)
  package var keepOld: Duration = .seconds(2)
  /// After this a key that has a successor is erased.
  package var keepReplaced: Duration = .seconds(5)
  package var requestAfter: Duration = .milliseconds(200)
  /// Somebody was shut out, so speakers make new keys: how long after ``collect`` one may take to
  /// arrive before it is asked for, how often it is, and how long one may come unacknowledged.
  /// Guesses: a way through the tree; until the old key's second is over; the pause between two.
  package var awaited: Duration = .milliseconds(300)
  package var awaitedRequests = 4
  package var awaitedFor: Duration = .seconds(3)
  /// A key or announcement ahead of what it belongs to waits so long. A guess: mail is repeated for
  /// less.
  package var keepEarly: Duration = .seconds(10)
  package var generationsKept = 2
  /// New keys of one person, at once and then one in each pause. A guess: four times as many as
  /// ``rekeyPause`` lets an honest one make, in twice its bursts.
  package var announcements = 8
  package var announcementPause: Duration = .milliseconds(500)

  package init() {}
}

/// Coming in and being let in.
package struct EntrySettings: Sendable {
  /// Guests whose inviter has yet to say yes, held by one node, and how long. Guesses: a person
  /// looks at a screen for a minute.
  package var waiting = 32
  package var patience: Duration = .seconds(60)
  /// An inviter that did not answer is asked again.
  package var pleaEvery: Duration = .seconds(10)
  /// Pleas remembered, so that none goes round.
  package var pleas = 64
  /// Introductions of people whom no operation here lets in, kept so long for the operation that
  /// does.
  package var strangers = 64
  package var strangerLife: Duration = .seconds(10)
  /// Operations of one link that led to nothing, at once and then one in each pause: each cost a
  /// signature check. A guess.
  package var futileOperations = 100
  package var futilePause: Duration = .milliseconds(100)
  /// How long a seat on the stage is offered. A guess.
  package var seatOffer: Duration = .seconds(60)
  /// A closed room is left after this long: its last operation has gone on by then. A guess.
  package var closing: Duration = .seconds(3)
  /// How often is looked whether the host is still here. A guess: a fifth of what succession may
  /// take.
  package var hostLook: Duration = .seconds(1)
  /// What strangers pay in open rooms. The same everywhere.
  package var stamp = StampPuzzle.Price.standard
  /// Stamps checked at once, and then one in each pause: an eighth of a processor. Guesses; who
  /// comes when they are used up waits as guests do.
  package var stampBurst = 16
  package var stampPause: Duration = .milliseconds(100)
  /// People remembered for having paid within the hour. A guess.
  package var paid = 256
  /// A joiner that has to find a stamp takes up to so long: a guess, twenty times the usual.
  package var paying: Duration = .seconds(30)
  /// What is told on joining is no news: hands may have been up for long.
  package var backlog: Duration = .seconds(15)

  package init() {}
}
