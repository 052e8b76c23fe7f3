// The second shell of `Mesh/Participant`: a world in virtual time for as many of them as fit into
// memory. It drives the very code that a node runs, by the same three calls (a datagram, a command,
// the deadline), and seals for real; only the network is made up, and every choice in it comes from
// one seed.
//
// Reading order: `Topology` (what a file says), `World` (time and who is in it), `World+Sending`
// (a datagram's way: `Uplink`, `NATBox`, `Weather`, `Censor`), `World+Script` (talkers, joiners,
// faults), `Ledger` (what was said and heard), `Score` (the stall rule), `Checks`, `Report`.
