// RosterTest: a Roster and the words to tell it things.
#ifndef LB_GOSSIP_TESTING_ROSTER_FIXTURE_H_
#define LB_GOSSIP_TESTING_ROSTER_FIXTURE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/gossip/broadcast_queue.h"
#include "lb/gossip/member.h"
#include "lb/gossip/member_table.h"
#include "lb/gossip/options.h"
#include "lb/gossip/roster.h"
#include "lb/gossip/versions.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/messages.h"
#include "lb/net/endpoint.h"
#include "lb/net/ip_address.h"

namespace lb::gossip {

inline const absl::Time kStart = absl::UnixEpoch() + absl::Seconds(1000);

inline wire::Bytes Versions() {
  return wire::Bytes(kOwnVersions, kOwnVersions + kVersionsSize);
}

inline net::Endpoint Host(uint8_t number) {
  return {net::IpAddress::Ipv4(0x0a000000u + number), 7946};
}

// "joined b", "failed c", "conflict b", ...
inline std::string Text(const GossipEvent& event) {
  if (const auto* conflict = std::get_if<ConflictEvent>(&event)) {
    return "conflict " + conflict->existing.name;
  }
  const auto* change = std::get_if<MemberEvent>(&event);
  if (change == nullptr) return "?";
  switch (change->change) {
    case MemberChange::kJoined:
      return "joined " + change->member.name;
    case MemberChange::kUpdated:
      return "updated " + change->member.name;
    case MemberChange::kLeft:
      return "left " + change->member.name;
    case MemberChange::kFailed:
      return "failed " + change->member.name;
    case MemberChange::kVerified:
      return "verified " + change->member.name;
    case MemberChange::kMoved:
      return "moved " + change->member.name;
  }
  return "?";
}

// We are "self" at 10.0.0.1; b is at .2, c at .3, ...
class RosterTest : public testing::Test {
 public:
  RosterTest() { Restart(LanProfile()); }

  void Restart(const GossipOptions& options) {
    options_ = options;
    counters_ = {};
    roster_ = std::make_unique<Roster>(
        options_, NodeIdentity{.name = "self", .endpoint = Host(1)}, Prng(1),
        kStart, &counters_);
  }

  wire::Alive Alive(const std::string& name, uint32_t incarnation) {
    return {.incarnation = incarnation,
            .node = name,
            .address = AddressOf(name).address.ToBytes(),
            .port = 7946,
            .versions = Versions()};
  }
  static net::Endpoint AddressOf(const std::string& name) {
    return name == "self" ? Host(1)
                          : Host(static_cast<uint8_t>(name[0] - 'a' + 1));
  }
  void HearAlive(const std::string& name, uint32_t incarnation) {
    roster_->OnAlive(now_, Alive(name, incarnation));
  }
  // A ping of ours was acked.
  void Answered(const std::string& name) {
    roster_->OnVerified(*roster_->table().Find(name));
  }
  void HearSuspect(const std::string& name, uint32_t incarnation,
                   const std::string& from = "b") {
    roster_->OnSuspect(now_, {incarnation, name, from});
  }
  void HearDead(const std::string& name, uint32_t incarnation,
                const std::string& from = "b") {
    roster_->OnDead(now_, {incarnation, name, from});
  }

  const NodeRecord& Record(const std::string& name) {
    return *roster_->table().Find(name);
  }
  wire::NodeState StateOf(const std::string& name) {
    return Record(name).state;
  }
  uint32_t IncarnationOf(const std::string& name) {
    return Record(name).incarnation;
  }
  bool Knows(const std::string& name) {
    return roster_->table().Find(name) != nullptr;
  }
  std::vector<std::string> Events() {
    std::vector<std::string> texts;
    for (const auto& event : roster_->TakeEvents()) {
      texts.push_back(Text(event));
    }
    return texts;
  }
  // Forgets what is queued.
  void Flush() {
    while (!roster_->broadcasts().empty()) {
      Queued();
    }
    roster_->TakeEvents();
    roster_->TakeDirect();
  }
  std::vector<wire::Bytes> Queued() {
    PacketRoom room{.bytes = 1 << 20, .parts = 1000};
    BroadcastQueue& queue = roster_->broadcasts();
    std::vector<wire::Bytes> messages = queue.Take(room, 1, Weight::kNews);
    for (wire::Bytes& message : queue.Take(room, 1, Weight::kHearsay)) {
      messages.push_back(std::move(message));
    }
    return messages;
  }
  bool Gossips(const std::string& name) {
    return roster_->broadcasts().Contains(name);
  }

  GossipOptions options_;
  GossipCounters counters_;
  std::unique_ptr<Roster> roster_;
  absl::Time now_ = kStart;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_TESTING_ROSTER_FIXTURE_H_
