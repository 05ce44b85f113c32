// Ports: what lb/bgp uses of the outside world.
//
//   const Ports ports = Ports::From(environment);
//
// Nothing is owned; all of it outlives the node. Loop thread only.
#ifndef LB_BGP_PORTS_H_
#define LB_BGP_PORTS_H_

#include "lb/io/node_ports.h"
#include "lb/io/stream_transport.h"

namespace lb::bgp {

struct Ports : io::NodePorts {
  io::StreamFactory* stream_factory = nullptr;

  // As NodePorts::From().
  template <typename World>
  static Ports From(const World& world) {
    return {io::NodePorts::From(world), world.stream_factory};
  }
};

}  // namespace lb::bgp

#endif  // LB_BGP_PORTS_H_
