// Texts for problems between this node's gossip and its peers.
#ifndef LB_DAEMON_MEMBERS_GOSSIP_PROBLEMS_H_
#define LB_DAEMON_MEMBERS_GOSSIP_PROBLEMS_H_

#include <string>
#include <string_view>

#include "lb/gossip/seeds.h"
#include "lb/gossip/wire/codec.h"
#include "lb/net/endpoint.h"

namespace lb {

// Returns "gossip: no key of this node opens what it sends, want ...". `seed`
// is the peer's name in the join list; empty if the list does not have it.
std::string DescribeMismatch(gossip::wire::Mismatch mismatch,
                             std::string_view seed);

// "gossip: answers at 172.18.8.12:7946 over TCP, but not over UDP, want ...".
std::string DescribeStreamOnly(const net::Endpoint& endpoint);

// "join: 172.18.8.12:7946 never answered: connection refused, want ...".
std::string DescribeUnanswered(const gossip::Seeds::Unanswered& seed);

}  // namespace lb

#endif  // LB_DAEMON_MEMBERS_GOSSIP_PROBLEMS_H_
