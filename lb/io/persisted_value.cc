#include "lb/io/persisted_value.h"

#include <utility>

namespace lb::io {

PersistedValue::PersistedValue(Loop* loop, Options options, Write write)
    : loop_(loop),
      options_(std::move(options)),
      write_(std::move(write)),
      timer_(loop->NewTimer([this] { Start(); })) {}

void PersistedValue::OnChange() {
  is_dirty_ = true;
  if (!is_writing_) ArmBy(options_.delay);
}

void PersistedValue::WriteNow() {
  if (is_dirty_ && !is_writing_) Start();
}

void PersistedValue::ArmBy(absl::Duration delay) {
  const absl::Time deadline = loop_->Now() + delay;
  if (deadline < wake_at_) timer_->Arm(wake_at_ = deadline);
}

void PersistedValue::Start() {
  timer_->Disarm();
  wake_at_ = absl::InfiniteFuture();
  is_dirty_ = false;
  is_writing_ = true;
  write_([this](const absl::Status& status) { OnWritten(status); });
}

void PersistedValue::OnWritten(const absl::Status& status) {
  is_writing_ = false;
  const bool fails_first = error_.ok() && !status.ok();
  error_ = status;
  is_dirty_ |= !status.ok();
  ArmBy(is_dirty_ ? options_.delay : options_.refresh);
  if (fails_first && options_.on_first_failure) {
    options_.on_first_failure(error_);
  }
}

}  // namespace lb::io
