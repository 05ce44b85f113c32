// LanClient: pings one service address, and counts what goes unanswered.
//
// A ping is answered if the client's neighbour table names a host that is up,
// has a carrier, and accepts the address (see LanHost and NeighbourTable for
// what moves its entry). IPv4 only.
#ifndef LB_TESTS_SIM_LAN_CLIENT_H_
#define LB_TESTS_SIM_LAN_CLIENT_H_

#include <functional>
#include <memory>
#include <optional>

#include "absl/time/time.h"
#include "lb/base/prng.h"
#include "lb/io/loop.h"
#include "lb/io/sim/sim_host.h"
#include "lb/net/ip_address.h"
#include "lb/net/mac_address.h"
#include "tests/sim/lan_host.h"

namespace lb {

class LanClient {
 public:
  // True if the host with this MAC would take a packet for the address now.
  using Accepts = std::function<bool(const net::MacAddress& mac,
                                     const net::IpAddress& address)>;

  // `host` has the addresses that LanHost wants.
  LanClient(io::SimHost* host, Prng prng, Accepts accepts);

  // From now on, every `interval`.
  void Ping(const net::IpAddress& address, absl::Duration interval);
  // Drops the entry, so that the next ping asks.
  void Forget(const net::IpAddress& address) { lan_.Forget(address); }

  struct Pings {
    int sent = 0;
    int lost = 0;
    absl::Duration longest_silence = absl::ZeroDuration();
    // The last answer; until there is one, when the count began.
    absl::Time answered_at;
  };
  const Pings& pings() const { return pings_; }
  // Questions since Reset() that two hosts answered.
  int doubly_answered() const {
    return lan_.doubly_answered() - doubly_answered_before_;
  }
  void Reset();

  std::optional<net::MacAddress> Neighbour(
      const net::IpAddress& address) const {
    return lan_.Neighbour(address);
  }

 private:
  void OnTick();

  io::Loop* const loop_;
  const Accepts accepts_;
  LanHost lan_;
  std::unique_ptr<io::Timer> timer_;
  net::IpAddress pinged_;
  absl::Duration interval_;
  Pings pings_;
  int doubly_answered_before_ = 0;
};

}  // namespace lb

#endif  // LB_TESTS_SIM_LAN_CLIENT_H_
