#include "lb/io/sim/sim_state_store.h"

#include "fmt/format.h"
#include "lb/base/check.h"

namespace lb::io {

absl::StatusOr<std::string> SimStateStore::Read(const std::string& name) {
  LB_CHECK(IsStateName(name));
  const auto found = values_.find(name);
  if (found == values_.end()) {
    return absl::NotFoundError(fmt::format("state {}: never written", name));
  }
  return found->second;
}

void SimStateStore::Write(const std::string& name, std::string value,
                          OnWritten on_written) {
  LB_CHECK(IsStateName(name));
  if (!process_->running()) return;
  Pending& pending = pending_[name];
  pending.value = std::move(value);
  pending.waiting.push_back(std::move(on_written));
  if (!pending.writing) StartWrite(name);
}

void SimStateStore::StartWrite(const std::string& name) {
  Pending& pending = pending_[name];
  pending.writing = true;
  process_->ScheduleAt(
      process_->Now() + write_time_,
      [this, name, value = std::move(pending.value),
       waiting = std::exchange(pending.waiting, {})]() mutable {
        FinishWrite(name, std::move(value), std::move(waiting));
      });
}

void SimStateStore::FinishWrite(const std::string& name, std::string value,
                                std::vector<OnWritten> answered) {
  ++writes_[name];
  if (write_error_.ok()) values_[name] = std::move(value);
  pending_[name].writing = false;
  if (!pending_[name].waiting.empty()) StartWrite(name);
  const absl::Status outcome = write_error_;
  for (OnWritten& on_written : answered) on_written(outcome);
}

uint64_t SimStateStore::writes(std::string_view prefix) const {
  uint64_t count = 0;
  for (const auto& [name, writes] : writes_) {
    if (name.starts_with(prefix)) count += writes;
  }
  return count;
}

}  // namespace lb::io
