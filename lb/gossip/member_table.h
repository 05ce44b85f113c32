// MemberTable: the known nodes, by name, and the order of probing them.
//
// Verified members (Member::verified) are probed and sampled. Unverified ones,
// of which an attacker can invent thousands, are kept apart and cost the others
// nothing. Records stay where they are until NextToProbe() forgets some.
// Bounded. Small: some 80 bytes per node, and its description, which is shared
// with full exchanges (and with other tables that learned it from the same).
#ifndef LB_GOSSIP_MEMBER_TABLE_H_
#define LB_GOSSIP_MEMBER_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/time/time.h"
#include "lb/base/prng.h"
#include "lb/gossip/compact_time.h"
#include "lb/gossip/member.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/messages.h"
#include "lb/net/endpoint.h"

namespace lb::gossip {

// One node.
struct NodeRecord {
  wire::SharedDescription node;  // With a port; its versions go with ours.
  CompactTime since;             // When `state` began.
  CompactTime accused;           // When it was told last.
  CompactTime answered;          // When our refutation went to it.
  CompactTime contested;         // When its address was, and it was told.
  uint64_t user_cursor =
      0;  // The last user message sent to it; see UserMessageLog.
  uint32_t incarnation = 0;
  uint32_t goodbye = 0;  // With which it left its last address; see Relocation.
  wire::NodeState state = wire::NodeState::kDead;
  bool verified = false;  // See Member::verified.
  uint32_t place = 0;     // In the table's list.

  const std::string& name() const { return node->name; }
  wire::Bytes meta() const { return node->meta.value_or(wire::Bytes()); }
  // Its address, with an IPv4-mapped one as IPv4.
  net::Endpoint endpoint() const;
  bool is_up() const {
    return state == wire::NodeState::kAlive ||
           state == wire::NodeState::kSuspect;
  }
  // Abilities that came with versions of the protocol.
  bool knows_stream_pings() const { return protocol_max() >= 3; }
  bool knows_nacks() const { return protocol_max() >= 4; }
  wire::Checksum checksum() const {
    return protocol_max() >= 5 ? wire::Checksum::kCrc32 : wire::Checksum::kNone;
  }
  uint8_t protocol_max() const { return (*node->versions)[1]; }
  Member ToMember() const;
  wire::Alive ToAlive() const;
};

class MemberTable {
 private:
  struct ByName {
    using is_transparent = void;
    static std::string_view NameOf(std::string_view name) { return name; }
    static std::string_view NameOf(const std::unique_ptr<NodeRecord>& record) {
      return record->name();
    }
    bool operator()(const auto& a, const auto& b) const {
      return NameOf(a) < NameOf(b);
    }
  };

 public:
  using Records = absl::btree_set<std::unique_ptr<NodeRecord>, ByName>;

  MemberTable(size_t records_max, const Prng& prng)
      : records_max_(records_max), prng_(prng) {}

  // Null: unknown.
  NodeRecord* Find(std::string_view name);
  const NodeRecord* Find(std::string_view name) const;

  // Adds it, if it is verified at a random place of the probing order. Null:
  // the table is full. REQUIRES: the name is unknown.
  NodeRecord* Insert(NodeRecord record);
  // It is moved; nothing changes if it is there already.
  void SetVerified(NodeRecord& record, bool verified);

  // The next node to probe: each verified one that is up and not `self`, once
  // per round, in a new random order for each round. Null: there is none.
  // Removes verified members that are down for longer than `reap_after` at the
  // end of a round, and a few such unverified ones on every call.
  NodeRecord* NextToProbe(absl::Time now, std::string_view self,
                          absl::Duration reap_after);

  using Wanted = std::function<bool(const NodeRecord&)>;
  // Up to `count` different random records that were verified and are `wanted`.
  std::vector<NodeRecord*> Sample(size_t count, const Wanted& wanted);
  // The same for unverified members.
  std::vector<NodeRecord*> SampleUnverified(size_t count, const Wanted& wanted);
  // The same without `self`. Uses unverified members only if no verified one
  // matches; thousands of invented members would otherwise absorb all gossip.
  std::vector<NodeRecord*> SampleOthers(size_t count, std::string_view self,
                                        const Wanted& wanted);

  // All by name.
  std::vector<Member> Members() const;
  // Verified members that are up, by name.
  std::vector<Member> VerifiedMembers() const;
  bool HasOtherUp(std::string_view self) const;

  size_t size() const { return records_.size(); }  // Down ones included.
  // In no particular order; down ones included, and ourselves.
  const std::vector<NodeRecord*>& verified() const { return order_; }
  const std::vector<NodeRecord*>& unverified() const { return unverified_; }
  // By name.
  const Records& records() const { return records_; }

 private:
  using List = std::vector<NodeRecord*>;

  static void Put(List& list, size_t place, NodeRecord* record);
  void InsertIntoOrder(NodeRecord* record);
  void RemoveFromOrder(const NodeRecord& record);
  void RemoveFromUnverified(const NodeRecord& record);
  List Draw(const List& from, size_t count, const Wanted& wanted);
  void Reap(absl::Time now, std::string_view self, absl::Duration reap_after);
  void ReapUnverified(absl::Time now, absl::Duration reap_after);

  const size_t records_max_;
  Prng prng_;
  Records records_;
  // Each record is in one of the two, at its `place`.
  List order_;
  List unverified_;
  size_t next_ = 0;             // In `order_`.
  size_t next_unverified_ = 0;  // To be looked at by ReapUnverified().
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_MEMBER_TABLE_H_
