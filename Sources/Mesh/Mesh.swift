/// The protocol: no IO, no clock, no threads.
///
/// One type stands at the door, ``Participant``. A shell gives it what happened and when, sends the
/// datagrams it finds in ``Effects`` and calls again at ``Participant/nextDeadline``. The node and
/// the simulator are two such shells.
///
/// Reading order, in the direction a frame travels:
/// `Participant` → `Links/` (datagrams to records) → `Rooms/` (who is here, who may join) →
/// `Membership/`, `Presence/` (the overlay and the roster) → `Keyring/` (who holds which key) →
/// `Forest/` (the two trees, relaying, repair) → `Reach/` (addresses, seed lists, listings).
enum Mesh {}
