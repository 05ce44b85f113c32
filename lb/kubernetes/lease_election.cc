#include "lb/kubernetes/lease_election.h"

#include <algorithm>

#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "lb/base/status_text.h"
#include "lb/kubernetes/json_tree.h"
#include "lb/kubernetes/micro_time.h"
#include "lb/kubernetes/object_meta.h"

namespace lb::kubernetes {
namespace {

// As in client-go: waits are up to so much longer, so that candidates do not
// write together.
constexpr double kJitter = 1.2;

absl::Status Invalid(std::string_view option, std::string_view wanted) {
  return absl::InvalidArgumentError(fmt::format("{}: want {}", option, wanted));
}

absl::StatusOr<LeaseRecord> ReadLeaseText(std::string_view body) {
  const absl::StatusOr<config::YamlNode> tree = ReadJson(body);
  if (!tree.ok()) return tree.status();
  return ReadLease(*tree);
}

}  // namespace

absl::Status Validate(const LeaseOptions& options) {
  if (options.key.name_space.empty() || options.key.name.empty()) {
    return Invalid("key", "a namespace and a name");
  }
  if (options.identity.empty()) {
    return Invalid("identity", "a text that no other process has");
  }
  if (options.lease_duration < absl::Seconds(1) ||
      options.lease_duration !=
          absl::Trunc(options.lease_duration, absl::Seconds(1))) {
    return Invalid("lease_duration", "whole seconds, 1s or more");
  }
  if (options.lease_duration <= options.renew_deadline) {
    return Invalid("renew_deadline", "less than lease_duration");
  }
  if (options.retry_period <= absl::ZeroDuration()) {
    return Invalid("retry_period", "more than 0");
  }
  if (options.renew_deadline <= options.retry_period * kJitter) {
    return Invalid("retry_period", "less than renew_deadline / 1.2");
  }
  return absl::OkStatus();
}

LeaseElection::LeaseElection(LeaseOptions options, const Prng& prng)
    : options_(std::move(options)), prng_(prng.Fork("lease")) {}

void LeaseElection::OnLease(absl::Time now, const LeaseRecord& record) {
  // The watch may be behind an answer.
  if (observed_ &&
      IsOlderVersion(record.resource_version, observed_->resource_version)) {
    return;
  }
  Observe(now, record);
  Plan(now);
}

void LeaseElection::OnNoLease(absl::Time now, std::string_view version) {
  if (observed_ && IsOlderVersion(version, observed_->resource_version)) return;
  Forget();
  Plan(now);
}

void LeaseElection::Observe(absl::Time now, const LeaseRecord& record) {
  if (!observed_ || !observed_->IsSameAs(record)) observed_at_ = now;
  observed_ = record;
  knows_ = true;
  // Another process may have this identity, so the time tells. It is this
  // process's own text.
  const bool is_own = record.holder == options_.identity &&
                      record.renew_time == own_renew_time_;
  if (is_own) observed_at_ = written_at_;
  if (!is_own) {
    holds_ = false;
  } else if (!is_stopping_ && now < written_at_ + options_.renew_deadline) {
    holds_ = true;
    renewed_at_ = written_at_;
  }
}

void LeaseElection::Forget() {
  observed_.reset();
  knows_ = true;
  holds_ = false;
}

absl::Time LeaseElection::FreeAt(absl::Time now) const {
  if (!observed_ || observed_->holder.empty()) return now;
  return observed_at_ + observed_->duration;
}

void LeaseElection::Plan(absl::Time now) {
  if (holds_) {
    next_try_at_ = renewed_at_ + options_.retry_period;
  } else if (!knows_) {
    next_try_at_ = absl::InfiniteFuture();
  } else {
    next_try_at_ =
        FreeAt(now) + prng_.UniformDuration(options_.retry_period / 2);
  }
  Arm();
}

void LeaseElection::PlanAgain(absl::Time now,
                              std::optional<absl::Duration> retry_after) {
  const absl::Duration wait = std::max(
      options_.retry_period,
      std::min(retry_after.value_or(absl::ZeroDuration()), absl::Minutes(1)));
  next_try_at_ =
      now + wait + prng_.UniformDuration(options_.retry_period * (kJitter - 1));
  Arm();
}

void LeaseElection::Arm() {
  if (sent_) {
    deadline_ = sent_->gives_up_at;
  } else if (is_stopping_ && !must_release_) {
    deadline_ = absl::InfiniteFuture();
  } else {
    deadline_ = next_try_at_;
  }
}

void LeaseElection::OnTimer(absl::Time now, absl::Time civil_now) {
  if (now < deadline_) return;
  if (sent_) {
    order_.cancel = true;
    return OnLost(now, absl::DeadlineExceededError("no answer in time"));
  }
  Try(now, civil_now);
}

void LeaseElection::Try(absl::Time now, absl::Time civil_now) {
  if (must_read_) {
    return Send(now, Action::kRead,
                {.path = ObjectPath(LeaseResource(), options_.key),
                 .headers = {{"accept", "application/json"}}});
  }
  if (must_release_) return Release(now, civil_now);
  // After a lapse it is a candidate like any other.
  holds_ = IsHolder(now);
  if (!is_stopping_ && (holds_ || (knows_ && FreeAt(now) <= now))) {
    return Write(now, civil_now);
  }
  Plan(now);
}

void LeaseElection::Write(absl::Time now, absl::Time civil_now) {
  LeaseRecord record;
  record.holder = options_.identity;
  record.duration = options_.lease_duration;
  record.renew_time = FormatMicroTime(civil_now);
  record.acquire_time = record.renew_time;
  own_renew_time_ = record.renew_time;
  written_at_ = now;
  http::Request request;
  request.headers = {{"accept", "application/json"}};
  if (!observed_) {
    request.method = "POST";
    request.path = CollectionPath(LeaseResource(), options_.key.name_space);
    request.headers.push_back({"content-type", "application/json"});
    request.body = NewLease(options_.key, record);
    return Send(now, Action::kCreate, std::move(request));
  }
  record.resource_version = observed_->resource_version;
  record.transitions = observed_->transitions;
  if (observed_->holder == options_.identity) {
    record.acquire_time = observed_->acquire_time;
  } else {
    ++record.transitions;
  }
  request.method = "PATCH";
  request.path = ObjectPath(LeaseResource(), options_.key);
  request.headers.push_back({"content-type", "application/merge-patch+json"});
  request.body = LeasePatch(record);
  Send(now, Action::kWrite, std::move(request));
}

void LeaseElection::Release(absl::Time now, absl::Time civil_now) {
  must_release_ = false;
  if (!observed_ || observed_->holder != options_.identity) return Arm();
  LeaseRecord record = *observed_;
  record.holder.clear();
  record.duration = absl::Seconds(1);
  record.renew_time = FormatMicroTime(civil_now);
  record.acquire_time = record.renew_time;
  Send(now, Action::kRelease,
       {.method = "PATCH",
        .path = ObjectPath(LeaseResource(), options_.key),
        .headers = {{"accept", "application/json"},
                    {"content-type", "application/merge-patch+json"}},
        .body = LeasePatch(record)});
}

void LeaseElection::Send(absl::Time now, Action action, http::Request request) {
  // An answer later than that is of no use to a holder.
  const absl::Duration patience =
      std::max(options_.retry_period, options_.renew_deadline / 2);
  if (sent_) order_.cancel = true;
  sent_ = {action, now, now + patience};
  order_.send = std::move(request);
  Arm();
}

void LeaseElection::OnAnswer(absl::Time now, int code, std::string_view body) {
  if (!sent_) return;
  const Sent sent = *std::exchange(sent_, std::nullopt);
  if (code >= 200 && code < 300) return OnFresh(now, body);
  OnError(now, sent, ReadApiError(code, {}, body));
}

void LeaseElection::OnLost(absl::Time now, const absl::Status& status) {
  if (!sent_) return;
  const Sent sent = *std::exchange(sent_, std::nullopt);
  OnError(now, sent, LostConnection(status));
}

void LeaseElection::OnFresh(absl::Time now, std::string_view body) {
  const absl::StatusOr<LeaseRecord> record = ReadLeaseText(body);
  if (!record.ok()) {
    last_error_ = fmt::format("{}", record.status().message());
    must_read_ = true;
    return PlanAgain(now, {});
  }
  // An answer is never behind, whatever the versions say: after a restore they
  // go back.
  must_read_ = false;
  Observe(now, *record);
  Plan(now);
  if (must_release_) {
    next_try_at_ = now;
    Arm();
  }
}

void LeaseElection::OnError(absl::Time now, const Sent& sent,
                            const ApiError& error) {
  last_error_ = error.ToString();
  const bool is_release = sent.action == Action::kRelease;
  switch (error.kind) {
    case ErrorKind::kConflict:
    case ErrorKind::kExists:
      // Another writer was first, or an answer of ours was lost.
      must_read_ = true;
      must_release_ = is_release;
      next_try_at_ = now;
      return Arm();
    case ErrorKind::kNotFound:
      must_read_ = false;
      must_release_ = false;
      Forget();
      // A 404 of a create is about the namespace, or the resource.
      if (sent.action == Action::kCreate) return PlanAgain(now, {});
      return Plan(now);
    default:
      must_release_ = false;
      // The server may have the write. It is looked up before another one,
      // whose time would make the first look like another process's.
      must_read_ |=
          error.kind == ErrorKind::kLost && !error.never_connected &&
          (sent.action == Action::kCreate || sent.action == Action::kWrite);
      return PlanAgain(now, error.retry_after);
  }
}

void LeaseElection::Stop(absl::Time now, absl::Time civil_now) {
  if (is_stopping_) return;
  is_stopping_ = true;
  must_read_ = false;
  if (std::exchange(holds_, false)) return Release(now, civil_now);
  if (!sent_) return Arm();
  // A write that is under way may make this process the holder.
  must_read_ = must_release_ =
      sent_->action == Action::kWrite || sent_->action == Action::kCreate;
  order_.cancel = true;
  sent_.reset();
  next_try_at_ = now;
  Arm();
}

}  // namespace lb::kubernetes
