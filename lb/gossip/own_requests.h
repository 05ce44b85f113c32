// OwnRequests: the streams that a Membership has asked for and that have not
// ended, at most `most` of them. Pure; part of the core.
//
//   if (!requests.Open(now, deadline, {.kind = OwnRequest::Kind::kPing, ...}))
//   ...
//   for (const StreamRequest& request : requests.TakeNew()) ...  // Connect.
//   const auto request = requests.End(id);  // Nullopt: it ended before.
#ifndef LB_GOSSIP_OWN_REQUESTS_H_
#define LB_GOSSIP_OWN_REQUESTS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "lb/gossip/outgoing.h"
#include "lb/gossip/wire/codec.h"
#include "lb/net/endpoint.h"

namespace lb::gossip {

// The purpose of a stream that this node opens.
struct OwnRequest {
  enum class Kind { kPushPull, kPing, kUser };
  Kind kind = Kind::kPushPull;
  net::Endpoint to;
  bool join = false;      // kPushPull
  uint32_t sequence = 0;  // kPing
  std::string node;       // kPing
  wire::Bytes payload;    // kUser
};

class OwnRequests {
 public:
  explicit OwnRequests(size_t most) : most_(most) {}

  // False: `most` are open, or the deadline is over.
  bool Open(absl::Time now, absl::Time deadline, OwnRequest request);
  const OwnRequest* Find(uint64_t id) const;  // Null: it has ended.
  std::optional<OwnRequest> End(uint64_t id);

  // Half of the streams are for members that were verified: many that are not
  // there would each hold one until its timeout.
  bool HasRoomForUnverified() const { return requests_.size() < Share(1, 2); }
  bool HasRoomForJoin() const;
  bool HasRoomForBurst() const;
  // Is a full exchange with `peer` under way?
  bool Exchanges(const net::Endpoint& peer) const;

  std::vector<StreamRequest> TakeNew() { return std::exchange(new_, {}); }

 private:
  size_t Share(size_t part, size_t of) const {
    return (part * most_ + of - 1) / of;
  }
  size_t Joining() const;

  const size_t most_;
  uint64_t last_id_ = 0;
  std::map<uint64_t, OwnRequest> requests_;
  std::vector<StreamRequest> new_;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_OWN_REQUESTS_H_
