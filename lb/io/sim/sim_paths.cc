#include "lb/io/sim/sim_paths.h"

#include "lb/io/sim/sim_host.h"

namespace lb::io {

void SimPaths::Set(const SimHost& from, const SimHost& to,
                   const PathConditions& conditions) {
  own_[Path(from.number(), to.number())] = conditions;
}

void SimPaths::Block(const SimHost& from, const SimHost& to) {
  blocked_.insert(Path(from.number(), to.number()));
}

void SimPaths::Unblock(const SimHost& from, const SimHost& to) {
  blocked_.erase(Path(from.number(), to.number()));
}

void SimPaths::Partition(absl::Span<SimHost* const> group,
                         absl::Span<SimHost* const> other_group) {
  for (const SimHost* host : group) {
    for (const SimHost* other : other_group) {
      Block(*host, *other);
      Block(*other, *host);
    }
  }
}

bool SimPaths::IsBlocked(int from, int to) const {
  return from != to && blocked_.contains(Path(from, to));
}

const PathConditions& SimPaths::Between(int from, int to) const {
  static const PathConditions kWithinHost{.delay = absl::Microseconds(10),
                                          .jitter = absl::ZeroDuration()};
  if (from == to) return kWithinHost;
  const auto own = own_.find(Path(from, to));
  return own == own_.end() ? default_ : own->second;
}

absl::Duration SimPaths::DrawDelay(int from, int to, Prng& prng) const {
  const PathConditions& conditions = Between(from, to);
  return conditions.delay + prng.UniformDuration(conditions.jitter);
}

}  // namespace lb::io
