// GossipOptions: the timings and bounds of the membership protocol.
//
// Names and the values of Lan, Wan and Local are memberlist's, so that an
// operator's knowledge carries over. Nodes of one cluster need not share all
// values, but detection is as slow as its slowest members.
//
//   GossipOptions options = FastProfile();
//   options.probe.interval = absl::Milliseconds(200);
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

// How members are probed.
struct ProbeOptions {
  absl::Duration interval = absl::Seconds(1);  // One member is probed in each.
  absl::Duration timeout = absl::Milliseconds(500);  // < interval
  int indirect_checks = 3;           // Peers asked when a ping is not acked.
  bool stream_pings = true;          // TCP ping besides the indirect ones.
  int awareness_max_multiplier = 8;  // Health score: 0 .. this - 1.
  bool buddy_suspects = true;  // A ping tells its target that it is suspected.
  // Time in which this process did not run counts against no member.
  bool forgive_lateness = true;
  // Newcomers that are pinged at the same moment; those after them wait for
  // their turn, four per dissemination.interval.
  size_t newcomer_pings_at_once = 256;
  // Each node pings members that failed by itself; see ContactChecks.
  bool contact_checks = false;
  size_t indirect_pings_max = 1024;  // Indirect pings under way for others.
};

// How long a suspected member has to answer.
struct SuspicionOptions {
  int mult = 4;              // For the shortest timeout.
  int max_timeout_mult = 6;  // Longest to shortest timeout.
};

// How news reaches all members.
struct DisseminationOptions {
  absl::Duration interval = absl::Milliseconds(200);  // Of gossip.
  int nodes = 3;                                      // Targets per interval.
  int retransmit_mult = 4;  // For the sends per broadcast.
  int user_transmits = 3;   // Sends of one user message to each member.
  absl::Duration to_the_dead_time = absl::Seconds(30);
  // Send a refutation directly to the accuser, and the accusation directly to
  // a returning node, in addition to gossip.
  bool direct_answers = true;
  size_t udp_buffer_size = 1400;    // Datagrams are packed up to this.
  size_t broadcasts_max = 65536;    // Membership messages waiting.
  size_t user_messages_max = 1024;  // User messages waiting.
};

// Which nodes become members.
struct AdmissionOptions {
  // A dead node's name may be taken from another address after this time; zero:
  // only once it was forgotten. (The name of one that left: at once.)
  absl::Duration dead_node_reclaim_time = absl::ZeroDuration();
  // Member addresses are inside one of these; empty: any address.
  std::vector<net::IpPrefix> cidrs_allowed;
  size_t members_max = 16384;
};

// Seeds that are no members and peers that failed are tried again after
// interval_min, doubling to interval_max (in clusters above 32 nodes stretched
// like streams.push_pull_interval); peers until dead_peer_retry_time.
struct ReconnectOptions {
  absl::Duration interval_min = absl::Seconds(1);
  absl::Duration interval_max = absl::Seconds(60);
  absl::Duration dead_peer_retry_time = absl::Hours(1);
  size_t targets_max = 1024;  // Seeds and failed peers.
};

// Full exchanges, and all else that goes over TCP.
struct StreamOptions {
  absl::Duration push_pull_interval = absl::Seconds(30);  // Zero: none.
  absl::Duration tcp_timeout = absl::Seconds(10);
  size_t requests_max = 8;  // Own streams; half of them for reconnecting.
  size_t accepted_max = 128;
  // Bytes of all incomplete streams; beyond it the largest of them ends. There
  // is room for the largest possible (wire::kStreamSizeMax), and others.
  size_t bytes_max = 32 << 20;
};

// An entry beyond one of the maxima is dropped and counted.
struct GossipOptions {
  ProbeOptions probe;
  SuspicionOptions suspicion;
  DisseminationOptions dissemination;
  AdmissionOptions admission;
  ReconnectOptions reconnect;
  StreamOptions streams;
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
// want ...`. The names are memberlist's: "probe_interval" is probe.interval.
absl::Status Validate(const GossipOptions& options);

}  // namespace lb::gossip

#endif  // LB_GOSSIP_OPTIONS_H_
