// The gossip metadata of a node.
//
// A member that has it is an lbd: it keeps the ledger and may be its author. A
// member without it, such as a MetalLB speaker, takes part in elections only.
// Bytes, numbers big-endian:
//
//   metadata  = "lbd" version(1) [ flags(1) interface* extension* ]
//   interface = size(1) name mac(6)           size 1..15; 0 ends the list
//   flags     = 1 draining | 2 holding down | 4 some interfaces are left out
//               | 8 silent | 16 ignores the exclude label
//               | 32 cannot deliver IPv4 | 64 cannot deliver IPv6
//               | 128 unrouted
//   extension = type(1) size(2) bytes         an unknown type is skipped
//     type 1  = families(1)*                  of the interfaces, in order
//     type 2  = more(1) name*                 more: 1 others do not fit
//     type 3  = digest(8)                     of the node's facts: host_facts.h
//   name      = shared(1) size(1) bytes       shared: length of the prefix that
//                                             it has of the name before, times
//                                             4, plus its families
//   families  = 1 IPv4, by ARP | 2 IPv6, by NDP
//
// Names of type 2 are interfaces that did not fit above, and alternative names.
// An lbd that sends no extension of type 1 is older than those: it does not
// tell families. It reads the part up to the extensions. A family that the node
// cannot deliver is left out of all families; the flag says why.
#ifndef LB_DAEMON_MEMBERS_NODE_METADATA_H_
#define LB_DAEMON_MEMBERS_NODE_METADATA_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lb/gossip/wire/messages.h"
#include "lb/net/ip_families.h"
#include "lb/net/mac_address.h"

namespace lb {

// A name of an interface on which the node can announce at the moment.
struct AnnouncingInterface {
  std::string name;
  // All zero: the node does not tell it. Alternative names have none.
  net::MacAddress mac;
  net::IpFamilies families;

  friend bool operator==(const AnnouncingInterface&,
                         const AnnouncingInterface&) = default;
};

struct NodeMetadata {
  bool draining = false;      // It wants to give its addresses away.
  bool holding_down = false;  // Came back lately; see lb/election.
  bool silent = false;        // Lost the cluster; announces nothing for now.
  bool ignores_exclude_label = false;  // Option ignore-exclude-lb.
  net::IpFamilies undeliverable = {};  // Its host takes no packets of these.
  // It has BGP peers, and no session with one is Established. An older lbd
  // never says so.
  bool unrouted = false;
  // Sorted by name. Nullopt: the member is an older lbd that does not list its
  // interfaces, or has more than its metadata holds.
  std::optional<std::vector<AnnouncingInterface>> interfaces;
  bool complete = true;  // False: not all interfaces fit.
  // False: an older lbd. An interface that it names is usable for at least one
  // family; the metadata does not say which one.
  bool tells_families = true;
  // True if older lbds read all interfaces that have a MAC. If not, they count
  // the node as able to announce everywhere.
  bool older_read_all = true;
  // The digest of its host's facts. Nullopt: the node sends none (an older
  // lbd).
  std::optional<uint64_t> facts_digest;

  bool TellsAbilities() const {
    return interfaces.has_value() && tells_families;
  }

  friend bool operator==(const NodeMetadata&, const NodeMetadata&) = default;
};

// At most gossip::kMetaSizeMax bytes. If not all interfaces fit, those in
// `wanted` go first. ParseNodeMetadata() shows which ones fitted: fields
// `complete`, `older_read_all`, and MACs.
gossip::wire::Bytes SerializeNodeMetadata(
    const NodeMetadata& metadata, const std::set<std::string>& wanted = {});

// Nullopt: the member is no lbd, or the bytes are damaged.
std::optional<NodeMetadata> ParseNodeMetadata(const gossip::wire::Bytes& bytes);

}  // namespace lb

#endif  // LB_DAEMON_MEMBERS_NODE_METADATA_H_
