// Ports: what lb/http uses of the outside world.
//
//   const Ports ports = Ports::From(environment);
//
// Nothing is owned; all of it outlives the client. Loop thread only.
#ifndef LB_HTTP_PORTS_H_
#define LB_HTTP_PORTS_H_

#include "lb/io/loop.h"
#include "lb/io/resolver.h"
#include "lb/io/stream_transport.h"

namespace lb::http {

struct Ports {
  io::Loop* loop = nullptr;
  io::StreamFactory* stream_factory = nullptr;
  // Null: host names cannot be looked up.
  io::Resolver* resolver = nullptr;

  // Takes them out of a larger struct that has members of these names, as
  // io::Environment.
  template <typename World>
  static Ports From(const World& world) {
    return {.loop = world.loop,
            .stream_factory = world.stream_factory,
            .resolver = world.resolver};
  }
};

}  // namespace lb::http

#endif  // LB_HTTP_PORTS_H_
