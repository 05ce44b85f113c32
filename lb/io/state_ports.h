// StatePorts: what an object uses that keeps its state in the state folder.
//
//   const StatePorts ports = StatePorts::From(environment);
//
// Nothing is owned; all of it outlives the object. Loop thread only.
#ifndef LB_IO_STATE_PORTS_H_
#define LB_IO_STATE_PORTS_H_

#include "lb/base/event_log.h"
#include "lb/io/loop.h"
#include "lb/io/state_store.h"

namespace lb::io {

struct StatePorts {
  Loop* loop = nullptr;
  StateStore* state = nullptr;
  EventLog* log = nullptr;  // Told of writes that fail.

  // Takes them out of a larger struct that has members of these names, as
  // Environment.
  template <typename World>
  static StatePorts From(const World& world) {
    return {.loop = world.loop, .state = world.state, .log = world.log};
  }
};

}  // namespace lb::io

#endif  // LB_IO_STATE_PORTS_H_
