// The endpoint that this node advertised last, kept in the state folder.
//
// A machine may come back with another address before the others have given up
// the old one. With the kept address it can tell them that it has moved
// (gossip::NodeIdentity). Without it they refuse the new address until they
// have forgotten the node.
#ifndef LB_DAEMON_ADVERTISE_LAST_ADDRESS_H_
#define LB_DAEMON_ADVERTISE_LAST_ADDRESS_H_

#include <optional>

#include "lb/io/environment.h"
#include "lb/net/endpoint.h"

namespace lb {

// Nullopt: no address was kept, or it cannot be read. Blocks; call it at the
// start.
std::optional<net::Endpoint> ReadLastAddress(
    const io::Environment& environment);

// A write that fails is not tried again; the others may then refuse a later
// address, as above. A loopback address is not kept.
void KeepLastAddress(const io::Environment& environment,
                     const net::Endpoint& endpoint);

}  // namespace lb

#endif  // LB_DAEMON_ADVERTISE_LAST_ADDRESS_H_
