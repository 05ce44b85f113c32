#include "lb/kubernetes/list_watch.h"

#include <algorithm>

#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/base/status_text.h"
#include "lb/kubernetes/cut_text.h"
#include "lb/kubernetes/tree_path.h"
#include "lb/kubernetes/watch_request.h"

namespace lb::kubernetes {
namespace {

using config::YamlNode;

// The body of an error is a Status; what is beyond is not read.
constexpr size_t kErrorBytesMax = 64 << 10;
// Tokens are some hundred bytes.
constexpr size_t kContinueBytesMax = 16 << 10;
// A watch that the server ends sooner is no reason to come back at once.
constexpr absl::Duration kShortWatch = absl::Seconds(1);
// How much later than asked for the server may end a watch.
constexpr absl::Duration kWatchGrace = absl::Seconds(30);
// After so many answers that the version is too large, a list decides.
constexpr int kTooLargeMax = 3;

// Bytes that no API server sends.
ApiError UnexpectedAnswer(const absl::Status& status) {
  ApiError error;
  error.kind = ErrorKind::kServer;
  error.reason = "UnexpectedAnswer";
  error.message = fmt::format("{}", status.message());
  return error;
}

}  // namespace

ListWatch::ListWatch(ReflectorOptions options, const Prng& prng)
    : options_(std::move(options)),
      // The reflectors of one process get the same generator.
      prng_(prng.Fork(fmt::format("{} {} {}", options_.resource.ToString(),
                                  options_.name_space,
                                  options_.selector.ToString()))),
      back_off_(options_.back_off),
      view_(options_.passes_all_on ? FieldSelector() : options_.selector,
            options_.objects_max),
      page_limit_(options_.page_limit) {}

void ListWatch::Start(absl::Time now) { List(now); }

void ListWatch::Relist(absl::Time now) {
  if (phase_ == Phase::kIdle) return;  // Start() will list.
  is_following_ = false;
  if (exchange_) return List(now);
  continue_token_.clear();
  phase_ = Phase::kListing;
}

void ListWatch::Go(absl::Time now) {
  switch (phase_) {
    case Phase::kIdle:
      return;
    case Phase::kListing:
      // A page that failed is asked for again: its token is still good.
      return continue_token_.empty() ? List(now) : AskForPage(now);
    case Phase::kAsking:
      return AskForVersion(now);
    case Phase::kWatching:
      return Watch(now);
  }
  LB_UNREACHABLE();
}

void ListWatch::List(absl::Time now) {
  ++stats_.lists;
  list_begun_at_ = now;
  continue_token_.clear();
  pages_ = 0;
  view_.BeginListing();
  AskForPage(now);
}

void ListWatch::AskForPage(absl::Time now) {
  Send(now, ListRequest(options_, !view_.selects_here(), page_limit_,
                        continue_token_));
  phase_ = Phase::kListing;
}

void ListWatch::AskForVersion(absl::Time now) {
  Send(now, ListRequest(options_, !view_.selects_here(), 1, ""));
  phase_ = Phase::kAsking;
}

void ListWatch::Watch(absl::Time now) {
  ++stats_.watches;
  const absl::Duration timeout =
      options_.watch_timeout_min +
      prng_.UniformDuration(options_.watch_timeout_max -
                            options_.watch_timeout_min);
  Send(now, WatchRequest(options_, !view_.selects_here(), resource_version_,
                         timeout));
  phase_ = Phase::kWatching;
  exchange_->ends_at = now + timeout + kWatchGrace;
}

void ListWatch::Send(absl::Time now, http::Request request) {
  if (exchange_) {
    order_.cancel = true;
    NoteEnd(now, *exchange_);
  }
  exchange_.emplace(options_.line_bytes_max);
  order_.send = std::move(request);
  deadline_ = now + options_.answer_timeout;
}

void ListWatch::OnServerBack(absl::Time now) {
  if (exchange_ || phase_ == Phase::kIdle || !back_off_.TakeOwnWait()) return;
  deadline_ = std::min(deadline_, now + prng_.UniformDuration(kBackWait));
}

void ListWatch::OnHead(absl::Time now, int code,
                       absl::Span<const http::Header> headers) {
  if (!exchange_) return;
  exchange_->code = code;
  exchange_->headers.assign(headers.begin(), headers.end());
  exchange_->opened_at = now;
  if (!exchange_->is_ok()) return;
  heard_at_ = now;
  if (phase_ != Phase::kWatching) return;
  is_following_ = true;
  too_large_ = 0;
  ArmWatch(now);
}

void ListWatch::OnBody(absl::Time now, std::string_view bytes) {
  if (!exchange_) return;
  std::string& body = exchange_->body;
  if (!exchange_->is_ok()) {
    body += bytes.substr(0, kErrorBytesMax - body.size());
    return;
  }
  heard_at_ = now;
  if (phase_ == Phase::kWatching) return OnLines(now, bytes);
  if (body.size() + bytes.size() > options_.page_bytes_max) {
    return OnPageTooLarge(now);
  }
  body += bytes;
}

void ListWatch::OnEnd(absl::Time now, const absl::Status& status) {
  if (!exchange_) return;
  const Exchange exchange = *std::move(exchange_);
  exchange_.reset();
  deadline_ = absl::InfiniteFuture();
  NoteEnd(now, exchange);
  if (!status.ok() || exchange.code == 0) {
    return OnError(now, LostConnection(status));
  }
  if (!exchange.is_ok()) {
    return OnError(
        now, ReadApiError(exchange.code, exchange.headers, exchange.body));
  }
  switch (phase_) {
    case Phase::kIdle:
      return;
    case Phase::kListing:
      return OnPage(now, exchange);
    case Phase::kAsking:
      return OnVersion(now, exchange);
    case Phase::kWatching:
      return OnWatchEnd(now, exchange);
  }
  LB_UNREACHABLE();
}

void ListWatch::OnTimer(absl::Time now) {
  if (now < deadline_) return;
  deadline_ = absl::InfiniteFuture();
  if (!exchange_) return Go(now);
  if (phase_ == Phase::kWatching && exchange_->is_ok()) {
    return OnWatchTimer(now);
  }
  OnError(now, LostConnection(absl::DeadlineExceededError(fmt::format(
                   "no answer within {}",
                   absl::FormatDuration(options_.answer_timeout)))));
}

void ListWatch::OnPage(absl::Time now, const Exchange& exchange) {
  size_t items = 0;
  const absl::StatusOr<YamlNode> rest =
      ReadJsonList(exchange.body, [&](JsonObject item) {
        ++items;
        view_.AddListed(std::move(item));
      });
  if (!rest.ok()) {
    return Fail(now, UnexpectedAnswer(rest.status()), Phase::kListing);
  }
  std::string version(TextAt(*rest, "metadata.resourceVersion"));
  continue_token_ = TextAt(*rest, "metadata.continue");
  if (version.empty() || continue_token_.size() > kContinueBytesMax ||
      ++pages_ >= kListPagesMax) {
    continue_token_.clear();
    return Fail(now,
                UnexpectedAnswer(absl::InvalidArgumentError(
                    "a list without an end or a resourceVersion")),
                Phase::kListing);
  }
  if (continue_token_.empty()) return OnListed(now, std::move(version));
  // A server may give an empty page and a token for ever.
  if (items == 0) return Wait(now, Phase::kListing, back_off_.Next(prng_));
  AskForPage(now);
}

void ListWatch::OnListed(absl::Time now, std::string resource_version) {
  resource_version_ = std::move(resource_version);
  view_.EndListing();
  is_listed_ = true;
  if (!options_.watches) {
    phase_ = Phase::kIdle;
    return;
  }
  const absl::Duration half = options_.relist_interval / 2;
  relist_at_ = now + half + prng_.UniformDuration(half);
  Watch(now);
}

void ListWatch::OnVersion(absl::Time now, const Exchange& exchange) {
  const absl::StatusOr<YamlNode> rest =
      ReadJsonList(exchange.body, [](const JsonObject&) {});
  if (!rest.ok()) {
    return Fail(now, UnexpectedAnswer(rest.status()), Phase::kAsking);
  }
  const std::string_view version = TextAt(*rest, "metadata.resourceVersion");
  if (IsOlderVersion(version, resource_version_)) return List(now);
  Watch(now);
}

void ListWatch::OnLines(absl::Time now, std::string_view bytes) {
  ArmWatch(now);
  const absl::Status status =
      exchange_->lines.Add(bytes, [&](std::string_view line) { OnLine(line); });
  if (exchange_->failure) {
    const Failure failure = *std::move(exchange_->failure);
    return Fail(now, failure.error, failure.next);
  }
  if (!status.ok()) Fail(now, UnexpectedAnswer(status), Phase::kListing);
}

void ListWatch::OnLine(std::string_view line) {
  if (exchange_->failure) return;
  absl::StatusOr<JsonEvent> event = ReadJsonEvent(line);
  if (!event.ok()) {
    exchange_->failure = {UnexpectedAnswer(event.status()), Phase::kListing};
    return;
  }
  if (event->type == "ERROR") {
    const ApiError error = ReadErrorEvent(event->object.tree);
    exchange_->failure = {error, NextAfter(error)};
    return;
  }
  std::string version(TextAt(event->object.tree, "metadata.resourceVersion"));
  if (event->type == "ADDED" || event->type == "MODIFIED") {
    view_.Set(std::move(event->object));
  } else if (event->type == "DELETED") {
    view_.Delete(std::move(event->object));
  } else if (event->type != "BOOKMARK") {
    exchange_->failure = {
        UnexpectedAnswer(absl::InvalidArgumentError(
            fmt::format("an event of type {}", CutText(event->type, 32)))),
        Phase::kListing};
    return;
  }
  if (!version.empty()) resource_version_ = std::move(version);
}

void ListWatch::OnWatchEnd(absl::Time now, const Exchange& exchange) {
  const absl::Duration lived = now - exchange.opened_at;
  if (lived >= kShortWatch) return Watch(now);
  Fail(now,
       UnexpectedAnswer(absl::UnavailableError(fmt::format(
           "the watch ended after {}", absl::FormatDuration(lived)))),
       Phase::kWatching);
}

void ListWatch::OnWatchTimer(absl::Time now) {
  if (now >= relist_at_) return List(now);
  if (now >= exchange_->ends_at) return Watch(now);
  ++stats_.silences;
  AskForVersion(now);
}

void ListWatch::OnPageTooLarge(absl::Time now) {
  const int limit = page_limit_;
  page_limit_ = std::max(1, page_limit_ / 2);
  Fail(now,
       UnexpectedAnswer(absl::ResourceExhaustedError(
           fmt::format("a page of {} objects of more than {} bytes", limit,
                       options_.page_bytes_max))),
       Phase::kListing);
}

void ListWatch::OnError(absl::Time now, const ApiError& error) {
  const bool may_select_here = error.code == 400 && continue_token_.empty() &&
                               !options_.selector.empty() &&
                               !view_.selects_here();
  if (!may_select_here) return Fail(now, error, NextAfter(error));
  view_.SelectHere();
  last_error_ = {error.ToString(), error.kind};
  List(now);
}

ListWatch::Phase ListWatch::NextAfter(const ApiError& error) {
  const bool must_list =
      error.kind == ErrorKind::kExpired || error.kind == ErrorKind::kBadRequest;
  if (phase_ == Phase::kListing || !is_listed_) {
    if (must_list) continue_token_.clear();
    return Phase::kListing;
  }
  if (must_list) return Phase::kListing;
  if (error.kind == ErrorKind::kVersionTooLarge &&
      ++too_large_ >= kTooLargeMax) {
    too_large_ = 0;
    return Phase::kListing;
  }
  return Phase::kAsking;
}

void ListWatch::Fail(absl::Time now, const ApiError& error, Phase next) {
  ++stats_.failures;
  last_error_ = {error.ToString(), error.kind};
  is_following_ = false;
  if (exchange_) {
    order_.cancel = true;
    NoteEnd(now, *exchange_);
    exchange_.reset();
  }
  // Such an answer is no fault of the server, which was restarted, perhaps, and
  // was found again after a long wait. One in a row is repaired at once; others
  // with the same answer come a moment earlier or later.
  if (error.kind == ErrorKind::kExpired &&
      now - list_begun_at_ >= options_.back_off.max) {
    phase_ = next;
    deadline_ = now + prng_.UniformDuration(options_.back_off.min);
    return;
  }
  Wait(now, next,
       error.never_connected ? back_off_.NextUnconnected(prng_)
                             : back_off_.Next(prng_, error.retry_after));
}

void ListWatch::Wait(absl::Time now, Phase next, absl::Duration wait) {
  phase_ = next;
  deadline_ = now + wait;
}

void ListWatch::NoteEnd(absl::Time now, const Exchange& exchange) {
  if (phase_ == Phase::kWatching && exchange.is_ok() &&
      now - exchange.opened_at >= options_.back_off.max) {
    back_off_.Reset();
  }
}

void ListWatch::ArmWatch(absl::Time now) {
  deadline_ =
      std::min({now + options_.silence_max, exchange_->ends_at, relist_at_});
}

}  // namespace lb::kubernetes
