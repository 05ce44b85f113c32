// Judges received ARP packets, and builds the frames of IPv4 announcements.
//
// Pure functions: counting and sending are the caller's. Rules:
// - A request is answered if it went to us or to all, and asks for an address
//   that we announce on that interface. Probes (RFC 5227) are answered like any
//   request: this is how we defend an address.
// - A packet from another MAC that has one of our addresses as its sender is a
//   conflict, whatever else it says. It is not answered. The MAC that counts is
//   the one that the packet names: the frame's source can be forged to ours.
// - The answer goes to the sender's hardware address alone.
#ifndef LB_ANNOUNCE_ARP_RESPONDER_H_
#define LB_ANNOUNCE_ARP_RESPONDER_H_

#include <cstdint>
#include <vector>

#include "absl/container/btree_set.h"
#include "lb/announce/verdict.h"
#include "lb/net/arp.h"
#include "lb/net/ethernet.h"
#include "lb/net/ip_address.h"
#include "lb/net/mac_address.h"

namespace lb::announce {

// One of kReply, kNotRequest, kNotOurs, kWrongDestination, kConflict,
// kOwnFrame. `held` are the addresses that the host with `own_mac`
// announces on the interface.
Verdict JudgeArp(const net::MacAddress& own_mac,
                 const absl::btree_set<net::IpAddress>& held,
                 const net::EthernetHeader& header,
                 const net::ArpPacket& packet);

// The frame that answers the request in `packet`.
std::vector<uint8_t> ArpReplyFrame(const net::MacAddress& own_mac,
                                   const net::ArpPacket& packet);

// "`address` is at `own_mac`", to all. The request form moves a Linux
// neighbour's entry even within its lock time of 1 s; the reply form, with the
// own MAC as target (RFC 5944 4.6), does so too, and reaches hosts that learn
// from replies only.
std::vector<uint8_t> GratuitousRequestFrame(const net::MacAddress& own_mac,
                                            const net::IpAddress& address);
std::vector<uint8_t> GratuitousReplyFrame(const net::MacAddress& own_mac,
                                          const net::IpAddress& address);

// An ARP probe for `address` (RFC 5227 1.1): its sender has no address, so no
// neighbour table changes. It goes to all hosts, or to one.
std::vector<uint8_t> ArpProbeFrame(const net::MacAddress& own_mac,
                                   const net::MacAddress& destination,
                                   const net::IpAddress& address);

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_ARP_RESPONDER_H_
