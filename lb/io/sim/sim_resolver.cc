#include "lb/io/sim/sim_resolver.h"

#include "fmt/format.h"

namespace lb::io {

void SimResolver::Resolve(const std::string& name, OnResolved on_resolved) {
  ++lookups_;
  process_->ScheduleAt(
      process_->Now() + delay_,
      [this, name, on_resolved = std::move(on_resolved)]() mutable {
        const auto found = names_.find(name);
        if (found == names_.end()) {
          return on_resolved(
              absl::NotFoundError(fmt::format("{}: no such name", name)));
        }
        on_resolved(found->second);
      });
}

}  // namespace lb::io
