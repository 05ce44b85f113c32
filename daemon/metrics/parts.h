// The parts of the page, each made of plain values.
//
// Pure: the same values give the same families.
#ifndef LB_DAEMON_METRICS_PARTS_H_
#define LB_DAEMON_METRICS_PARTS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "daemon/metrics/families.h"
#include "lb/announce/announcer_output.h"
#include "lb/announce/interface.h"
#include "lb/announce/verdict.h"
#include "lb/gossip/member.h"
#include "lb/io/turn_meter.h"
#include "lb/ipam/assignment.h"
#include "lb/ipam/ledger.h"
#include "lb/net/ip_address.h"

namespace lb::metrics {

struct NodeFacts {
  bool ready = false;
  bool draining = false;
  bool state_unsaved = false;
  size_t ledger_records = 0;
  ipam::LedgerCounters ledger;
};
void AddNode(const NodeFacts& node, Families* families);

// The lengths say how long others wait for an answer. The processor times tell
// a busy loop from a busy machine.
void AddTurns(const io::TurnMeter& turns, absl::Time now, Families* families);

struct ConfigFacts {
  uint64_t reads = 0;
  uint64_t refusals = 0;
  bool has_problems = false;
};
void AddConfig(const ConfigFacts& config, Families* families);

// Samples by pool, for the families of MetalLB's controller.
void AddPools(absl::Span<const std::pair<std::string, ipam::PoolUsage>> pools,
              Families* families);

struct ServiceCounts {
  uint64_t announced = 0;
  uint64_t unannounced = 0;
  uint64_t pending = 0;
  std::map<absl::StatusCode, uint64_t> allocation_failures;
};
void AddServices(const ServiceCounts& services, Families* families);

// Addresses that this node announces, with their services, for the families of
// MetalLB's speaker.
struct AnnouncedFacts {
  using Addresses = std::vector<std::pair<std::string, net::IpAddress>>;

  std::string node;
  Addresses layer2;
  Addresses bgp;
};
void AddAnnounced(const AnnouncedFacts& announced, Families* families);

struct FrameFacts {
  const absl::btree_map<net::IpAddress, announce::AddressCounters>& counters;
  const announce::VerdictCounters& verdicts;
  uint64_t unsent = 0;
  size_t announcements_refused = 0;
};
void AddFrames(const FrameFacts& frames, Families* families);

// One sample per interface and protocol; its state is a label.
void AddInterfaces(absl::Span<const announce::InterfaceChoice> interfaces,
                   Families* families);

struct GossipFacts {
  const gossip::GossipCounters& counters;
  std::vector<gossip::Member> members;
  size_t unverified = 0;
  int health_score = 0;
  std::vector<std::pair<std::string, absl::Duration>>
      round_trips;  // By member.
};
void AddGossip(const GossipFacts& gossip, Families* families);

}  // namespace lb::metrics

#endif  // LB_DAEMON_METRICS_PARTS_H_
