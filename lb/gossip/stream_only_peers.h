// StreamOnlyPeers: members that answer over TCP and not over UDP.
//
// A firewall often lets only one of the two through. Full exchanges find such a
// member, and no ping reaches it: it is declared dead, or kept by TCP pings
// alone, and an operator cannot see why.
//
// A strike is an answer over a stream where a ping has gone unanswered; strikes
// count when they are `spacing` apart. A member is listed after kStrikes
// without an ack between them. Plain state; no clock.
#ifndef LB_GOSSIP_STREAM_ONLY_PEERS_H_
#define LB_GOSSIP_STREAM_ONLY_PEERS_H_

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "lb/net/endpoint.h"

namespace lb::gossip {

struct StreamOnlyPeer {
  std::string member;
  net::Endpoint endpoint;
  absl::Time last;  // The latest answer over a stream, in the loop's time.
};

class StreamOnlyPeers {
 public:
  static constexpr int kStrikes = 3;
  static constexpr size_t kPeersMax = 64;

  explicit StreamOnlyPeers(absl::Duration spacing) : spacing_(spacing) {}

  // True: an event is due, since the member is new in List().
  bool OnStrike(absl::Time now, const std::string& member,
                const net::Endpoint& endpoint);
  // A ping was acked from there, nothing answers there any more, or the member
  // is elsewhere.
  void Forget(const net::Endpoint& endpoint) {
    if (!peers_.empty()) peers_.erase(endpoint);
  }
  // By endpoint.
  std::vector<StreamOnlyPeer> List() const;

 private:
  struct Entry {
    StreamOnlyPeer peer;
    int strikes = 0;
  };

  const absl::Duration spacing_;
  std::map<net::Endpoint, Entry> peers_;  // At most kPeersMax.
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_STREAM_ONLY_PEERS_H_
