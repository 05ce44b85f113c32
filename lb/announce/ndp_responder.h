// Judges received neighbour discovery packets, and builds the frames of IPv6
// announcements.
//
// Pure functions: counting and sending are the caller's. Rules:
// - A solicitation for an address that we announce is answered, sent to its
//   solicited-node group or (reachability checks) to the address itself, with
//   or without a source link-layer address option.
// - Duplicate address detection (source "::") is answered to all nodes: this is
//   how we defend an address.
// - Every advertisement of ours has the override flag: without it a Linux
//   neighbour keeps the MAC address of a node that is gone.
// - It comes from the address itself, as a Linux kernel's does: some tools
//   (ndisc6) drop answers about a global address from a link-local one.
// - An advertisement of one of our addresses from another MAC, or a packet that
//   has one as its source, is a conflict. The MAC that counts is the one that
//   the packet names: the frame's source can be forged to ours.
#ifndef LB_ANNOUNCE_NDP_RESPONDER_H_
#define LB_ANNOUNCE_NDP_RESPONDER_H_

#include <cstdint>
#include <vector>

#include "absl/container/btree_set.h"
#include "lb/announce/verdict.h"
#include "lb/net/ethernet.h"
#include "lb/net/ip_address.h"
#include "lb/net/mac_address.h"
#include "lb/net/ndp.h"

namespace lb::announce {

// The link-layer address that the packet tells: that of its option. Without one
// it is the frame's source, which a bridge may have changed and any host can
// forge.
net::MacAddress SpeakerOf(const net::EthernetHeader& header,
                          const net::NdpPacket& packet);

// One of kReply, kNotRequest, kNotOurs, kWrongDestination, kConflict,
// kOwnFrame. `held` are the addresses that the host with `own_mac`
// announces on the interface.
Verdict JudgeNdp(const net::MacAddress& own_mac,
                 const absl::btree_set<net::IpAddress>& held,
                 const net::EthernetHeader& header,
                 const net::NdpPacket& packet);

// The frame that answers the solicitation in `packet`, which came under
// `header`. REQUIRES: `packet` holds a solicitation.
std::vector<uint8_t> NdpReplyFrame(const net::MacAddress& own_mac,
                                   const net::EthernetHeader& header,
                                   const net::NdpPacket& packet);

// "`address` is at `own_mac`", to all nodes.
std::vector<uint8_t> UnsolicitedAdvertFrame(const net::MacAddress& own_mac,
                                            const net::IpAddress& address);

// A solicitation for `address` to its solicited-node group: duplicate address
// detection, RFC 4862 5.4.2.
std::vector<uint8_t> DuplicateDetectionFrame(const net::MacAddress& own_mac,
                                             const net::IpAddress& address);

// A solicitation for `address` to one host alone, from this node's
// `link_local`. RFC 4861 4.3 allows it without the sender's MAC; so no
// neighbour table changes, and it differs from a kernel's reachability check,
// which has the MAC.
std::vector<uint8_t> WatchSolicitFrame(const net::MacAddress& own_mac,
                                       const net::IpAddress& link_local,
                                       const net::MacAddress& rival,
                                       const net::IpAddress& address);

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_NDP_RESPONDER_H_
