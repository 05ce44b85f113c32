#include "lb/election/balance.h"

#include <algorithm>
#include <vector>

#include "lb/base/check.h"

namespace lb::election {
namespace {

// Nodes that drain come last, and are no candidates if there is any other.
absl::Span<const Contender> CandidatesOf(
    const std::vector<Contender>& contenders) {
  const auto end = std::find_if(
      contenders.begin(), contenders.end(), [&](const Contender& contender) {
        return IsLastResort(contender, contenders.front());
      });
  return absl::MakeConstSpan(contenders).first(end - contenders.begin());
}

class Balancing {
 public:
  Balancing(absl::Span<const Ballot> ballots, size_t share, size_t slot_count)
      : ballots_(ballots),
        share_(share),
        loads_(slot_count),
        winners_(ballots.size()) {}

  void KeepHolders() {
    std::vector<std::vector<size_t>> held(loads_.size());
    for (size_t i = 0; i < ballots_.size(); ++i) {
      if (ballots_[i].holder) held[ballots_[i].holder->slot].push_back(i);
    }
    for (std::vector<size_t>& ballots : held) {
      if (ballots.size() > share_) {
        std::stable_sort(
            ballots.begin(), ballots.end(), [this](size_t a, size_t b) {
              return Precedes(*ballots_[a].holder, *ballots_[b].holder);
            });
        ballots.resize(share_);
      }
      for (const size_t i : ballots) Give(i, ballots_[i].holder->slot);
    }
  }

  bool IsGiven(size_t ballot) const { return winners_[ballot].has_value(); }

  // False: none of them has room.
  bool GiveToFirstWithRoom(size_t ballot,
                           absl::Span<const Contender> candidates) {
    for (const Contender& candidate : candidates) {
      if (loads_[candidate.slot] >= share_) continue;
      Give(ballot, candidate.slot);
      return true;
    }
    return false;
  }

  void GiveToLeastLoaded(size_t ballot,
                         absl::Span<const Contender> candidates) {
    const auto least =
        std::min_element(candidates.begin(), candidates.end(),
                         [this](const Contender& a, const Contender& b) {
                           return loads_[a.slot] < loads_[b.slot];
                         });
    Give(ballot, least->slot);
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
  void Give(size_t ballot, Slot slot) {
    winners_[ballot] = slot;
    ++loads_[slot];
  }

  const absl::Span<const Ballot> ballots_;
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
    absl::Span<const Ballot> ballots, size_t share, size_t slot_count,
    absl::FunctionRef<std::vector<Contender>(size_t ballot)> rank_all) {
  Balancing balancing(ballots, share, slot_count);
  balancing.KeepHolders();
  for (size_t i = 0; i < ballots.size(); ++i) {
    if (balancing.IsGiven(i)) continue;
    const Front& front = *ballots[i].front;
    if (balancing.GiveToFirstWithRoom(i, CandidatesOf(front.contenders()))) {
      continue;
    }
    std::vector<Contender> all = front.contenders();
    if (!front.is_complete()) all = rank_all(i);
    const absl::Span<const Contender> candidates = CandidatesOf(all);
    if (balancing.GiveToFirstWithRoom(i, candidates)) continue;
    balancing.GiveToLeastLoaded(i, candidates);
  }
  return balancing.winners();
}

}  // namespace lb::election
