#include "lb/gossip/member_table.h"

#include <algorithm>
#include <utility>

#include "absl/types/span.h"
#include "lb/base/check.h"
#include "lb/net/ip_address.h"

namespace lb::gossip {
namespace {

// Unverified records that one call looks at.
constexpr size_t kReapStep = 64;

}  // namespace

net::Endpoint NodeRecord::endpoint() const {
  return {net::IpAddress::FromBytes(node->address).value_or(net::IpAddress()),
          node->port};
}

Member NodeRecord::ToMember() const {
  return {.name = name(),
          .endpoint = endpoint(),
          .meta = meta(),
          .state = state,
          .incarnation = incarnation,
          .since = since,
          .verified = verified};
}

wire::Alive NodeRecord::ToAlive() const {
  return {.incarnation = incarnation,
          .node = node->name,
          .address = node->address,
          .port = node->port,
          .meta = node->meta,
          .versions = node->versions};
}

NodeRecord* MemberTable::Find(std::string_view name) {
  const auto found = records_.find(name);
  return found == records_.end() ? nullptr : found->get();
}

const NodeRecord* MemberTable::Find(std::string_view name) const {
  const auto found = records_.find(name);
  return found == records_.end() ? nullptr : found->get();
}

NodeRecord* MemberTable::Insert(NodeRecord record) {
  if (records_.size() >= records_max_) return nullptr;
  const auto [entry, inserted] =
      records_.insert(std::make_unique<NodeRecord>(std::move(record)));
  LB_CHECK(inserted);
  NodeRecord* const added = entry->get();
  if (added->verified) {
    InsertIntoOrder(added);
  } else {
    Put(unverified_, unverified_.size(), added);
  }
  return added;
}

void MemberTable::Put(List& list, size_t place, NodeRecord* record) {
  if (place == list.size()) list.push_back(nullptr);
  list[place] = record;
  record->place = static_cast<uint32_t>(place);
}

// At a random place: otherwise all nodes would probe a newcomer last.
void MemberTable::InsertIntoOrder(NodeRecord* record) {
  const size_t place = prng_.Uniform(order_.size() + 1);
  if (place < order_.size()) Put(order_, order_.size(), order_[place]);
  Put(order_, place, record);
}

// Each of the others keeps its turn in this round.
void MemberTable::RemoveFromOrder(const NodeRecord& record) {
  size_t gap = record.place;
  if (gap < next_) {
    --next_;
    Put(order_, gap, order_[next_]);
    gap = next_;
  }
  NodeRecord* const last = order_.back();
  order_.pop_back();
  if (gap < order_.size()) Put(order_, gap, last);
}

void MemberTable::RemoveFromUnverified(const NodeRecord& record) {
  NodeRecord* const last = unverified_.back();
  unverified_.pop_back();
  if (record.place < unverified_.size()) Put(unverified_, record.place, last);
}

void MemberTable::SetVerified(NodeRecord& record, bool verified) {
  if (record.verified == verified) return;
  record.verified = verified;
  if (verified) {
    RemoveFromUnverified(record);
    InsertIntoOrder(&record);
  } else {
    RemoveFromOrder(record);
    Put(unverified_, unverified_.size(), &record);
  }
}

NodeRecord* MemberTable::NextToProbe(absl::Time now, std::string_view self,
                                     absl::Duration reap_after) {
  const auto wanted = [self](const NodeRecord& record) {
    return record.is_up() && record.name() != self;
  };
  ReapUnverified(now, reap_after);
  // Twice: to the end of this round, then one whole round.
  for (int round = 0; round < 2; ++round) {
    while (next_ < order_.size()) {
      NodeRecord* const record = order_[next_++];
      if (wanted(*record)) return record;
    }
    Reap(now, self, reap_after);
    prng_.Shuffle(absl::MakeSpan(order_));
    for (size_t i = 0; i < order_.size(); ++i) Put(order_, i, order_[i]);
    next_ = 0;
  }
  return nullptr;
}

void MemberTable::Reap(absl::Time now, std::string_view self,
                       absl::Duration reap_after) {
  const auto gone = [&](const NodeRecord* record) {
    return !record->is_up() && record->name() != self &&
           now - record->since > reap_after;
  };
  const auto first_gone =
      std::stable_partition(order_.begin(), order_.end(),
                            [&](const NodeRecord* r) { return !gone(r); });
  for (auto it = first_gone; it != order_.end(); ++it) {
    records_.erase(records_.find((*it)->name()));
  }
  order_.erase(first_gone, order_.end());
}

void MemberTable::ReapUnverified(absl::Time now, absl::Duration reap_after) {
  const size_t steps = std::min(kReapStep, unverified_.size());
  for (size_t i = 0; i < steps; ++i) {
    if (next_unverified_ >= unverified_.size()) next_unverified_ = 0;
    NodeRecord* const record = unverified_[next_unverified_];
    if (record->is_up() || now - record->since <= reap_after) {
      ++next_unverified_;
      continue;
    }
    RemoveFromUnverified(*record);
    records_.erase(records_.find(record->name()));
  }
}

std::vector<NodeRecord*> MemberTable::Sample(size_t count,
                                             const Wanted& wanted) {
  return Draw(order_, count, wanted);
}

std::vector<NodeRecord*> MemberTable::SampleUnverified(size_t count,
                                                       const Wanted& wanted) {
  return Draw(unverified_, count, wanted);
}

std::vector<NodeRecord*> MemberTable::SampleOthers(size_t count,
                                                   std::string_view self,
                                                   const Wanted& wanted) {
  const auto wanted_other = [&](const NodeRecord& record) {
    return record.name() != self && wanted(record);
  };
  List sample = Sample(count, wanted_other);
  if (!sample.empty()) return sample;
  return SampleUnverified(count, wanted_other);
}

std::vector<Member> MemberTable::Members() const {
  std::vector<Member> members;
  members.reserve(records_.size());
  for (const auto& record : records_) {
    members.push_back(record->ToMember());
  }
  return members;
}

std::vector<Member> MemberTable::VerifiedMembers() const {
  std::vector<Member> members;
  for (const NodeRecord* const record : order_) {
    if (record->is_up()) members.push_back(record->ToMember());
  }
  std::sort(members.begin(), members.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return members;
}

bool MemberTable::HasOtherUp(std::string_view self) const {
  return std::any_of(records_.begin(), records_.end(), [&](const auto& record) {
    return record->is_up() && record->name() != self;
  });
}

MemberTable::List MemberTable::Draw(const List& from, size_t count,
                                    const Wanted& wanted) {
  List sample;
  if (from.size() >= 8 * count) {
    // Cheap in large clusters: draw until enough; many tries miss only when
    // few are wanted at all.
    for (size_t tries = 4 * count; tries > 0 && sample.size() < count;
         --tries) {
      NodeRecord* const drawn = from[prng_.Uniform(from.size())];
      if (wanted(*drawn) &&
          std::find(sample.begin(), sample.end(), drawn) == sample.end()) {
        sample.push_back(drawn);
      }
    }
    if (sample.size() == count) return sample;
    sample.clear();
  }
  for (NodeRecord* const record : from) {
    if (wanted(*record)) sample.push_back(record);
  }
  prng_.Shuffle(absl::MakeSpan(sample));
  if (sample.size() > count) sample.resize(count);
  return sample;
}

}  // namespace lb::gossip
