#include "lb/gossip/member_table.h"

#include <algorithm>
#include <utility>

#include "absl/types/span.h"
#include "lb/base/check.h"
#include "lb/net/ip_address.h"

namespace lb::gossip {

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
          .since = since};
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
  // A random place: otherwise all nodes would probe a newcomer last.
  order_.push_back(entry->get());
  std::swap(order_.back(), order_[prng_.Uniform(order_.size())]);
  return entry->get();
}

NodeRecord* MemberTable::NextToProbe(absl::Time now, std::string_view self,
                                     absl::Duration reap_after) {
  const auto wanted = [self](const NodeRecord& record) {
    return record.is_up() && record.name() != self;
  };
  // Twice: to the end of this round, then one whole round.
  for (int round = 0; round < 2; ++round) {
    while (next_ < order_.size()) {
      NodeRecord* const record = order_[next_++];
      if (wanted(*record)) return record;
    }
    Reap(now, self, reap_after);
    prng_.Shuffle(absl::MakeSpan(order_));
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

std::vector<NodeRecord*> MemberTable::Sample(
    size_t count, const std::function<bool(const NodeRecord&)>& wanted) {
  std::vector<NodeRecord*> sample;
  if (order_.size() >= 8 * count) {
    // Cheap in large clusters: draw until enough; many tries miss only when
    // few are wanted at all.
    for (size_t tries = 4 * count; tries > 0 && sample.size() < count;
         --tries) {
      NodeRecord* const drawn = order_[prng_.Uniform(order_.size())];
      if (wanted(*drawn) &&
          std::find(sample.begin(), sample.end(), drawn) == sample.end()) {
        sample.push_back(drawn);
      }
    }
    if (sample.size() == count) return sample;
    sample.clear();
  }
  for (NodeRecord* const record : order_) {
    if (wanted(*record)) sample.push_back(record);
  }
  prng_.Shuffle(absl::MakeSpan(sample));
  if (sample.size() > count) sample.resize(count);
  return sample;
}

}  // namespace lb::gossip
