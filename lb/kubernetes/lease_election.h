// LeaseElection: the rules by which one of several processes holds a Lease.
//
// They are those of client-go's leader election. A Lease has a holder, which
// writes it again every `retry_period`. Another process takes it when the
// holder gave it up, or wrote nothing for as long as the Lease says, by this
// process's own clock: no clocks need to agree, and no time that another host
// wrote decides anything. Each write names the version that it replaces, so of
// two that try at once one succeeds.
//
// A holder acts for `renew_deadline` after it *sent* the last write that
// succeeded. Others wait for `lease_duration` after they *saw* it, which is
// later. So no two act at once, unless one's steady clock runs faster than the
// other's by lease_duration / renew_deadline, or the Lease is deleted, or the
// server's store goes back to an older state. A process that was stopped
// does not know for how long: it asks IsHolder(now) before each act.
//
// A core: it takes `now` (steady) and `civil_now` (which is only written into
// the Lease), it has no I/O. It learns of the Lease by a watch, and reads it
// itself after a conflict. The shell is LeaseElector.
//
//   LeaseElection election({.key = {"lb-system", "lbd"}, .identity = "n1-7"},
//                          prng);
//   election.OnNoLease(now);
//   election.OnTimer(now, civil_now);
//   if (election.IsHolder(now)) Apply();
#ifndef LB_KUBERNETES_LEASE_ELECTION_H_
#define LB_KUBERNETES_LEASE_ELECTION_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lb/base/prng.h"
#include "lb/config/yaml_tree.h"
#include "lb/http/client.h"
#include "lb/kubernetes/api_error.h"
#include "lb/kubernetes/lease_record.h"
#include "lb/kubernetes/resource.h"

namespace lb::kubernetes {

struct LeaseOptions {
  ObjectKey key;  // Of the Lease.
  // Names the process in the Lease. Two processes of one identity, such as an
  // old and a new one of one host, do not act together either.
  std::string identity;
  absl::Duration lease_duration = absl::Seconds(5);  // Whole seconds.
  absl::Duration renew_deadline = absl::Seconds(3);
  absl::Duration retry_period = absl::Seconds(1);
};

// InvalidArgument: names the first option that is out of range. As in
// client-go, lease_duration > renew_deadline > 1.2 * retry_period.
absl::Status Validate(const LeaseOptions& options);

class LeaseElection {
 public:
  // What is to be done with requests, in this order.
  struct Order {
    bool cancel = false;  // The request that is under way.
    std::optional<http::Request> send;
  };

  // REQUIRES: Validate(options) is OK.
  LeaseElection(LeaseOptions options, const Prng& prng);

  // The watch says what the Lease is now; an older state than the one known is
  // ignored.
  void OnLease(absl::Time now, const LeaseRecord& record);
  // The watch says that there is no Lease, since `version` if that is known.
  void OnNoLease(absl::Time now, std::string_view version = "");

  // The answer to the request that is under way.
  void OnAnswer(absl::Time now, int code, std::string_view body);
  void OnLost(absl::Time now, const absl::Status& status);

  // `deadline()` has passed.
  void OnTimer(absl::Time now, absl::Time civil_now);
  absl::Time deadline() const { return deadline_; }

  // From now on this process wants the Lease no more; a holder gives it up. It
  // must not act any more before it calls this.
  void Stop(absl::Time now, absl::Time civil_now);
  // True once nothing is left to be sent after Stop().
  bool is_stopped() const { return is_stopping_ && !sent_ && !must_release_; }

  // At most one request is under way.
  Order TakeOrder() { return std::exchange(order_, {}); }

  // May this process act now?
  bool IsHolder(absl::Time now) const {
    return holds_ && now < renewed_at_ + options_.renew_deadline;
  }
  // When it may act no more unless it renews; InfinitePast: it is no holder.
  absl::Time acts_until() const {
    return holds_ ? renewed_at_ + options_.renew_deadline
                  : absl::InfinitePast();
  }
  // The holder's identity as last seen; empty: there is none, or it is not
  // known.
  std::string holder() const { return observed_ ? observed_->holder : ""; }
  // The last failure; empty if there was none.
  const std::string& last_error() const { return last_error_; }

 private:
  enum class Action { kRead, kCreate, kWrite, kRelease };

  // A request that is under way.
  struct Sent {
    Action action = Action::kRead;
    absl::Time at;
    absl::Time gives_up_at;
  };

  void Observe(absl::Time now, const LeaseRecord& record);
  void Forget();
  // When the Lease can be taken.
  absl::Time FreeAt(absl::Time now) const;
  // Plans the next try by what is known.
  void Plan(absl::Time now);
  // Plans it for after a wait.
  void PlanAgain(absl::Time now, std::optional<absl::Duration> retry_after);
  void Arm();
  void Try(absl::Time now, absl::Time civil_now);
  void Send(absl::Time now, Action action, http::Request request);
  void Write(absl::Time now, absl::Time civil_now);
  void Release(absl::Time now, absl::Time civil_now);
  void OnFresh(absl::Time now, std::string_view body);
  void OnError(absl::Time now, const Sent& sent, const ApiError& error);

  const LeaseOptions options_;
  Prng prng_;
  std::optional<LeaseRecord> observed_;
  // When what the record says was new to this process.
  absl::Time observed_at_ = absl::InfinitePast();
  bool knows_ = false;  // Whether there is a Lease.
  bool holds_ = false;  // This process wrote the Lease last.
  absl::Time renewed_at_ = absl::InfinitePast();
  // The last write that was sent had it, whatever became of that.
  std::string own_renew_time_;
  absl::Time written_at_ = absl::InfinitePast();
  bool must_read_ = false;
  bool must_release_ = false;
  bool is_stopping_ = false;
  std::optional<Sent> sent_;
  absl::Time next_try_at_ = absl::InfiniteFuture();
  absl::Time deadline_ = absl::InfiniteFuture();
  Order order_;
  std::string last_error_;
};

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_LEASE_ELECTION_H_
