#include "daemon/agent/outcome.h"

namespace lb {
namespace {

// Makes `known` have of `service` what `present` has.
template <typename Map>
void Follow(const Map& present, const std::string& service, Map& known) {
  const auto found = present.find(service);
  if (found == present.end()) {
    known.erase(service);
  } else {
    known[service] = found->second;
  }
}

}  // namespace

void Outcomes::Publish(absl::Time now, const AddressEntries& before,
                       const Outcome::Side& after,
                       const Outcome::Services& changed, bool announces) {
  if (!changed.empty() || after.health != health_) {
    Tell({.at = now,
          .before = {before, placement_, health_},
          .after = after,
          .changed = changed,
          .announces = announces});
  }
  for (auto& on_look : look_subscribers_) on_look();
}

void Outcomes::Tell(const Outcome& outcome) {
  for (Subscriber& subscriber : subscribers_) subscriber(outcome);
  for (const std::string& service : outcome.changed) {
    Follow(outcome.after.placement, service, placement_);
  }
  health_ = outcome.after.health;
}

}  // namespace lb
