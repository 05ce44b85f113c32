#include "lb/history/history_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lb/base/status_text.h"
#include "lb/io/turn_cause.h"

namespace lb::history {
namespace {

std::string NameOf(uint64_t place) {
  return fmt::format("history.{:02}", place);
}

}  // namespace

HistoryStore::HistoryStore(const std::string& node, const io::StatePorts& ports)
    : ports_(ports),
      history_(node),
      saved_(
          ports.loop,
          {.delay = kSaveDelay,
           .on_first_failure =
               [this](const absl::Status& error) { Report(error); }},
          [this](io::StateStore::OnWritten done) { Write(std::move(done)); }),
      mark_timer_(ports.loop->NewTimer([this] { Mark(); })) {}

std::vector<absl::Status> HistoryStore::Restore() {
  std::vector<absl::Status> refused;
  std::vector<HistorySegment> segments;
  for (uint64_t place = 0; place < HistoryLimits().segments; ++place) {
    const std::string name = NameOf(place);
    const auto value = ports_.state->Read(name);
    if (absl::IsNotFound(value.status())) continue;
    auto segment = value.ok() ? ParseSegment(*value) : value.status();
    if (segment.ok()) {
      segments.push_back(*std::move(segment));
    } else {
      refused.push_back(absl::DataLossError(
          fmt::format("{}: {}", name, segment.status().message())));
    }
  }
  history_.Restore(std::move(segments));
  mark_timer_->Arm(ports_.loop->Now() + kMarkInterval);
  Save();
  return refused;
}

void HistoryStore::OnChange() {
  if (history_.has_unsaved() && !saved_.is_writing()) saved_.OnChange();
}

void HistoryStore::Mark() {
  mark_timer_->Arm(ports_.loop->Now() + kMarkInterval);
  history_.EndUnconfirmed(ports_.loop->CivilNow());
  if (history_.announces()) history_.Touch();
  Save();
}

void HistoryStore::Save() {
  OnChange();
  saved_.WriteNow();
}

void HistoryStore::Write(io::StateStore::OnWritten done) {
  const io::TurnCause cause(ports_.loop, "saves the history");
  outcome_ = absl::OkStatus();
  on_written_ = std::move(done);
  auto unsaved = history_.TakeUnsaved(ports_.loop->CivilNow());
  writing_ = unsaved.size();
  for (auto& [place, value] : unsaved) {
    ports_.state->Write(
        NameOf(place), std::move(value),
        [this](const absl::Status& status) { OnWritten(status); });
  }
}

// The error does not say which segment failed, so all are written again.
void HistoryStore::OnWritten(const absl::Status& status) {
  outcome_.Update(status);
  if (--writing_ > 0) return;
  history_.OnSaved(outcome_.ok());
  std::exchange(on_written_, nullptr)(outcome_);
  OnChange();
}

void HistoryStore::Report(const absl::Status& error) {
  ports_.log->Record(
      {.time = ports_.loop->CivilNow(),
       .type = EventType::kWarning,
       .reason = "HistoryUnsaved",
       .object = {EventObject::kNode, history_.node()},
       .message = fmt::format("state-dir: {}; tried again until it works",
                              error.message())});
}

}  // namespace lb::history
