// StreamOnlyWatch: finds the members whose UDP does not get through.
//
// There are two signs, as not all profiles send TCP pings: a TCP ping was acked
// where a ping was not, and a full exchange with a member that acked no ping.
// Unverified members get pings all the time (NewcomerQueue), and members that
// failed get them while they say that they are alive.
//
// Part of the core: no I/O; see Membership.
#ifndef LB_GOSSIP_STREAM_ONLY_WATCH_H_
#define LB_GOSSIP_STREAM_ONLY_WATCH_H_

#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "lb/gossip/member_table.h"
#include "lb/gossip/own_requests.h"
#include "lb/gossip/shared_state.h"
#include "lb/gossip/stream_only_peers.h"
#include "lb/net/endpoint.h"

namespace lb::gossip {

class StreamOnlyWatch {
 public:
  explicit StreamOnlyWatch(SharedState& state)
      : state_(state), peers_(state.options.probe.interval / 2) {}

  // The stream of `request` was answered. Tells a StreamOnlyEvent if that was
  // the last sign that was needed.
  void OnStreamAnswer(absl::Time now, const OwnRequest& request);
  // The member acked a ping.
  void OnPingAnswer(std::string_view member);
  // A ping was acked from there, or nothing answers there any more.
  void Forget(const net::Endpoint& endpoint) { peers_.Forget(endpoint); }

  // Members that answer over TCP and not over UDP.
  std::vector<StreamOnlyPeer> List(absl::Time now) const;

 private:
  void Strike(absl::Time now, const NodeRecord& record);

  SharedState& state_;
  StreamOnlyPeers peers_;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_STREAM_ONLY_WATCH_H_
