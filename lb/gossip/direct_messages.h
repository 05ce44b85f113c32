// DirectMessages: membership messages for single nodes, beside gossip.
//
// Gossip alone may not reach a node that the others hold for dead. So a node
// that comes back is told directly what is said of it, and an accuser gets the
// refutation directly (GossipOptions::direct_answers), each at most once in an
// interval, or one datagram could bring many answers. Members are told directly
// of a move, too.
//
// Part of the core: no I/O; see Roster.
#ifndef LB_GOSSIP_DIRECT_MESSAGES_H_
#define LB_GOSSIP_DIRECT_MESSAGES_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "lb/gossip/member_table.h"
#include "lb/gossip/options.h"
#include "lb/gossip/wire/messages.h"
#include "lb/net/endpoint.h"

namespace lb::gossip {

// A message for one node, not for all.
struct DirectMessage {
  net::Endpoint to;
  wire::Message message;
};

class DirectMessages {
 public:
  // `options` outlives it.
  explicit DirectMessages(const GossipOptions& options) : options_(options) {}

  // The node of `record`, which is down, seems to be back without knowing what
  // is said of it: tells it in the name of `self`. Once per probe interval: its
  // old messages may also just be on their way.
  void Accuse(absl::Time now, NodeRecord& record, const std::string& self);
  // Tells an accuser that this node is alive, by `own`, or by an Introduction()
  // if `has_moved`. Once per gossip interval.
  void Answer(absl::Time now, NodeRecord& accuser, const wire::Alive& own,
              bool has_moved);
  // The node there is to get an Introduction().
  void Introduce(const net::Endpoint& to) { introductions_.push_back(to); }
  size_t introductions() const { return introductions_.size(); }

  // Empty after being taken.
  std::vector<DirectMessage> Take() { return std::exchange(messages_, {}); }
  std::vector<net::Endpoint> TakeIntroductions() {
    return std::exchange(introductions_, {});
  }

 private:
  const GossipOptions& options_;
  std::vector<DirectMessage> messages_;
  std::vector<net::Endpoint> introductions_;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_DIRECT_MESSAGES_H_
