// Environment: all that a node may touch of the outside world.
//
// One per node. The daemon makes it from lb/io/posix, tests and simulations
// from lb/io/sim; the node cannot tell which.
#ifndef LB_IO_ENVIRONMENT_H_
#define LB_IO_ENVIRONMENT_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/types/span.h"
#include "lb/base/event_log.h"
#include "lb/base/prng.h"
#include "lb/io/address_installer.h"
#include "lb/io/datagram_transport.h"
#include "lb/io/frame_transport.h"
#include "lb/io/link_monitor.h"
#include "lb/io/loop.h"
#include "lb/io/resolver.h"
#include "lb/io/route_table.h"
#include "lb/io/state_store.h"
#include "lb/io/stream_transport.h"
#include "lb/io/turn_meter.h"

namespace lb::io {

// Nothing is owned; all of it outlives the node.
struct Environment {
  Loop* loop = nullptr;  // One per process; in a simulation, one for all.
  // Gossip's, on one port.
  DatagramTransport* datagrams = nullptr;
  StreamTransport* streams = nullptr;
  // Open the sockets of other protocols.
  DatagramFactory* datagram_factory = nullptr;
  StreamFactory* stream_factory = nullptr;
  FrameTransport* frames = nullptr;  // Ethernet: ARP and NDP.
  LinkMonitor* links = nullptr;
  const RouteTable* routes = nullptr;
  AddressInstaller* installer = nullptr;
  StateStore* state = nullptr;
  EventLog* log = nullptr;  // Structured events; a test reads them back.
  Prng prng{0};             // Forked per node from the one seed.
  // Fills the span with numbers fit for nonces and keys; in a simulation they
  // come from the seed too.
  std::function<void(absl::Span<uint8_t>)> random_bytes;
  // A kernel setting that is a number, as "net/ipv4/conf/all/arp_ignore";
  // nullopt: there is no such setting. Empty: none can be read.
  std::function<std::optional<int>(const std::string& name)> sysctl;
  Resolver* resolver = nullptr;      // Null: host names cannot be looked up.
  const TurnMeter* turns = nullptr;  // The loop's; null: it measures none.
};

}  // namespace lb::io

#endif  // LB_IO_ENVIRONMENT_H_
