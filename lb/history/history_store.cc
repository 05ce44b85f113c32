#include "lb/history/history_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lb/io/turn_cause.h"

namespace lb::history {
namespace {

std::string NameOf(uint64_t place) {
  return fmt::format("history.{:02}", place);
}

}  // namespace

HistoryStore::HistoryStore(const std::string& node,
                           const io::Environment& environment)
    : environment_(environment),
      history_(node),
      timer_(environment.loop->NewTimer([this] { OnTimer(); })) {}

std::vector<absl::Status> HistoryStore::Restore() {
  std::vector<absl::Status> refused;
  std::vector<HistorySegment> segments;
  for (uint64_t place = 0; place < HistoryLimits().segments; ++place) {
    const std::string name = NameOf(place);
    const auto value = environment_.state->Read(name);
    if (absl::IsNotFound(value.status())) continue;
    auto segment = value.ok() ? ParseSegment(*value) : value.status();
    if (segment.ok()) {
      segments.push_back(*std::move(segment));
    } else {
      refused.push_back(absl::DataLossError(fmt::format(
          "{}: {}", name, std::string(segment.status().message()))));
    }
  }
  history_.Restore(std::move(segments));
  mark_at_ = environment_.loop->Now() + kMarkInterval;
  OnTimer();
  return refused;
}

void HistoryStore::OnChange() {
  if (!history_.has_unsaved() || writing_ > 0) return;
  const absl::Time at = environment_.loop->Now() + kSaveDelay;
  if (at >= wake_at_) return;
  wake_at_ = at;
  timer_->Arm(at);
}

void HistoryStore::OnTimer() {
  const absl::Time now = environment_.loop->Now();
  if (now >= mark_at_) {
    mark_at_ = now + kMarkInterval;
    history_.EndUnconfirmed(environment_.loop->CivilNow());
    if (history_.announces()) history_.Touch();
  }
  wake_at_ = mark_at_;
  timer_->Arm(mark_at_);
  Save();
}

void HistoryStore::Save() {
  const io::TurnCause cause(environment_.loop, "saves the history");
  if (writing_ > 0 || !history_.has_unsaved()) return;
  outcome_ = absl::OkStatus();
  auto unsaved = history_.TakeUnsaved(environment_.loop->CivilNow());
  writing_ = unsaved.size();
  for (auto& [place, value] : unsaved) {
    environment_.state->Write(
        NameOf(place), std::move(value),
        [this](const absl::Status& status) { OnWritten(status); });
  }
}

// One that fails may be any: all are written again.
void HistoryStore::OnWritten(const absl::Status& status) {
  outcome_.Update(status);
  if (--writing_ > 0) return;
  history_.OnSaved(outcome_.ok());
  const bool fails_anew = save_error_.ok() && !outcome_.ok();
  save_error_ = outcome_;
  if (fails_anew) {
    environment_.log->Record(
        {.time = environment_.loop->CivilNow(),
         .type = EventType::kWarning,
         .reason = "HistoryUnsaved",
         .object = "Node/" + history_.node(),
         .message = fmt::format("state-dir: {}; tried again until it works",
                                std::string(save_error_.message()))});
  }
  OnChange();
}

}  // namespace lb::history
