// NodePorts: what a node that speaks a protocol uses of the outside world,
// beside the sockets of that protocol.
//
//   const NodePorts ports = NodePorts::From(environment);
//
// A library's own Ports has it as its base and adds the sockets. Nothing is
// owned; all of it outlives the node. Loop thread only.
#ifndef LB_IO_NODE_PORTS_H_
#define LB_IO_NODE_PORTS_H_

#include "lb/base/event_log.h"
#include "lb/base/prng.h"
#include "lb/io/link_monitor.h"
#include "lb/io/loop.h"

namespace lb::io {

struct NodePorts {
  Loop* loop = nullptr;
  LinkMonitor* links = nullptr;
  EventLog* log = nullptr;
  Prng prng{0};  // For waits that must differ between hosts.

  // Takes them out of a larger struct that has members of these names, as
  // Environment.
  template <typename World>
  static NodePorts From(const World& world) {
    return {.loop = world.loop,
            .links = world.links,
            .log = world.log,
            .prng = world.prng};
  }
};

}  // namespace lb::io

#endif  // LB_IO_NODE_PORTS_H_
