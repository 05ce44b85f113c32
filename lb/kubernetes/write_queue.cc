#include "lb/kubernetes/write_queue.h"

#include <algorithm>

#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/kubernetes/json_tree.h"

namespace lb::kubernetes {
namespace {

using config::YamlNode;

http::Request ReadRequest(const WriteTarget& target) {
  return {.path = ObjectPath(target.resource, target.key),
          .headers = {{"accept", "application/json"}}};
}

http::Request RequestOf(const WriteRequest& write) {
  const WriteTarget& target = write.target;
  http::Request request;
  request.headers = {{"accept", "application/json"}};
  request.body = write.body;
  switch (write.verb) {
    case WriteVerb::kPatch:
      request.method = "PATCH";
      request.path =
          ObjectPath(target.resource, target.key, target.subresource);
      request.headers.push_back(
          {"content-type", "application/merge-patch+json"});
      return request;
    case WriteVerb::kCreate:
      request.method = "POST";
      request.path = CollectionPath(target.resource, target.key.name_space);
      break;
    case WriteVerb::kDelete:
      request.method = "DELETE";
      request.path = ObjectPath(target.resource, target.key);
      break;
  }
  request.headers.push_back({"content-type", "application/json"});
  return request;
}

}  // namespace

WriteQueue::WriteQueue(const WriterOptions& options, const Prng& prng)
    : options_(options),
      prng_(prng.Fork("writer")),
      pause_(options.back_off),
      bucket_(options.burst, options.interval) {}

void WriteQueue::Add(absl::Time now, WriteRequest request) {
  const WriteTarget target = request.target;
  const uint64_t sequence = ++last_sequence_;
  Entry entry{.request = std::move(request),
              .sequence = sequence,
              .back_off = BackOff(options_.back_off)};
  Slot& slot = slots_[target];
  if (slot.waiting) {
    Withdraw(slot);
    Entry earlier = *std::exchange(slot.waiting, std::nullopt);
    // The later wish keeps the place in the queue, and the wait.
    entry.sequence = earlier.sequence;
    entry.not_before = earlier.not_before;
    Report(std::move(earlier), WriteVerdict::kSuperseded);
  } else if (counts_[static_cast<size_t>(entry.request.priority)] >=
             Capacity(entry.request.priority)) {
    Report(std::move(entry), WriteVerdict::kOverflow);
    return Tidy(target);
  }
  slot.waiting = std::move(entry);
  MakeReady(slot);
  Pump(now);
}

size_t WriteQueue::Capacity(WritePriority priority) const {
  return priority == WritePriority::kLow ? options_.low_max
                                         : options_.targets_max;
}

void WriteQueue::MakeReady(Slot& slot) {
  const Entry& entry = *slot.waiting;
  ++counts_[static_cast<size_t>(entry.request.priority)];
  // It waits for the answer to the one before.
  if (slot.sent) return;
  ReadyOf(entry).insert(
      {entry.not_before, entry.sequence, entry.request.target});
}

void WriteQueue::Withdraw(Slot& slot) {
  const Entry& entry = *slot.waiting;
  --counts_[static_cast<size_t>(entry.request.priority)];
  ReadyOf(entry).erase(
      {entry.not_before, entry.sequence, entry.request.target});
}

bool WriteQueue::MaySend(WritePriority priority) const {
  const size_t limit = is_probing_ ? 1 : options_.in_flight_max;
  if (in_flight_.size() >= limit) return false;
  if (priority == WritePriority::kNormal) return true;
  const auto low =
      std::count_if(in_flight_.begin(), in_flight_.end(), [](const auto& item) {
        return item.second.priority == WritePriority::kLow;
      });
  return static_cast<size_t>(low) < options_.low_in_flight_max;
}

WriteQueue::Slot* WriteQueue::NextReady(absl::Time now) {
  for (const WritePriority priority :
       {WritePriority::kNormal, WritePriority::kLow}) {
    const Ready& ready = ready_[static_cast<size_t>(priority)];
    if (ready.empty() || std::get<0>(*ready.begin()) > now) continue;
    if (!MaySend(priority)) return nullptr;
    return &slots_.at(std::get<2>(*ready.begin()));
  }
  return nullptr;
}

void WriteQueue::Pump(absl::Time now) {
  while (now >= paused_until_) {
    Slot* slot = NextReady(now);
    if (slot == nullptr || !bucket_.Take(now)) break;
    Send(now, *slot);
  }
  SetDeadline(now);
}

void WriteQueue::Send(absl::Time now, Slot& slot) {
  Withdraw(slot);
  slot.sent = std::exchange(slot.waiting, std::nullopt);
  const WriteRequest& write = slot.sent->request;
  const uint64_t number = ++last_number_;
  in_flight_[number] = {write.target, now + options_.answer_timeout,
                        write.priority};
  orders_.push_back({.number = number,
                     .request = slot.sent->must_read ? ReadRequest(write.target)
                                                     : RequestOf(write)});
}

void WriteQueue::SetDeadline(absl::Time now) {
  deadline_ = absl::InfiniteFuture();
  for (const auto& [number, in_flight] : in_flight_) {
    deadline_ = std::min(deadline_, in_flight.deadline);
  }
  absl::Time next = absl::InfiniteFuture();
  for (const WritePriority priority :
       {WritePriority::kNormal, WritePriority::kLow}) {
    const Ready& ready = ready_[static_cast<size_t>(priority)];
    // An answer comes first, where the number of requests is the limit.
    if (ready.empty() || !MaySend(priority)) continue;
    next = std::min(next, std::get<0>(*ready.begin()));
  }
  if (next == absl::InfiniteFuture()) return;
  next = std::max({next, paused_until_, bucket_.NextAt(now)});
  deadline_ = std::min(deadline_, next);
}

void WriteQueue::OnTimer(absl::Time now) {
  std::vector<uint64_t> late;
  for (const auto& [number, in_flight] : in_flight_) {
    if (in_flight.deadline <= now) late.push_back(number);
  }
  for (const uint64_t number : late) {
    orders_.push_back({.number = number, .cancel = true});
    OnLost(now, number,
           absl::DeadlineExceededError(
               fmt::format("no answer within {}",
                           absl::FormatDuration(options_.answer_timeout))));
  }
  Pump(now);
}

std::optional<WriteQueue::Entry> WriteQueue::TakeSent(uint64_t number) {
  const auto found = in_flight_.find(number);
  if (found == in_flight_.end()) return std::nullopt;
  Slot& slot = slots_.at(found->second.target);
  in_flight_.erase(found);
  std::optional<Entry> entry = std::exchange(slot.sent, std::nullopt);
  LB_CHECK(entry.has_value());
  if (slot.waiting) {
    const Entry& waiting = *slot.waiting;
    ReadyOf(waiting).insert(
        {waiting.not_before, waiting.sequence, waiting.request.target});
  }
  return entry;
}

void WriteQueue::OnAnswer(absl::Time now, uint64_t number, int code,
                          absl::Span<const http::Header> headers,
                          std::string_view body) {
  std::optional<Entry> entry = TakeSent(number);
  if (!entry) return;
  const WriteTarget target = entry->request.target;
  if (code < 200 || code >= 300) {
    OnError(now, *std::move(entry), ReadApiError(code, headers, body));
  } else {
    EndPause();
    if (entry->must_read) {
      OnFresh(now, *std::move(entry), body);
    } else {
      OnDone(*std::move(entry), body);
    }
  }
  Tidy(target);
  Pump(now);
}

void WriteQueue::OnLost(absl::Time now, uint64_t number,
                        const absl::Status& status) {
  std::optional<Entry> entry = TakeSent(number);
  if (!entry) return;
  const WriteTarget target = entry->request.target;
  OnError(now, *std::move(entry), LostConnection(status));
  Tidy(target);
  Pump(now);
}

void WriteQueue::OnDone(Entry entry, std::string_view body) {
  YamlNode object;
  // The answer to a DELETE is a Status, or the object that was.
  if (entry.request.verb != WriteVerb::kDelete) {
    absl::StatusOr<YamlNode> read = ReadJson(body);
    if (read.ok()) {
      RebaseWaiting(entry.request.target, *read);
      object = *std::move(read);
    }
  }
  Report(std::move(entry), WriteVerdict::kDone, "", std::move(object));
}

void WriteQueue::RebaseWaiting(const WriteTarget& target,
                               const YamlNode& fresh) {
  Slot& slot = slots_.at(target);
  if (!slot.waiting || slot.waiting->request.rebase == nullptr) return;
  std::optional<std::string> body = slot.waiting->request.rebase(fresh);
  if (body) {
    slot.waiting->request.body = *std::move(body);
    return;
  }
  Withdraw(slot);
  Report(*std::exchange(slot.waiting, std::nullopt), WriteVerdict::kUnneeded,
         "", fresh);
}

void WriteQueue::OnFresh(absl::Time now, Entry entry, std::string_view body) {
  absl::StatusOr<YamlNode> fresh = ReadJson(body);
  if (!fresh.ok()) {
    ApiError error;
    error.reason = "UnexpectedAnswer";
    return OnError(now, std::move(entry), error);
  }
  entry.must_read = false;
  // A later wish that waits gets to see it instead.
  if (slots_.at(entry.request.target).waiting) {
    RebaseWaiting(entry.request.target, *fresh);
    return Report(std::move(entry), WriteVerdict::kSuperseded);
  }
  std::optional<std::string> rebased = entry.request.rebase(*fresh);
  if (!rebased) {
    return Report(std::move(entry), WriteVerdict::kUnneeded, "",
                  *std::move(fresh));
  }
  entry.request.body = *std::move(rebased);
  Again(now, std::move(entry));
}

void WriteQueue::OnError(absl::Time now, Entry entry, const ApiError& error) {
  last_error_ =
      fmt::format("{}: {}", entry.request.target.ToString(), error.ToString());
  const bool is_verdict =
      error.kind == ErrorKind::kConflict ||
      error.kind == ErrorKind::kNotFound || error.kind == ErrorKind::kExpired ||
      error.kind == ErrorKind::kExists || error.kind == ErrorKind::kBadRequest;
  if (is_verdict) EndPause();  // The server works.
  switch (error.kind) {
    case ErrorKind::kConflict:
      return OnConflict(now, std::move(entry), error);
    case ErrorKind::kNotFound:
    case ErrorKind::kExpired:
      return Report(std::move(entry), WriteVerdict::kGone, error.ToString());
    case ErrorKind::kExists:
      return Report(std::move(entry), WriteVerdict::kExists, error.ToString());
    case ErrorKind::kBadRequest:
      return Report(std::move(entry), WriteVerdict::kRefused, error.ToString());
    case ErrorKind::kUnauthorized:
    case ErrorKind::kForbidden:
      if (++entry.refusals >= options_.refusals_max) {
        return Report(std::move(entry), WriteVerdict::kRefused,
                      error.ToString());
      }
      break;
    case ErrorKind::kVersionTooLarge:
    case ErrorKind::kServer:
      break;
    case ErrorKind::kOverloaded:
    case ErrorKind::kLost:
      PauseAll(now, error);
      return Again(now, std::move(entry));
  }
  const absl::Duration wait = entry.back_off.Next(prng_, error.retry_after);
  Again(now + wait, std::move(entry));
}

void WriteQueue::OnConflict(absl::Time now, Entry entry,
                            const ApiError& error) {
  const bool may_rebase = entry.request.verb == WriteVerb::kPatch &&
                          entry.request.rebase != nullptr;
  if (!may_rebase || ++entry.conflicts > options_.conflicts_max) {
    return Report(std::move(entry), WriteVerdict::kConflict, error.ToString());
  }
  entry.must_read = true;
  // The first conflict is read at once: mostly it is the only one.
  const absl::Duration wait =
      entry.conflicts == 1 ? absl::ZeroDuration() : entry.back_off.Next(prng_);
  Again(now + wait, std::move(entry));
}

void WriteQueue::EndPause() {
  is_probing_ = false;
  pause_.Reset();
}

void WriteQueue::PauseAll(absl::Time now, const ApiError& error) {
  // The requests that are under way fail together: one wait for all of them.
  if (is_paused(now)) return;
  is_probing_ = true;
  paused_until_ =
      now + (error.never_connected ? pause_.NextUnconnected(prng_)
                                   : pause_.Next(prng_, error.retry_after));
}

void WriteQueue::Again(absl::Time at, Entry entry) {
  Slot& slot = slots_.at(entry.request.target);
  if (slot.waiting) {
    return Report(std::move(entry), WriteVerdict::kSuperseded);
  }
  entry.not_before = at;
  slot.waiting = std::move(entry);
  MakeReady(slot);
}

void WriteQueue::Report(Entry entry, WriteVerdict verdict, std::string error,
                        YamlNode object) {
  ++ended_[verdict];
  if (entry.request.on_report == nullptr) return;
  reports_.emplace_back(std::move(entry.request.on_report),
                        WriteReport{entry.request.target, verdict,
                                    std::move(error), std::move(object)});
}

void WriteQueue::Tidy(const WriteTarget& target) {
  const auto found = slots_.find(target);
  if (found == slots_.end()) return;
  if (!found->second.waiting && !found->second.sent) slots_.erase(found);
}

}  // namespace lb::kubernetes
