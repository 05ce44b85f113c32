// SimNetwork: the IP network between simulated hosts, and UDP over it.
//
// Best effort as the real one: datagrams are lost, doubled, delayed and
// reordered as SimPaths says. At most kDatagramsInFlightMax wait for a socket;
// more are dropped. Each fate is counted. TCP over it: sim_streams.h.
#ifndef LB_IO_SIM_SIM_NETWORK_H_
#define LB_IO_SIM_SIM_NETWORK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/base/prng.h"
#include "lb/io/datagram_transport.h"
#include "lb/io/sim/sim_link_monitor.h"
#include "lb/io/sim/sim_loop.h"
#include "lb/io/sim/sim_paths.h"
#include "lb/io/sim/sim_process.h"
#include "lb/net/endpoint.h"

namespace lb::io {

// Datagrams under way to one socket, those that wait for a paused process
// included.
inline constexpr size_t kDatagramsInFlightMax = 4096;

// Where a host's transports hang. Belongs to the SimHost.
struct SimAttachment {
  int host = 0;
  SimProcess* process = nullptr;
  const SimLinkMonitor* links = nullptr;
  std::vector<net::Endpoint> endpoints;  // One per address; one port for all.
  bool powered = true;  // False: nothing answers, not even the kernel.
  int boot = 1;         // Grows each time the power comes back.

  // Is the host on, and eth0 up with its cable plugged?
  bool IsConnected() const;
  // Null: no address of that family.
  const net::Endpoint* EndpointOf(net::IpFamily family) const;
};

struct SimNetworkStats {
  uint64_t sent = 0;  // Accepted by Send().
  uint64_t bytes_sent = 0;
  uint64_t delivered = 0;    // Handed to a receiver.
  uint64_t duplicated = 0;   // Copies made on the way.
  uint64_t lost = 0;         // Drawn.
  uint64_t blocked = 0;      // By a block of the path, or a firewall.
  uint64_t unreachable = 0;  // No such host, or it is down.
  uint64_t overflowed = 0;   // kDatagramsInFlightMax were under way.
  uint64_t unheard = 0;      // No receiver was set.
};

class SimDatagramTransport;
class SimHost;
class SimStreamTransport;

class SimNetwork {
 public:
  // Sees each datagram as it is sent, be it lost or not: from where, to where,
  // and its bytes. Not what hosts send as others.
  using Tap =
      absl::AnyInvocable<void(const net::Endpoint& from, const net::Endpoint&,
                              absl::Span<const uint8_t>)>;

  SimNetwork(SimLoop* loop, Prng prng) : loop_(loop), prng_(prng) {}
  SimNetwork(const SimNetwork&) = delete;
  SimNetwork& operator=(const SimNetwork&) = delete;

  SimPaths& paths() { return paths_; }
  // A firewall on the host drops what datagrams are sent to it, and lets
  // streams through.
  void SetDatagramsDropped(const SimHost& host, bool dropped);
  void SetTap(Tap tap) { tap_ = std::move(tap); }
  // UDP only.
  const SimNetworkStats& stats() const { return stats_; }

  // For the transports:
  SimLoop* loop() { return loop_; }
  Prng& prng() { return prng_; }
  void Attach(const net::Endpoint& at, SimDatagramTransport* transport);
  void Attach(const net::Endpoint& at, SimStreamTransport* transport);
  // What is attached at `from` is at `to` from now on.
  void Move(const net::Endpoint& from, const net::Endpoint& to);
  // Is there a way for packets, lossy or not?
  bool CanReach(const SimAttachment& from, const SimAttachment& to) const;
  // CanReach(), and the packet is not lost: one draw.
  bool Passes(const SimAttachment& from, const SimAttachment& to);
  // Null: nothing there.
  SimStreamTransport* FindStreams(const net::Endpoint& at) const;
  const SimAttachment* FindHost(const net::IpAddress& address) const;
  // `source` is what the receiver takes for the sender's endpoint.
  void Transmit(const SimAttachment& from, const net::Endpoint& source,
                const net::Endpoint& to, absl::Span<const uint8_t> payload);

 private:
  friend class SimDatagramTransport;

  SimLoop* const loop_;
  Prng prng_;
  SimPaths paths_;
  absl::btree_set<int> deaf_;  // Hosts that no datagram reaches.
  SimNetworkStats stats_;
  Tap tap_;
  absl::btree_map<net::IpAddress, const SimAttachment*> hosts_;
  absl::btree_map<net::Endpoint, SimDatagramTransport*> datagrams_;
  absl::btree_map<net::Endpoint, SimStreamTransport*> streams_;
};

class SimDatagramTransport final : public DatagramTransport {
 public:
  // Both must outlive it.
  SimDatagramTransport(SimNetwork* network, const SimAttachment* at);

  net::Endpoint local() const override { return at_->endpoints[0]; }
  absl::Status Send(const net::Endpoint& to,
                    absl::Span<const uint8_t> payload) override;
  void SetReceiver(Receiver receiver) override;

 private:
  friend class SimNetwork;

  // Schedules the arrival of one datagram, or counts why not.
  void Schedule(absl::Time at, const net::Endpoint& from,
                absl::Span<const uint8_t> payload);
  void Arrive(const net::Endpoint& from, absl::Span<const uint8_t> payload);

  SimNetwork* const network_;
  const SimAttachment* const at_;
  size_t in_flight_ = 0;
  std::shared_ptr<Receiver> receiver_;
};

}  // namespace lb::io

#endif  // LB_IO_SIM_SIM_NETWORK_H_
