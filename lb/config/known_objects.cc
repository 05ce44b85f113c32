#include "lb/config/known_objects.h"

#include <memory>
#include <string>
#include <string_view>

namespace lb::config {

void KnownObjects::Take(const ObjectChange& change) {
  if (change.is_gone) {
    objects_.erase(change.name);
    return;
  }
  if (objects_.size() >= objects_max_ && !objects_.contains(change.name)) {
    ++left_out_[std::string(KindOf(change.name))];
    return;
  }
  objects_[change.name] = {
      .waiting =
          change.object ? std::make_unique<Object>(*change.object) : nullptr,
      .faults = change.problems,
      .notices = change.notices,
      .other_class = change.other_class,
      .passed_over = change.is_passed_over()};
}

KnownObject* KnownObjects::Find(std::string_view name) {
  const auto found = objects_.find(name);
  return found == objects_.end() ? nullptr : &found->second;
}

const KnownObject* KnownObjects::Find(std::string_view name) const {
  const auto found = objects_.find(name);
  return found == objects_.end() ? nullptr : &found->second;
}

size_t KnownObjects::left_out(std::string_view kind) const {
  const auto found = left_out_.find(kind);
  return found == left_out_.end() ? 0 : found->second;
}

void KnownObjects::ForgetLeftOut(std::string_view kind) {
  const auto found = left_out_.find(kind);
  if (found != left_out_.end()) left_out_.erase(found);
}

}  // namespace lb::config
