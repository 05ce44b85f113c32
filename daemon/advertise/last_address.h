// The endpoint that this node advertised last, kept in the state folder.
//
// A machine that comes back with another address before the others have given
// the old one up can then tell them that it has moved (gossip::NodeIdentity).
// Without it they refuse the new one until they have forgotten the node.
#ifndef LB_DAEMON_ADVERTISE_LAST_ADDRESS_H_
#define LB_DAEMON_ADVERTISE_LAST_ADDRESS_H_

#include <optional>

#include "lb/io/environment.h"
#include "lb/net/endpoint.h"

namespace lb {

// Nullopt: nothing was kept, or it cannot be read. Blocks; for the start.
std::optional<net::Endpoint> ReadLastAddress(
    const io::Environment& environment);

// A write that fails is not tried again: it costs what is said above. A
// loopback address is not kept.
void KeepLastAddress(const io::Environment& environment,
                     const net::Endpoint& endpoint);

}  // namespace lb

#endif  // LB_DAEMON_ADVERTISE_LAST_ADDRESS_H_
