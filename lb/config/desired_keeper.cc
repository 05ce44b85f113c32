#include "lb/config/desired_keeper.h"

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lb/config/desired_update.h"
#include "lb/config/kept_state.h"
#include "lb/config/kinds.h"
#include "lb/config/object_change.h"

namespace lb::config {

DesiredKeeper::DesiredKeeper(Objects in_force, const Options& options)
    : desired_(std::make_shared<Desired>()),
      state_(std::make_unique<KeptState>(options)),
      unlisted_(ReadKinds().begin(), ReadKinds().end()) {
  for (const auto& [name, object] : in_force) {
    touched_.insert(name);
    if (KindOf(name) == "Service") state_->restored.insert(name);
  }
  desired_->objects = std::move(in_force);
  desired_->may_define.any = true;
  Update();
}

DesiredKeeper::~DesiredKeeper() = default;

Difference DesiredKeeper::Apply(absl::Span<const ObjectChange> changes) {
  for (const ObjectChange& change : changes) Take(change);
  return Settle();
}

Difference DesiredKeeper::Replace(std::string_view kind,
                                  absl::Span<const ObjectChange> listed) {
  std::set<std::string_view> names;
  for (const ObjectChange& change : listed) names.insert(change.name);
  std::vector<std::string> gone;
  const auto& known = state_->known.all();
  for (auto it = BeginOf(known, kind); it != EndOf(known, kind); ++it) {
    if (!names.contains(it->first)) gone.push_back(it->first);
  }
  for (std::string& name : gone) Take(GoneObject(std::move(name)));
  state_->known.ForgetLeftOut(kind);
  for (const ObjectChange& change : listed) Take(change);
  unlisted_.erase(kind);
  return Settle();
}

Difference DesiredKeeper::EndListing(std::string_view kind) {
  unlisted_.erase(kind);
  return Settle();
}

void DesiredKeeper::Take(const ObjectChange& change) {
  state_->known.Take(change);
  touched_.insert(change.name);
}

Difference DesiredKeeper::Settle() {
  if (!is_complete()) return {};
  if (!std::exchange(state_->is_complete, true)) {
    for (const auto& [name, object] : desired_->objects) {
      touched_.insert(name);  // An earlier run's that may be gone.
    }
  }
  return Update();
}

Difference DesiredKeeper::Update() {
  return DesiredUpdate(state_.get(), desired_.get(),
                       std::exchange(touched_, {}))
      .Run();
}

}  // namespace lb::config
