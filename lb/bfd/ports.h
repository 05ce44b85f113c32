// Ports: what lb/bfd uses of the outside world.
//
//   const Ports ports = Ports::From(environment);
//
// Nothing is owned; all of it outlives the node. Loop thread only.
#ifndef LB_BFD_PORTS_H_
#define LB_BFD_PORTS_H_

#include "lb/base/prng.h"
#include "lb/io/datagram_transport.h"
#include "lb/io/loop.h"

namespace lb::bfd {

struct Ports {
  io::Loop* loop = nullptr;
  io::DatagramFactory* datagram_factory = nullptr;
  // For discriminators, source ports and jitter. A seed of its own for each run
  // of the program: discriminators must differ from those of the run before.
  Prng prng{0};

  // Takes them out of a larger struct that has members of these names, as
  // io::Environment.
  template <typename World>
  static Ports From(const World& world) {
    return {.loop = world.loop,
            .datagram_factory = world.datagram_factory,
            .prng = world.prng};
  }
};

}  // namespace lb::bfd

#endif  // LB_BFD_PORTS_H_
