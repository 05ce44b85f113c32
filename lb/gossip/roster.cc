#include "lb/gossip/roster.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/status/statusor.h"
#include "lb/gossip/dissemination.h"
#include "lb/gossip/wire/codec.h"
#include "lb/net/ip_address.h"

namespace lb::gossip {
namespace {

using wire::NodeState;

constexpr uint32_t kIncarnationMax = std::numeric_limits<uint32_t>::max();

bool AreSound(const std::optional<wire::Bytes>& versions) {
  if (!versions || versions->size() < kVersionsSize) return false;
  const uint8_t min = (*versions)[0];
  const uint8_t max = (*versions)[1];
  return min != 0 && max != 0 && min <= max;
}

}  // namespace

Roster::Roster(const GossipOptions& options, NodeIdentity self,
               const Prng& prng, absl::Time now, GossipCounters* counters)
    : options_(options),
      self_(std::move(self)),
      counters_(counters),
      awareness_(options.awareness_max_multiplier),
      table_(options.members_max, prng.Fork("table")),
      broadcasts_(options.broadcasts_max) {
  NodeRecord record;
  record.name = self_.name;
  record.address = self_.endpoint.address.ToBytes();
  record.endpoint = self_.endpoint;
  if (!self_.meta.empty()) record.meta = self_.meta;
  record.versions.assign(std::begin(kOwnVersions), std::end(kOwnVersions));
  record.incarnation = 1;  // An alive with 0 makes nobody alive.
  record.state = NodeState::kAlive;
  record.since = now;
  table_.Insert(std::move(record));
  Broadcast(self_.name, OwnAlive());
}

void Roster::OnAlive(absl::Time now, const wire::Alive& alive) {
  if (leaving_ && IsSelf(alive.node)) return;
  if (!AcceptsSizes(alive)) return;
  // One record without versions would make every later exchange fail.
  if (!AreSound(alive.versions)) {
    ++counters_->refused_version;
    return;
  }
  const auto address = net::IpAddress::FromBytes(alive.address);
  const net::Endpoint endpoint{
      address.value_or(net::IpAddress()),
      alive.port != 0 ? alive.port : self_.endpoint.port};
  if (!address.ok() || !AcceptsAddress(endpoint)) {
    ++counters_->refused_address;
    return;
  }
  if (!IsAdmitted(now, alive, endpoint)) return;
  NodeRecord* record = table_.Find(alive.node);
  if (record == nullptr) {
    if (alive.incarnation == 0) {
      ++counters_->stale;
      return;
    }
    record = table_.Insert({.name = alive.node,
                            .address = alive.address,
                            .endpoint = endpoint,
                            .versions = *alive.versions,
                            .since = now});
    if (record == nullptr) {
      ++counters_->members_overflow;
      return;
    }
    return Adopt(now, *record, alive, endpoint);
  }
  if (record->endpoint != endpoint) {
    // Ours is never given away, and nobody moves who is still there.
    if (IsSelf(alive.node) || !MayMove(now, *record)) {
      ++counters_->conflicts;
      events_.push_back(ConflictEvent{record->ToMember(), endpoint});
      return;
    }
    return Adopt(now, *record, alive, endpoint);
  }
  if (IsImplausible(*record, alive.incarnation)) return;
  if (IsSelf(alive.node)) return OnAliveAboutSelf(alive);
  if (alive.incarnation <= record->incarnation) {
    ++counters_->stale;
    if (!record->is_up()) Accuse(now, *record);
    return;
  }
  Adopt(now, *record, alive, endpoint);
}

bool Roster::AcceptsSizes(const wire::Alive& alive) {
  if (alive.node.empty()) {
    ++counters_->refused_name;
    return false;
  }
  if (alive.node.size() > kNameSizeMax ||
      (alive.meta && alive.meta->size() > kMetaSizeMax) ||
      (alive.versions && alive.versions->size() > 2 * kVersionsSize)) {
    ++counters_->refused_size;
    return false;
  }
  return true;
}

// Whose accusation is it? It is kept and passed on, so its size matters.
bool Roster::AcceptsAccuser(std::string_view from) {
  if (from.size() <= kNameSizeMax) return true;
  ++counters_->refused_size;
  return false;
}

bool Roster::AcceptsAddress(const net::Endpoint& endpoint) const {
  const net::IpAddress& address = endpoint.address;
  if (endpoint.port == 0 || address.is_unspecified() ||
      address.is_multicast()) {
    return false;
  }
  const auto& allowed = options_.cidrs_allowed;
  return allowed.empty() ||
         std::any_of(allowed.begin(), allowed.end(),
                     [&](const auto& p) { return p.Contains(address); });
}

bool Roster::IsAdmitted(absl::Time now, const wire::Alive& alive,
                        const net::Endpoint& endpoint) {
  if (!delegates_.admit_member || IsSelf(alive.node)) return true;
  const Member member{.name = alive.node,
                      .endpoint = endpoint,
                      .meta = alive.meta.value_or(wire::Bytes()),
                      .incarnation = alive.incarnation,
                      .since = now};
  if (delegates_.admit_member(member).ok()) return true;
  ++counters_->vetoed;
  return false;
}

bool Roster::MayMove(absl::Time now, const NodeRecord& record) const {
  if (record.state == NodeState::kLeft) return true;
  return record.state == NodeState::kDead &&
         options_.dead_node_reclaim_time > absl::ZeroDuration() &&
         now - record.since > options_.dead_node_reclaim_time;
}

void Roster::OnAliveAboutSelf(const wire::Alive& alive) {
  const NodeRecord& record = own();
  if (alive.incarnation < record.incarnation) {
    ++counters_->stale;
    return;
  }
  // Our own message coming back is what usually arrives here.
  const bool same_meta = alive.meta.value_or(wire::Bytes()) == self_.meta;
  if (alive.incarnation == record.incarnation && same_meta &&
      alive.versions == record.versions) {
    return;
  }
  Refute(alive.incarnation);
}

void Roster::Adopt(absl::Time now, NodeRecord& record, const wire::Alive& alive,
                   const net::Endpoint& endpoint) {
  suspicions_.Cancel(record.name);
  const bool was_up = record.is_up();
  const bool new_meta =
      record.meta.value_or(wire::Bytes()) != alive.meta.value_or(wire::Bytes());
  record.incarnation = alive.incarnation;
  record.address = alive.address;
  record.endpoint = endpoint;
  record.meta = alive.meta;
  record.versions = *alive.versions;
  if (record.state != NodeState::kAlive) record.since = now;
  record.state = NodeState::kAlive;
  Broadcast(record.name, alive);
  if (!was_up) {
    Tell(MemberChange::kJoined, record);
  } else if (new_meta) {
    Tell(MemberChange::kUpdated, record);
  }
}

// The node behind `record` seems to be back without knowing what is said of it.
// Once per probe interval: its old messages may also just be on their way.
void Roster::Accuse(absl::Time now, NodeRecord& record) {
  if (now - record.accused < options_.probe_interval) return;
  record.accused = now;
  const bool left = record.state == NodeState::kLeft;
  direct_.push_back(
      {record.endpoint, wire::Dead{.incarnation = record.incarnation,
                                   .node = record.name,
                                   .from = left ? record.name : self_.name}});
}

bool Roster::IsImplausible(const NodeRecord& record, uint32_t incarnation) {
  if (incarnation <= record.incarnation ||
      incarnation - record.incarnation <= kIncarnationJumpMax) {
    return false;
  }
  ++counters_->refused_incarnation;
  return true;
}

void Roster::OnSuspect(absl::Time now, const wire::Suspect& suspect) {
  if (!AcceptsAccuser(suspect.from)) return;
  NodeRecord* const record = table_.Find(suspect.node);
  if (record == nullptr || IsImplausible(*record, suspect.incarnation)) {
    if (record == nullptr) ++counters_->stale;
    return;
  }
  if (IsSelf(suspect.node)) {
    if (leaving_) return;
    if (suspect.incarnation >= record->incarnation) Refute(suspect.incarnation);
    return AnswerAccuser(now, suspect.from);
  }
  if (suspect.incarnation < record->incarnation) {
    ++counters_->stale;
    return;
  }
  if (suspicions_.Contains(suspect.node)) {
    record->incarnation = suspect.incarnation;  // Never falls back.
    // Another voice shortens it, and is news to the others too.
    if (suspicions_.Confirm(suspect.node, suspect.from)) {
      if (IsSelf(suspect.from)) ++counters_->suspicions;
      Broadcast(suspect.node, suspect);
    }
    return;
  }
  if (record->state != NodeState::kAlive) {
    ++counters_->stale;
    return;
  }
  if (IsSelf(suspect.from)) ++counters_->suspicions;
  record->incarnation = suspect.incarnation;
  record->state = NodeState::kSuspect;
  record->since = now;
  suspicions_.Start(now, suspect.node, suspect.from, CurrentSuspicionTimes());
  Broadcast(suspect.node, suspect);
}

SuspicionTimes Roster::CurrentSuspicionTimes() const {
  const absl::Duration min = SuspicionTimeout(
      options_.suspicion_mult, table_.size(), options_.probe_interval);
  return {.min = min,
          .max = min * options_.suspicion_max_timeout_mult,
          .confirmations = options_.suspicion_max_timeout_mult == 1
                               ? 0  // There is nothing to shorten.
                               : SuspicionConfirmations(options_.suspicion_mult,
                                                        table_.size())};
}

void Roster::OnDead(absl::Time now, const wire::Dead& dead) {
  if (!AcceptsAccuser(dead.from)) return;
  NodeRecord* const record = table_.Find(dead.node);
  if (record == nullptr || IsImplausible(*record, dead.incarnation)) {
    if (record == nullptr) ++counters_->stale;
    return;
  }
  if (IsSelf(dead.node)) {
    if (leaving_) return;
    if (dead.incarnation >= record->incarnation) Refute(dead.incarnation);
    return AnswerAccuser(now, dead.from);
  }
  if (dead.incarnation < record->incarnation) {
    ++counters_->stale;
    return;
  }
  record->incarnation = dead.incarnation;  // Never falls back.
  if (!record->is_up()) {
    ++counters_->stale;
    return;
  }
  suspicions_.Cancel(dead.node);
  const bool left = dead.node == dead.from;
  record->state = left ? NodeState::kLeft : NodeState::kDead;
  record->since = now;
  Broadcast(dead.node, dead);
  if (!left) ++counters_->failures;
  Tell(left ? MemberChange::kLeft : MemberChange::kFailed, *record);
}

void Roster::OnTimer(absl::Time now) {
  for (const std::string& name : suspicions_.TakeExpired(now)) {
    OnDead(now, {.incarnation = table_.Find(name)->incarnation,
                 .node = name,
                 .from = self_.name});
  }
}

void Roster::Refute(uint32_t accusation) {
  ++counters_->refutations;
  awareness_.Apply(1);
  NodeRecord& record = own();
  const uint32_t known = std::max(record.incarnation, accusation);
  record.incarnation = known == kIncarnationMax ? known : known + 1;
  Broadcast(self_.name, OwnAlive());
}

// By gossip alone an accuser that was cut off might never hear it. A datagram
// full of accusations gets one answer.
void Roster::AnswerAccuser(absl::Time now, std::string_view from) {
  NodeRecord* const accuser = table_.Find(from);
  if (accuser == nullptr || IsSelf(from)) return;
  if (now - accuser->answered < options_.gossip_interval) return;
  accuser->answered = now;
  direct_.push_back({accuser->endpoint, OwnAlive()});
}

void Roster::Leave(absl::Time now) {
  if (leaving_) return;
  leaving_ = true;
  NodeRecord& record = own();
  record.state = NodeState::kLeft;
  record.since = now;
  Broadcast(self_.name, wire::Dead{.incarnation = record.incarnation,
                                   .node = self_.name,
                                   .from = self_.name});
}

void Roster::SetMeta(wire::Bytes meta) {
  self_.meta = std::move(meta);
  NodeRecord& record = own();
  record.meta = self_.meta;
  if (leaving_) return;
  if (record.incarnation != kIncarnationMax) ++record.incarnation;
  Broadcast(self_.name, OwnAlive());
}

std::vector<Member> Roster::Members() const {
  std::vector<Member> members;
  members.reserve(table_.size());
  for (const auto& [name, record] : table_.records()) {
    members.push_back(record.ToMember());
  }
  return members;
}

bool Roster::HasOtherUp() const {
  const auto& records = table_.records();
  return std::any_of(records.begin(), records.end(), [&](const auto& entry) {
    return entry.second.is_up() && !IsSelf(entry.first);
  });
}

void Roster::Broadcast(std::string_view name, const wire::Message& message) {
  if (!broadcasts_.Push(name, wire::EncodeMessage(message))) {
    ++counters_->broadcasts_overflow;
  }
}

void Roster::Tell(MemberChange change, const NodeRecord& record) {
  events_.push_back(MemberEvent{change, record.ToMember()});
}

std::vector<DirectMessage> Roster::TakeDirect() {
  return std::exchange(direct_, {});
}

std::vector<GossipEvent> Roster::TakeEvents() {
  return std::exchange(events_, {});
}

}  // namespace lb::gossip
