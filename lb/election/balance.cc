#include "lb/election/balance.h"

#include <algorithm>
#include <vector>

#include "lb/base/check.h"

namespace lb::election {
namespace {

// Nodes that drain come last, and are no candidates if there is any other.
absl::Span<const RankedCandidate> CandidatesOf(
    const std::vector<RankedCandidate>& ranked) {
  const auto end = std::find_if(
      ranked.begin(), ranked.end(), [&](const RankedCandidate& candidate) {
        return IsLastResort(candidate, ranked.front());
      });
  return absl::MakeConstSpan(ranked).first(end - ranked.begin());
}

class Balancing {
 public:
  Balancing(absl::Span<const ServiceToPlace> services, size_t share,
            size_t slot_count)
      : services_(services),
        share_(share),
        loads_(slot_count),
        winners_(services.size()) {}

  void KeepHolders() {
    std::vector<std::vector<size_t>> held(loads_.size());
    for (size_t i = 0; i < services_.size(); ++i) {
      if (services_[i].holder) held[services_[i].holder->slot].push_back(i);
    }
    for (std::vector<size_t>& services : held) {
      if (services.size() > share_) {
        std::stable_sort(
            services.begin(), services.end(), [this](size_t a, size_t b) {
              return Precedes(*services_[a].holder, *services_[b].holder);
            });
        services.resize(share_);
      }
      for (const size_t i : services) Give(i, services_[i].holder->slot);
    }
  }

  bool IsGiven(size_t service) const { return winners_[service].has_value(); }

  // False: none of them has room.
  bool GiveToFirstWithRoom(size_t service,
                           absl::Span<const RankedCandidate> candidates) {
    for (const RankedCandidate& candidate : candidates) {
      if (loads_[candidate.slot] >= share_) continue;
      Give(service, candidate.slot);
      return true;
    }
    return false;
  }

  void GiveToLeastLoaded(size_t service,
                         absl::Span<const RankedCandidate> candidates) {
    const auto least = std::min_element(
        candidates.begin(), candidates.end(),
        [this](const RankedCandidate& a, const RankedCandidate& b) {
          return loads_[a.slot] < loads_[b.slot];
        });
    Give(service, least->slot);
  }

  std::vector<Slot> winners() const {
    std::vector<Slot> winners;
    for (const std::optional<Slot>& winner : winners_) {
      LB_CHECK(winner.has_value());
      winners.push_back(*winner);
    }
    return winners;
  }

 private:
  void Give(size_t service, Slot slot) {
    winners_[service] = slot;
    ++loads_[slot];
  }

  const absl::Span<const ServiceToPlace> services_;
  const size_t share_;
  std::vector<size_t> loads_;  // By slot.
  std::vector<std::optional<Slot>> winners_;
};

}  // namespace

size_t ShareOf(size_t services, size_t nodes) {
  LB_CHECK(nodes > 0);
  return (5 * services + 4 * nodes - 1) / (4 * nodes);
}

std::vector<Slot> Balance(
    absl::Span<const ServiceToPlace> services, size_t share, size_t slot_count,
    absl::FunctionRef<std::vector<RankedCandidate>(size_t service)> rank_all) {
  Balancing balancing(services, share, slot_count);
  balancing.KeepHolders();
  for (size_t i = 0; i < services.size(); ++i) {
    if (balancing.IsGiven(i)) continue;
    const TopCandidates& top = *services[i].top;
    if (balancing.GiveToFirstWithRoom(i, CandidatesOf(top.ranked()))) {
      continue;
    }
    std::vector<RankedCandidate> all = top.ranked();
    if (!top.is_complete()) all = rank_all(i);
    const absl::Span<const RankedCandidate> candidates = CandidatesOf(all);
    if (balancing.GiveToFirstWithRoom(i, candidates)) continue;
    balancing.GiveToLeastLoaded(i, candidates);
  }
  return balancing.winners();
}

}  // namespace lb::election
