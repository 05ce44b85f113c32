// MemberTable: the nodes we know, by name, and the order of probing them.
//
// Records stay where they are until Reap() removes them. Bounded.
#ifndef LB_GOSSIP_MEMBER_TABLE_H_
#define LB_GOSSIP_MEMBER_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "lb/base/prng.h"
#include "lb/gossip/member.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/messages.h"
#include "lb/net/endpoint.h"

namespace lb::gossip {

// pmin, pmax, pcur, dmin, dmax, dcur.
inline constexpr size_t kVersionsSize = 6;
// What we say of ourselves: memberlist's own default.
inline constexpr uint8_t kOwnVersions[kVersionsSize] = {1, 5, 2, 0, 0, 0};

// One node. What it says of itself is kept and passed on as it came.
struct NodeRecord {
  std::string name;
  wire::Bytes address;  // As it came; `endpoint` is what it means.
  net::Endpoint endpoint;
  std::optional<wire::Bytes> meta;
  wire::Bytes versions;  // kVersionsSize or more bytes.
  uint32_t incarnation = 0;
  wire::NodeState state = wire::NodeState::kDead;
  absl::Time since;                           // When `state` began.
  absl::Time accused = absl::InfinitePast();  // When it was told last.
  absl::Time answered =
      absl::InfinitePast();  // When our refutation went to it.
  uint64_t user_cursor = 0;  // The last user message sent to it; see UserLog.

  bool is_up() const {
    return state == wire::NodeState::kAlive ||
           state == wire::NodeState::kSuspect;
  }
  // What versions of the protocol brought.
  bool knows_stream_pings() const { return versions[1] >= 3; }
  bool knows_nacks() const { return versions[1] >= 4; }
  wire::Checksum checksum() const {
    return versions[1] >= 5 ? wire::Checksum::kCrc32 : wire::Checksum::kNone;
  }
  Member ToMember() const;
  wire::Alive ToAlive() const;
};

class MemberTable {
 public:
  MemberTable(size_t records_max, const Prng& prng)
      : records_max_(records_max), prng_(prng) {}

  // Null: unknown.
  NodeRecord* Find(std::string_view name);
  const NodeRecord* Find(std::string_view name) const;

  // Adds it at a random place of the probing order. Null: the table is full.
  // REQUIRES: the name is unknown.
  NodeRecord* Insert(NodeRecord record);

  // The next node to probe: each that is up and not `self` once per round, in
  // an order that is drawn anew for each round. Null: there is none.
  // A round that ends first forgets who is down for longer than `reap_after`.
  NodeRecord* NextToProbe(absl::Time now, std::string_view self,
                          absl::Duration reap_after);

  // Up to `count` different random records that are `wanted`.
  std::vector<NodeRecord*> Sample(
      size_t count, const std::function<bool(const NodeRecord&)>& wanted);

  size_t size() const { return order_.size(); }  // Down ones included.
  // By name.
  const std::map<std::string, NodeRecord, std::less<>>& records() const {
    return records_;
  }
  std::map<std::string, NodeRecord, std::less<>>& records() { return records_; }

 private:
  void Reap(absl::Time now, std::string_view self, absl::Duration reap_after);

  const size_t records_max_;
  Prng prng_;
  std::map<std::string, NodeRecord, std::less<>> records_;
  std::vector<NodeRecord*> order_;  // All of `records_`.
  size_t next_ = 0;                 // In `order_`.
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_MEMBER_TABLE_H_
