#include "lb/gossip/prober.h"

#include <utility>

#include "lb/base/check.h"

namespace lb::gossip {

void Prober::Begin(absl::Time now, ProbeTarget target, absl::Duration timeout,
                   absl::Duration interval) {
  LB_CHECK(!running() && timeout < interval);
  phase_ = Phase::kDirect;
  target_ = std::move(target);
  started_ = now;
  direct_deadline_ = now + timeout;
  deadline_ = now + interval;
  helpers_.clear();
  nacks_expected_ = 0;
  nacks_ = 0;
}

Prober::Step Prober::OnAck(uint32_t sequence) {
  if (!Expects(sequence)) return Step::kNone;
  return Finish(Step::kSucceeded);
}

void Prober::OnNack(uint32_t sequence) {
  if (!Expects(sequence)) return;
  if (nacks_ < nacks_expected_) ++nacks_;
}

Prober::Step Prober::OnSendFailed() {
  if (phase_ != Phase::kDirect) return Step::kNone;
  phase_ = Phase::kIndirect;
  return Step::kAskOthers;
}

Prober::Step Prober::OnTimer(absl::Time now) {
  if (!running()) return Step::kNone;
  if (now >= deadline_) return Finish(Step::kFailed);
  if (phase_ == Phase::kDirect && now >= direct_deadline_) {
    phase_ = Phase::kIndirect;
    return Step::kAskOthers;
  }
  return Step::kNone;
}

Prober::Step Prober::Finish(Step verdict) {
  phase_ = Phase::kIdle;
  if (verdict == Step::kSucceeded) {
    health_delta_ = -1;
  } else {
    health_delta_ = nacks_expected_ > 0 ? nacks_expected_ - nacks_ : 1;
  }
  return verdict;
}

void Prober::Shift(absl::Duration by) {
  direct_deadline_ += by;
  deadline_ += by;
}

absl::Time Prober::NextDeadline() const {
  switch (phase_) {
    case Phase::kIdle:
      return absl::InfiniteFuture();
    case Phase::kDirect:
      return direct_deadline_;
    case Phase::kIndirect:
      return deadline_;
  }
  LB_UNREACHABLE();
}

}  // namespace lb::gossip
