// GossipOptions: the timings and bounds of the membership protocol.
//
// Names and the values of Lan, Wan and Local are memberlist's, so that an
// operator's knowledge carries over. Nodes of one cluster need not share all
// values, but detection is as slow as its slowest members.
//
//   GossipOptions options = FastProfile();
//   options.probe_interval = absl::Milliseconds(200);
//   LB_RETURN_IF_ERROR(Validate(options));
#ifndef LB_GOSSIP_OPTIONS_H_
#define LB_GOSSIP_OPTIONS_H_

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lb/net/ip_prefix.h"

namespace lb::gossip {

// Node metadata that memberlist peers accept to send on.
inline constexpr size_t kMetaSizeMax = 512;
// With both maximal every message about a node still fits the smallest packet.
inline constexpr size_t kNameSizeMax = 255;
// With members_max such nodes an exchange stays below what peers accept (20
// MiB).
inline constexpr size_t kUserStateSizeMax = 5 << 20;
// Parts of one compound that this library sends; old peers miscount from 128.
inline constexpr size_t kPartsMax = 127;

struct GossipOptions {
  // Failure detection. One node is probed per interval.
  absl::Duration probe_interval = absl::Seconds(1);
  absl::Duration probe_timeout = absl::Milliseconds(500);  // < probe_interval
  int indirect_checks = 3;             // Peers asked when a ping is not acked.
  bool stream_pings = true;            // TCP ping besides the indirect ones.
  int awareness_max_multiplier = 8;    // Health score: 0 .. this - 1.
  int suspicion_mult = 4;              // For the shortest suspicion timeout.
  int suspicion_max_timeout_mult = 6;  // Longest to shortest timeout.
  bool buddy_suspects = true;  // A ping tells its target that it is suspected.
  // Time in which this process did not run counts against no member.
  bool forgive_lateness = true;
  // Send a refutation directly to the accuser, and the accusation directly to
  // a returning node, in addition to gossip.
  bool direct_answers = true;

  // Dissemination.
  absl::Duration gossip_interval = absl::Milliseconds(200);
  int gossip_nodes = 3;     // Targets per gossip_interval.
  int retransmit_mult = 4;  // For the sends per broadcast.
  int user_transmits = 3;   // Sends of one user message to each member.
  absl::Duration gossip_to_the_dead_time = absl::Seconds(30);
  size_t udp_buffer_size = 1400;  // Datagrams are packed up to this.

  // Newcomers that are pinged at the same moment; those after them wait for
  // their turn, four per gossip_interval.
  size_t greetings_at_once = 256;

  // Full exchanges over TCP.
  absl::Duration push_pull_interval = absl::Seconds(30);  // Zero: none.
  absl::Duration tcp_timeout = absl::Seconds(10);

  // A dead node's name may be taken from another address after this time; zero:
  // only once it was forgotten. (The name of one that left: at once.)
  absl::Duration dead_node_reclaim_time = absl::ZeroDuration();
  // Member addresses are inside one of these; empty: any address.
  std::vector<net::IpPrefix> cidrs_allowed;

  // Seeds that are no members and peers that failed are tried again after
  // rejoin_interval_min, doubling to rejoin_interval_max (in clusters above 32
  // nodes stretched like push_pull_interval); peers until dead_peer_retry_time.
  absl::Duration rejoin_interval_min = absl::Seconds(1);
  absl::Duration rejoin_interval_max = absl::Seconds(60);
  absl::Duration dead_peer_retry_time = absl::Hours(1);

  // Bounds. An entry beyond one is dropped and counted.
  size_t members_max = 16384;
  size_t broadcasts_max = 65536;     // Membership messages waiting.
  size_t user_messages_max = 1024;   // User messages waiting.
  size_t relays_max = 1024;          // Indirect pings under way for others.
  size_t rejoin_targets_max = 1024;  // Seeds and failed peers.
  size_t requests_max = 8;           // Own streams; half of them for rejoining.
  size_t accepted_streams_max = 128;
  // Bytes of all incomplete streams; beyond it the largest of them ends. There
  // is room for the largest possible (wire::kStreamSizeMax), and others.
  size_t stream_bytes_max = 32 << 20;
};

// memberlist's DefaultLANConfig, DefaultWANConfig and DefaultLocalConfig.
GossipOptions LanProfile();
GossipOptions WanProfile();
GossipOptions LocalProfile();

// For one network segment: about half a second to detect a failure, at 10
// probes per second and node. No TCP pings: they would hide a node whose UDP
// is dead for longer than the whole detection takes.
GossipOptions FastProfile();

// As fast, at twice its cost: about a quarter of a second. For idle machines on
// one switch.
GossipOptions TurboProfile();

// OK, or InvalidArgument for the first option out of range: `option: value,
// want ...`.
absl::Status Validate(const GossipOptions& options);

}  // namespace lb::gossip

#endif  // LB_GOSSIP_OPTIONS_H_
