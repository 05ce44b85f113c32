// SimHost: one simulated machine, and the Environment of the node on it.
//
// It has interface "eth0" on the world's segment and "lo", a disk, an event
// log, and for gossip a UDP and a TCP socket on one port (7946) of all its
// addresses; a node opens others by the factories. All pointers of its
// Environment stay the same for the host's life, through crashes and restarts;
// they and the host belong to the SimWorld.
//
//   SimHost* n1 = world.AddHost("n1", "172.18.8.11/24");
//   auto node = std::make_unique<Node>(n1->environment());
//   n1->Crash();             // From here on n1 is silent.
//   node.reset();            // Any time from here to Restart(); what it still
//                            // calls meanwhile has no effect.
//   n1->Restart();
//   node = std::make_unique<Node>(n1->environment());
#ifndef LB_IO_SIM_SIM_HOST_H_
#define LB_IO_SIM_SIM_HOST_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "lb/base/event_log.h"
#include "lb/base/prng.h"
#include "lb/io/environment.h"
#include "lb/io/sim/sim_address_installer.h"
#include "lb/io/sim/sim_datagrams.h"
#include "lb/io/sim/sim_link_monitor.h"
#include "lb/io/sim/sim_loop.h"
#include "lb/io/sim/sim_network.h"
#include "lb/io/sim/sim_process.h"
#include "lb/io/sim/sim_resolver.h"
#include "lb/io/sim/sim_route_table.h"
#include "lb/io/sim/sim_segment.h"
#include "lb/io/sim/sim_state_store.h"
#include "lb/io/sim/sim_streams.h"
#include "lb/io/turn_meter.h"
#include "lb/net/endpoint.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_prefix.h"
#include "lb/net/mac_address.h"

namespace lb::io {

struct SimHostOptions {
  std::string name;
  // The addresses of eth0, at least one. Gossip's sockets are named by the
  // first.
  std::vector<net::IpPrefix> addresses;
  uint16_t port = 7946;
};

class SimHost {
 public:
  // For SimWorld. `number` counts a world's hosts: 1, 2, 3, ...
  SimHost(int number, SimHostOptions options, SimLoop* loop,
          SimNetwork* network, SimSegment* segment);
  SimHost(const SimHost&) = delete;
  SimHost& operator=(const SimHost&) = delete;

  // What the node on this host may touch. The Prng depends on the world's seed,
  // the host's name and the number of its restarts.
  Environment environment();

  int number() const { return number_; }
  const std::string& name() const { return options_.name; }
  net::IpAddress address() const { return attachment_.addresses[0]; }
  net::Endpoint endpoint() const { return {address(), options_.port}; }
  // The MAC of eth0: 02:00:00 and the host's number.
  net::MacAddress mac() const { return mac_; }

  // Power loss: nothing is sent, received or run any more; writes that were not
  // answered are lost; addresses installed by the node are gone. Peers of its
  // streams hear nothing. May be called from anywhere.
  void Crash();
  // kill -9 of the node: as Crash(), but its kernel lives: installed addresses
  // stay, and it finishes the node's streams, whatever was left to say.
  void Kill();
  // REQUIRES: !running(). What is left of the old node must be destroyed first.
  void Restart();
  bool running() const { return process_.running(); }
  bool powered() const { return attachment_.powered; }  // Not since a Crash().

  // SIGSTOP and SIGCONT: what is due in between comes at Resume().
  void Pause() { process_.Pause(); }
  void Resume() { process_.Resume(); }

  // Replaces address() by another one, as when a lease is renewed: sockets at
  // any address have it at once, the links say so. A socket bound to the old
  // one hears nothing more. REQUIRES: no other host has it.
  void Renumber(const net::IpPrefix& to);

  // Sends a datagram whose source is not this host's, as who forges one does.
  void SendAs(const net::Endpoint& source, const net::Endpoint& to,
              absl::Span<const uint8_t> payload) {
    network_->Transmit(attachment_, source, to, payload, {});
  }

  // Pulls and plugs the cable of an interface.
  void SetCarrier(bool carrier) { links_.SetCarrier("eth0", carrier); }

  SimProcess& process() { return process_; }  // The civil clock's error.
  SimLinkMonitor& links() { return links_; }
  SimRouteTable& routes() { return routes_; }
  SimAddressInstaller& installer() { return installer_; }
  SimStateStore& state() { return state_; }
  EventLog& log() { return log_; }
  SimResolver& resolver() { return resolver_; }
  // A simulated loop takes no time. A test makes turns up.
  TurnMeter& turns() { return turns_; }
  // What Environment::sysctl reads; at first arp_ignore and arp_announce of all
  // interfaces, as a node with strict ARP has them.
  std::map<std::string, int>& sysctls() { return sysctls_; }

 private:
  void StopNode();

  const int number_;
  SimHostOptions options_;
  SimNetwork* const network_;
  const net::MacAddress mac_;
  const Prng prng_;
  SimProcess process_;
  SimLinkMonitor links_;
  SimRouteTable routes_;
  SimAddressInstaller installer_;
  SimStateStore state_;
  EventLog log_;
  SimResolver resolver_;
  TurnMeter turns_;
  std::map<std::string, int> sysctls_ = {{"net/ipv4/conf/all/arp_ignore", 1},
                                         {"net/ipv4/conf/all/arp_announce", 2}};
  SimAttachment attachment_;
  SimDatagramFactory datagram_factory_;
  SimStreamFactory stream_factory_;
  const std::unique_ptr<DatagramTransport> datagrams_;
  const std::unique_ptr<StreamTransport> streams_;
  SimFrameTransport frames_;
};

}  // namespace lb::io

#endif  // LB_IO_SIM_SIM_HOST_H_
