// PersistedValue: when state is written to the state folder, and when again.
//
// The owner knows its state and how to write it; this knows when. A change is
// written `delay` after it came, with all that changed meanwhile, and one write
// at a time. A write that fails is tried again until it works.
//
// Loop thread only. It must outlive the writes that it starts.
//
//   value_(environment.loop, {.delay = absl::Seconds(1)},
//          [this](io::StateStore::OnWritten done) {
//            environment_.state->Write("name", Serialize(), std::move(done));
//          })
//   ...
//   value_.OnChange();
#ifndef LB_IO_PERSISTED_VALUE_H_
#define LB_IO_PERSISTED_VALUE_H_

#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lb/io/loop.h"
#include "lb/io/state_store.h"

namespace lb::io {

class PersistedValue {
 public:
  struct Options {
    // From a change, or from a write that failed, to the next write.
    absl::Duration delay;
    // From a write that worked to the next one without a change.
    absl::Duration refresh = absl::InfiniteDuration();
    // Gets the first failure after a success; may be nullptr.
    absl::AnyInvocable<void(const absl::Status&)> on_first_failure = nullptr;
  };
  // Writes all that is new and calls `done` once, on a later turn.
  using Write = absl::AnyInvocable<void(StateStore::OnWritten done)>;

  PersistedValue(Loop* loop, Options options, Write write);

  void OnChange();
  // Writes at once if there was a change and no write is under way.
  void WriteNow();

  bool is_writing() const { return is_writing_; }
  // Why the last write failed; OK: it did not.
  const absl::Status& error() const { return error_; }

 private:
  void ArmBy(absl::Duration delay);
  void Start();
  void OnWritten(const absl::Status& status);

  Loop* const loop_;
  Options options_;
  Write write_;
  bool is_dirty_ = false;
  bool is_writing_ = false;
  absl::Status error_;
  std::unique_ptr<Timer> timer_;
  absl::Time wake_at_ = absl::InfiniteFuture();
};

}  // namespace lb::io

#endif  // LB_IO_PERSISTED_VALUE_H_
