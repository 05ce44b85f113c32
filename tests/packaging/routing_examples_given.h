// Declarations that the examples of lb/bgp and lb/bfd take as given; see
// examples_given.h.
#ifndef TESTS_PACKAGING_ROUTING_EXAMPLES_GIVEN_H_
#define TESTS_PACKAGING_ROUTING_EXAMPLES_GIVEN_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "lb/base/prng.h"
#include "lb/bfd/demultiplexer.h"
#include "lb/bfd/endpoint.h"
#include "lb/bfd/ports.h"
#include "lb/bfd/session_options.h"
#include "lb/bfd/wire/control_packet.h"
#include "lb/bgp/adj_rib_out.h"
#include "lb/bgp/advertisements/advertised_routes.h"
#include "lb/bgp/next_hops.h"
#include "lb/bgp/peer.h"
#include "lb/bgp/route.h"
#include "lb/bgp/speaker.h"
#include "lb/bgp/unnumbered/router_search.h"
#include "lb/bgp/wire/message.h"
#include "lb/bgp/wire/stream_framer.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_prefix.h"

namespace lb::bfd {
extern const net::IpAddress own_address;
extern const std::vector<uint8_t> payload;
extern const SessionKey key;
extern const ControlPacket packet;
extern const ReceivedPacket received;
extern VerdictCounters counters;
extern const uint32_t discriminator;
extern Prng prng;
extern Endpoint endpoint;
extern void Drop(const SessionKey& key);
extern void Tell(const SessionEvent& event);
}  // namespace lb::bfd

namespace lb::bgp {
extern const std::shared_ptr<const Advertisement> advertisement;
extern AdjRibOut rib;
extern const RouteSet routes;
extern Speaker speaker;
extern const PeerOptions options;
extern const PeerOptions tor;
extern const PeerOptions tor1;
extern const PeerOptions tor2;
extern const LocalAddresses addresses;
extern const LinkEnd own_end;
extern const absl::Time now;
extern const std::vector<uint8_t> received;
extern Prng prng;
}  // namespace lb::bgp

namespace lb::bgp::wire {
extern StreamFramer framer;
extern const Message message;
extern const std::vector<net::IpPrefix> prefixes;
extern const std::vector<uint8_t> received;
}  // namespace lb::bgp::wire

#endif  // TESTS_PACKAGING_ROUTING_EXAMPLES_GIVEN_H_
