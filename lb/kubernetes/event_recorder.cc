#include "lb/kubernetes/event_recorder.h"

#include <utility>

#include "lb/base/check.h"

namespace lb::kubernetes {
namespace {

EventSeries::Outcome OutcomeOf(WriteVerdict verdict) {
  switch (verdict) {
    case WriteVerdict::kDone:
    case WriteVerdict::kUnneeded:
    case WriteVerdict::kExists:  // The answer to an earlier try was lost.
      return EventSeries::Outcome::kWritten;
    case WriteVerdict::kGone:
      return EventSeries::Outcome::kGone;
    case WriteVerdict::kSuperseded:
    case WriteVerdict::kConflict:
    case WriteVerdict::kRefused:
    case WriteVerdict::kOverflow:
      return EventSeries::Outcome::kLost;
  }
  LB_UNREACHABLE();
}

}  // namespace

EventRecorder::EventRecorder(io::Loop* loop, Writer* writer,
                             EventOptions options)
    : loop_(loop), writer_(writer), core_(std::move(options)) {
  timer_ = loop_->NewTimer([this] {
    core_.OnTimer(loop_->Now());
    Drain();
  });
}

void EventRecorder::Record(const KubernetesEvent& event) {
  core_.Record(loop_->Now(), loop_->CivilNow(), event);
  Drain();
}

void EventRecorder::Drain() {
  for (EventSeries::Write& write : core_.TakeWrites()) {
    WriteRequest request;
    request.verb = write.is_new ? WriteVerb::kCreate : WriteVerb::kPatch;
    request.target = {{"events.k8s.io", "v1", "events"}, write.key, ""};
    request.body = std::move(write.body);
    request.priority = WritePriority::kLow;
    request.on_report =
        [this, alive = std::weak_ptr<bool>(alive_)](const WriteReport& report) {
          if (!alive.expired()) OnReport(report);
        };
    writer_->Write(std::move(request));
  }
  timer_->Arm(core_.deadline());
}

void EventRecorder::OnReport(const WriteReport& report) {
  core_.OnWritten(loop_->Now(), report.target.key, OutcomeOf(report.verdict));
  Drain();
}

}  // namespace lb::kubernetes
