// Ports: what lb/gossip uses of the outside world.
//
//   const Ports ports = Ports::From(environment);
//
// Nothing is owned; all of it outlives the node. Loop thread only.
#ifndef LB_GOSSIP_PORTS_H_
#define LB_GOSSIP_PORTS_H_

#include <cstdint>
#include <functional>

#include "absl/types/span.h"
#include "lb/base/prng.h"
#include "lb/io/datagram_transport.h"
#include "lb/io/link_monitor.h"
#include "lb/io/loop.h"
#include "lb/io/resolver.h"
#include "lb/io/stream_transport.h"

namespace lb::gossip {

struct Ports {
  io::Loop* loop = nullptr;
  // Both are bound to one port, as memberlist has it.
  io::DatagramTransport* datagrams = nullptr;
  io::StreamTransport* streams = nullptr;
  Prng prng{0};  // For what may be foreseen: whom to ask, and when.
  // Fills the span with numbers fit for nonces.
  std::function<void(absl::Span<uint8_t>)> random_bytes;
  // For Seeds. Null: host names cannot be looked up.
  io::Resolver* resolver = nullptr;
  // For Seeds. Null: the own addresses are not told from others.
  const io::LinkMonitor* links = nullptr;

  // Takes them out of a larger struct that has members of these names, as
  // io::Environment.
  template <typename World>
  static Ports From(const World& world) {
    return {.loop = world.loop,
            .datagrams = world.datagrams,
            .streams = world.streams,
            .prng = world.prng,
            .random_bytes = world.random_bytes,
            .resolver = world.resolver,
            .links = world.links};
  }
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_PORTS_H_
