// KubernetesChecker: the invariants of a simulated cluster with Kubernetes.
//
// They are checked after each event, for each write, and every kInterval. The
// checker keeps the first violation. Names of invariants are stable, see the
// table in docs/reliability.md.
#ifndef LB_TESTS_SIM_CHAOS_KUBERNETES_CHECKER_H_
#define LB_TESTS_SIM_CHAOS_KUBERNETES_CHECKER_H_

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "lb/kubernetes/testing/request_log.h"
#include "lb/kubernetes/testing/sim_request.h"
#include "lb/net/ip_address.h"
#include "tests/sim/chaos/kubernetes/mark_watch.h"
#include "tests/sim/chaos/kubernetes/stage.h"
#include "tests/sim/chaos/kubernetes/status_watch.h"
#include "tests/sim/chaos/node_log.h"
#include "tests/sim/chaos/outcome.h"

namespace lb::chaos {

class KubernetesChecker {
 public:
  static constexpr absl::Duration kInterval = absl::Milliseconds(100);
  // One lbd reads so often in any 10 s, however the server fails: nine watches,
  // kubernetes::kRequestsPer10sMax each, and the reads of objects and the
  // Lease after conflicts.
  static constexpr size_t kReadsPer10sMax = 400;
  // So many are enough for a dozen services, their events, pools and the Lease.
  static constexpr size_t kWritesPer10sMax = 300;
  // After a restore two controllers may act for one lease_duration.
  static constexpr absl::Duration kTwoMayAct = absl::Seconds(5);

  // Sets the hooks of the stage. `stage` must outlive it.
  explicit KubernetesChecker(KubernetesStage* stage);

  // Call it every kInterval, and after each fault.
  void OnInterval();
  void AfterEvent() {
    statuses_.Follow();
    stage_->FollowWorkload();
  }
  bool IsUnsure() const { return statuses_.IsUnsure(); }
  // Nullopt: one controller acts, statuses say what services ask for, all nodes
  // show the same, and one node answers for each address that some node may
  // announce. Otherwise says what is not so.
  std::optional<std::string> WhyNotAgreed();

  // What became of the Services, for people.
  const NodeLog& log() const { return statuses_.log(); }
  void Fail(std::string invariant, std::string what);
  const std::optional<Violation>& violation() const { return violation_; }

 private:
  using Answering = std::map<net::IpAddress, std::vector<std::string>>;
  struct Sent {
    absl::Time at;
    bool is_write = false;
  };
  // The requests of one host in the last 10 s.
  struct Recent {
    std::deque<Sent> sent;
    size_t writes = 0;
  };

  void OnWrite(const std::string& host, const kubernetes::SimRequest& request);
  void CountRequests();
  void CheckLimits();
  std::optional<std::string> WhyNotOneActs() const;
  std::optional<std::string> WhyNotServed() const;
  std::optional<std::string> WhyNotShown() const;
  std::optional<std::string> WhyNotAnnounced() const;
  std::optional<std::string> WhyNotAnswered(const ServiceRecord& record,
                                            const Answering& answering) const;
  Answering NodesThatAnswer() const;
  // Load balancers of our class.
  std::vector<ServiceRecord> Services() const;

  KubernetesStage* const stage_;
  const absl::Time began_;
  std::optional<Violation> violation_;
  StatusWatch statuses_;
  MarkWatch marks_;
  std::map<std::string, Recent> recent_;  // By host.
  size_t counted_ = 0;                    // Requests of the server's log.
};

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_KUBERNETES_CHECKER_H_
