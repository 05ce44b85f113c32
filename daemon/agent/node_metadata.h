// What a node says of itself in its gossip metadata.
//
// A member that has it is an lbd: it keeps the ledger and may be its author. A
// member without it (a MetalLB speaker, say) takes part in elections only.
// Bytes, numbers big-endian; what a later version appends is skipped:
//
//   metadata  = "lbd" version(1) [ flags(1) interface* ]
//   interface = size(1) name mac(6)           size 1..15; 0 ends the list
//   flags     = 1 draining | 2 holding down | 4 some interfaces are left out
//               | 8 silent
#ifndef LB_DAEMON_AGENT_NODE_METADATA_H_
#define LB_DAEMON_AGENT_NODE_METADATA_H_

#include <optional>
#include <string>
#include <vector>

#include "lb/gossip/wire/messages.h"
#include "lb/net/mac_address.h"

namespace lb {

// One on which the node can announce at the moment.
struct AnnouncingInterface {
  std::string name;
  net::MacAddress mac;

  friend bool operator==(const AnnouncingInterface&,
                         const AnnouncingInterface&) = default;
};

struct NodeMetadata {
  bool draining = false;      // Wants its addresses to be elsewhere.
  bool holding_down = false;  // Came back lately; see lb/election.
  bool silent = false;        // Lost the cluster; announces nothing for now.
  // Sorted by name. Nullopt: it does not say (an older lbd), or has more than
  // metadata can hold.
  std::optional<std::vector<AnnouncingInterface>> interfaces;

  friend bool operator==(const NodeMetadata&, const NodeMetadata&) = default;
};

// At most gossip::kMetaSizeMax bytes; interfaces that do not fit are left out,
// which ParseNodeMetadata() tells as nullopt.
gossip::wire::Bytes SerializeNodeMetadata(const NodeMetadata& metadata);

// Nullopt: the member is no lbd, or the bytes are damaged.
std::optional<NodeMetadata> ParseNodeMetadata(const gossip::wire::Bytes& bytes);

}  // namespace lb

#endif  // LB_DAEMON_AGENT_NODE_METADATA_H_
