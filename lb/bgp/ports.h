// Ports: what lb/bgp uses of the outside world.
//
//   const Ports ports = Ports::From(environment);
//
// Nothing is owned; all of it outlives the node. Loop thread only.
#ifndef LB_BGP_PORTS_H_
#define LB_BGP_PORTS_H_

#include "lb/base/event_log.h"
#include "lb/base/prng.h"
#include "lb/io/link_monitor.h"
#include "lb/io/loop.h"
#include "lb/io/stream_transport.h"

namespace lb::bgp {

struct Ports {
  io::Loop* loop = nullptr;
  io::StreamFactory* stream_factory = nullptr;
  io::LinkMonitor* links = nullptr;
  EventLog* log = nullptr;
  Prng prng{0};  // For waits that must differ between hosts.

  // Takes them out of a larger struct that has members of these names, as
  // io::Environment.
  template <typename World>
  static Ports From(const World& world) {
    return {.loop = world.loop,
            .stream_factory = world.stream_factory,
            .links = world.links,
            .log = world.log,
            .prng = world.prng};
  }
};

}  // namespace lb::bgp

#endif  // LB_BGP_PORTS_H_
