#include "lb/gossip/roster.h"

#include <iterator>
#include <optional>
#include <utility>

#include "lb/gossip/versions.h"
#include "lb/gossip/wire/codec.h"

namespace lb::gossip {

wire::NodeDescription Roster::Describe(const NodeIdentity& self) {
  return {.name = self.name,
          .address = self.endpoint.address.ToBytes(),
          .port = self.endpoint.port,
          .meta = self.meta.empty() ? std::nullopt : std::optional(self.meta),
          .versions =
              wire::Bytes(std::begin(kOwnVersions), std::end(kOwnVersions))};
}

Roster::Roster(const GossipOptions& options, NodeIdentity self,
               const Prng& prng, absl::Time now, GossipCounters* counters)
    : options_(options),
      self_(std::move(self)),
      counters_(counters),
      checks_(options, counters),
      awareness_(options.probe.awareness_max_multiplier),
      table_(options.admission.members_max, prng.Fork("table")),
      broadcasts_(options.dissemination.broadcasts_max),
      relocation_(self_.former),
      direct_(options) {
  NodeRecord record{.node = Share(Describe(self_)),
                    .since = now,
                    .incarnation = 1,  // An alive with 0 has no effect.
                    .state = wire::NodeState::kAlive,
                    .verified = true};
  table_.Insert(std::move(record));
  Broadcast(self_.name, OwnAlive());
}

void Roster::OnVerified(NodeRecord& record) {
  if (record.verified) return;
  table_.SetVerified(record, true);
  broadcasts_.Confirm(record.name());
  Tell(MemberChange::kVerified, record);
}

void Roster::Broadcast(std::string_view name, const wire::Message& message) {
  const NodeRecord* const record = table_.Find(name);
  const Weight weight =
      record != nullptr && record->verified ? Weight::kNews : Weight::kHearsay;
  if (!broadcasts_.Push(name, wire::EncodeMessage(message), weight)) {
    ++counters_->overflow.broadcasts;
  }
}

void Roster::Tell(MemberChange change, const NodeRecord& record) {
  events_.push_back(MemberEvent{change, record.ToMember()});
}

std::vector<GossipEvent> Roster::TakeEvents() {
  return std::exchange(events_, {});
}

}  // namespace lb::gossip
