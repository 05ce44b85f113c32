#include "daemon/agent/lifecycle_runner.h"

#include <utility>

namespace lb {

LifecycleRunner::LifecycleRunner(const NodeLifecycle::Options& options,
                                 const ClusterSight* sight, io::Loop* loop,
                                 Ports ports)
    : loop_(loop),
      ports_(std::move(ports)),
      life_(options, sight),
      timer_(loop->NewTimer([this] {
        Tell([](NodeLifecycle& life, absl::Time now) { life.OnTimer(now); });
      })) {}

void LifecycleRunner::Tell(Input input) {
  input(life_, loop_->Now());
  for (const LifeAction& action : life_.TakeActions()) Do(action);
  ports_.on_stage(life_.stage());
  timer_->Arm(life_.next_timer());  // InfiniteFuture(): disarms it.
}

void LifecycleRunner::Do(const LifeAction& action) {
  switch (action.kind) {
    case LifeAction::Kind::kRecord:
      return ports_.record(action.type, action.reason, action.message);
    case LifeAction::Kind::kJoin:
      return Join();
    case LifeAction::Kind::kForget:
      return ports_.forget();
    case LifeAction::Kind::kBeginAlone:
      return ports_.begin_alone();
    case LifeAction::Kind::kReconcile:
      return ports_.look_soon();
    case LifeAction::Kind::kSayGoodbye:
      return ports_.say_goodbye([this] { OnGoodbyeSaid(); });
    case LifeAction::Kind::kFinish:
      return Finish();
  }
}

void LifecycleRunner::Join() {
  if (const absl::Status joined = ports_.join(); !joined.ok()) {
    ports_.record(EventType::kWarning, "JoinFailed",
                  std::string(joined.message()));
  }
}

// A node delivers only after it has handed over and said goodbye, so the second
// question comes after what follows from the first.
void LifecycleRunner::OnHandover() {
  Tell([this](NodeLifecycle& life, absl::Time) {
    if (!ports_.is_handing_over()) life.OnHandedOver();
  });
  Tell([this](NodeLifecycle& life, absl::Time) {
    if (!ports_.is_delivering()) life.OnDelivered();
  });
}

absl::Status LifecycleRunner::Drain() {
  absl::Status drained;
  Tell([&](NodeLifecycle& life, absl::Time) { drained = life.Drain(); });
  return drained;
}

absl::Status LifecycleRunner::Undrain() {
  absl::Status undrained;
  Tell([&](NodeLifecycle& life, absl::Time) { undrained = life.Undrain(); });
  return undrained;
}

// Two ways lead to others taking over: lbds see in the metadata that this node
// drains, all see its goodbye. Only after both, and after what was on its way
// here, it falls silent.
void LifecycleRunner::Leave(absl::AnyInvocable<void()> done) {
  done_ = std::move(done);
  Tell([](NodeLifecycle& life, absl::Time now) { life.Leave(now); });
  ports_.look_now();
  OnHandover();
}

void LifecycleRunner::OnGoodbyeSaid() {
  Tell([](NodeLifecycle& life, absl::Time) { life.OnGoodbyeSaid(); });
  if (life_.acts()) ports_.look_now();  // Finish() does otherwise.
  OnHandover();
}

void LifecycleRunner::Finish() {
  ports_.look_now();
  ports_.save();
  loop_->Post(std::exchange(done_, nullptr));
}

}  // namespace lb
