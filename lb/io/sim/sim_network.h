// SimNetwork: the IP network between simulated hosts.
//
// Best effort as the real one: datagrams are lost, doubled, delayed and
// reordered as SimPaths says. Each fate is counted. Sockets on it:
// sim_datagrams.h and sim_streams.h.
#ifndef LB_IO_SIM_SIM_NETWORK_H_
#define LB_IO_SIM_SIM_NETWORK_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/base/prng.h"
#include "lb/io/sim/sim_link_monitor.h"
#include "lb/io/sim/sim_loop.h"
#include "lb/io/sim/sim_paths.h"
#include "lb/io/sim/sim_process.h"
#include "lb/io/socket_options.h"
#include "lb/net/endpoint.h"
#include "lb/net/ip_address.h"

namespace lb::io {

class SimDatagramFactory;
class SimHost;
class SimStreamFactory;

// Where a host's sockets hang. Belongs to the SimHost.
struct SimAttachment {
  int host = 0;
  SimProcess* process = nullptr;
  const SimLinkMonitor* links = nullptr;
  std::vector<net::IpAddress> addresses;  // Of eth0.
  SimDatagramFactory* datagrams = nullptr;
  SimStreamFactory* streams = nullptr;
  bool powered = true;  // False: nothing answers, not even the kernel.
  int boot = 1;         // Grows each time the power comes back.

  // Is the host on, and eth0 up with its cable plugged?
  bool IsConnected() const;
  bool Has(const net::IpAddress& address) const;
  // From where a socket at `local` sends to an address of that family: `local`
  // itself, or the first address if that is any. Nullopt: not to that family.
  std::optional<net::IpAddress> SourceFor(const net::IpAddress& local,
                                          net::IpFamily family) const;
  // OK if a socket may be opened at `local` with these options.
  // NotFound: neither eth0 nor lo. Unavailable: the node is stopped, or the
  // host has no such address.
  absl::Status CheckSocket(std::string_view place, const net::IpAddress& local,
                           const SocketOptions& options) const;
};

// By which interface packets between two hosts go.
std::string_view InterfaceBetween(int host, int other_host);
// Can a socket with these options send or receive by that interface?
bool GoesBy(const SocketOptions& options, std::string_view interface);
// Does what one sends arrive, by the TTL? There are no routers: a packet
// arrives with the TTL that it was sent with.
bool TtlPasses(const SocketOptions& sender, const SocketOptions& receiver);

struct SimNetworkStats {
  uint64_t sent = 0;  // Accepted by Send().
  uint64_t bytes_sent = 0;
  uint64_t delivered = 0;    // Handed to a receiver.
  uint64_t duplicated = 0;   // Copies made on the way.
  uint64_t lost = 0;         // Drawn.
  uint64_t blocked = 0;      // By a block of the path, or a firewall.
  uint64_t unreachable = 0;  // No such host or socket, or it is down.
  uint64_t ttl_too_low = 0;  // For the receiving socket.
  uint64_t overflowed = 0;   // kDatagramsInFlightMax were under way.
  uint64_t unheard = 0;      // No receiver was set.
};

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

  // For the sockets:
  SimLoop* loop() { return loop_; }
  Prng& prng() { return prng_; }
  SimNetworkStats& fates() { return stats_; }
  Tap& tap() { return tap_; }
  // REQUIRES: no other host has the address.
  void Attach(const net::IpAddress& address, const SimAttachment* at);
  // The host with address `from` has `to` instead.
  void Move(const net::IpAddress& from, const net::IpAddress& to);
  // Is there a way for packets, lossy or not?
  bool CanReach(const SimAttachment& from, const SimAttachment& to) const;
  // CanReach(), and the packet is not lost: one draw.
  bool Passes(const SimAttachment& from, const SimAttachment& to);
  // Null: nothing there.
  const SimAttachment* FindHost(const net::IpAddress& address) const;
  // `source` is what the receiver takes for the sender's endpoint.
  void Transmit(const SimAttachment& from, const net::Endpoint& source,
                const net::Endpoint& to, absl::Span<const uint8_t> payload,
                const SocketOptions& options);

 private:
  SimLoop* const loop_;
  Prng prng_;
  SimPaths paths_;
  absl::btree_set<int> deaf_;  // Hosts that no datagram reaches.
  SimNetworkStats stats_;
  Tap tap_;
  absl::btree_map<net::IpAddress, const SimAttachment*> hosts_;
};

}  // namespace lb::io

#endif  // LB_IO_SIM_SIM_NETWORK_H_
