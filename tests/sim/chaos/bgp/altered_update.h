// Changes to the messages of a node on their way to a router, as seeded
// defects: pure functions of whole messages of RFC 4271.
//
// They share no code with lb/bgp/wire. What is no such message, or has nothing
// to change, comes back as it is.
#ifndef LB_TESTS_SIM_CHAOS_BGP_ALTERED_UPDATE_H_
#define LB_TESTS_SIM_CHAOS_BGP_ALTERED_UPDATE_H_

#include <cstdint>
#include <vector>

namespace lb::chaos {

using BgpBytes = std::vector<uint8_t>;

// True if an UPDATE takes a route away.
bool Withdraws(const BgpBytes& message);
bool IsEndOfRib(const BgpBytes& message);
// An announcement of IPv4 also withdraws the first of its prefixes.
BgpBytes WithBothInOne(BgpBytes message);
// The next hop of IPv4 routes is that address.
BgpBytes WithNextHop(BgpBytes message, uint32_t address);
// Routes with the community 65535:0 are withdrawn instead.
BgpBytes WithdrawnIfDraining(BgpBytes message);
// An OPEN that offers graceful restart says that the node has restarted and
// has forwarded all the time, or that it has not.
BgpBytes WithRestart(BgpBytes open, bool restarted);

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_BGP_ALTERED_UPDATE_H_
