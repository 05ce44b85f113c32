// ControllerCore: what a controller does about the objects of the API server,
// as values.
//
// It follows updates at all times, and acts during terms of the Lease:
//
//   SourceUpdate --> records of statuses --+
//                --> Desired --------------+--> AddressTerm --> status writes
//                                                           --> pool writes
//                                                           --> events
//
// A service is looked at when its object, its request or a fitting address
// changed. What its status says and what it should say are compared; if they
// differ, the status is written, once: a write that is under way is not
// repeated. An event follows when the write is done.
//
// Nothing is released because it could not be read: a service that may exist
// (Desired::may_define) keeps its addresses, and one that only a list lacks
// does for `unlisted_delay`, as a server with an older state says so, too.
//
// A core: it takes `now` and has no I/O; the shell is Controller. One thread.
#ifndef LB_DAEMON_KUBERNETES_CONTROLLER_CORE_H_
#define LB_DAEMON_KUBERNETES_CONTROLLER_CORE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/kubernetes/address_term.h"
#include "daemon/kubernetes/object_source.h"
#include "daemon/kubernetes/pool_statuses.h"
#include "daemon/kubernetes/service_record.h"
#include "daemon/kubernetes/status_records.h"
#include "lb/config/desired.h"
#include "lb/config/difference.h"
#include "lb/config/problem.h"
#include "lb/ipam/assignment.h"
#include "lb/ipam/decision.h"
#include "lb/kubernetes/event_series.h"
#include "lb/kubernetes/resource.h"
#include "lb/kubernetes/write_request.h"
#include "lb/net/ip_address.h"

namespace lb {

// A status that is to be written.
struct StatusWrite {
  uint64_t number = 0;   // For OnWritten(); later ones are greater.
  ServiceRecord record;  // As it was last seen.
  ipam::Assignment assignment;
};

class ControllerCore {
 public:
  struct Options {
    std::string own_namespace;  // Where metallb.io objects are.
    std::string load_balancer_class;
    absl::Duration unlisted_delay = absl::Minutes(1);
    absl::Duration write_retry = absl::Seconds(10);
    // Pools are objects of the API server, and have statuses and events.
    bool has_pool_objects = true;
  };
  struct Now {
    absl::Time loop;
    absl::Time civil;
  };

  explicit ControllerCore(Options options) : options_(std::move(options)) {}

  void OnUpdate(const Now& now, const SourceUpdate& update);

  // This process holds the Lease, and all objects were listed since. Until
  // End() it acts.
  void Begin(const Now& now);
  void End();
  bool acts() const { return term_ != nullptr; }

  // Does a portion of what is due, and plans the rest for `deadline()`.
  void Work(const Now& now);
  absl::Time deadline() const { return deadline_; }

  // A write has ended, with this verdict. `fresh`: the object as the server has
  // it now, if it said so.
  void OnWritten(const Now& now, const StatusWrite& write,
                 kubernetes::WriteVerdict verdict,
                 const std::optional<ServiceRecord>& fresh);
  void OnPoolWritten(const PoolWrite& write, bool is_done) {
    pools_.OnWritten(write, is_done);
  }

  std::vector<StatusWrite> TakeWrites() { return std::exchange(writes_, {}); }
  std::vector<PoolWrite> TakePoolWrites() { return pools_.TakeWrites(); }
  std::vector<kubernetes::KubernetesEvent> TakeEvents() {
    return std::exchange(events_, {});
  }

  // Services that lack an address, and writes that are under way.
  size_t failures() const { return term_ ? term_->failures() : 0; }
  size_t writing() const { return writing_.size(); }
  // metallb.io objects whose uid is known.
  size_t uids() const { return uids_.size(); }
  // Nullptr: it does not act.
  const AddressTerm* term() const { return term_.get(); }
  // Services by what their statuses say, of this controller's class.
  struct ServiceCounts {
    size_t assigned = 0;
    size_t pending = 0;
  };
  ServiceCounts CountServices() const;
  // REQUIRES: acts().
  std::vector<std::pair<std::string, ipam::PoolUsage>> PoolUsages() const;

 private:
  using Services = std::set<std::string, std::less<>>;

  // A write that is under way, and the events that follow it.
  struct Writing {
    uint64_t number = 0;
    ipam::Assignment assignment;
    std::vector<ipam::ServiceEvent> events;
  };

  // A Service that a list lacked.
  struct Unlisted {
    absl::Time until;  // Its addresses are free then.
    ServiceRecord record;
  };

  // The last object of this name that was seen, also if a list lacked it.
  const ServiceRecord* FindLast(const std::string& name) const;
  void OnService(const Now& now, const ServiceChange& change);
  void OnDifference(const config::Difference& difference);
  void SetTaken();
  // Tells the term what is so with a portion of the services to look at.
  void LookAtSome();
  void Look(const std::string& service);
  // Nullptr: what the service asks for now is not known.
  const config::Service* FindCurrent(const std::string& service) const;
  void LookAtAbsent(const std::string& service);
  // The Services whose statuses say an address that is to get into that of
  // `record`, but of those that share it.
  std::vector<const ServiceRecord*> FindRivals(
      const ServiceRecord& record, const net::IpAddress& address) const;
  // One of them whose status this process leaves alone; nullptr: there is none.
  const ServiceRecord* FindLasting(const ServiceRecord& record,
                                   const ipam::Assignment& assignment) const;
  // Without the addresses that have to wait for other statuses.
  ipam::Assignment Writable(const ServiceRecord& record,
                            const ipam::Assignment& assignment);
  // Writes the status if it is not as it should be.
  void Settle(const std::string& service,
              std::vector<ipam::ServiceEvent> events);
  void AssignDue(const Now& now);
  void Plan(const Now& now);
  void ReleaseUnlisted(absl::Time now);
  void PlanWork(absl::Time at);

  void Tell(const std::string& service,
            const std::vector<ipam::ServiceEvent>& events);
  void TellProblems(const std::vector<config::Problem>& problems,
                    std::string_view default_reason);
  std::string UidOf(const std::string& object) const;

  const Options options_;
  std::shared_ptr<const config::Desired> desired_ =
      std::make_shared<const config::Desired>();
  StatusRecords records_;
  std::map<std::string, std::string, std::less<>> uids_;  // metallb.io objects.
  std::map<std::string, Unlisted, std::less<>> unlisted_;
  std::unique_ptr<AddressTerm> term_;
  PoolStatuses pools_;
  Services to_look_;
  Services blocked_;  // By what other statuses say.
  std::map<std::string, Writing, std::less<>> writing_;
  uint64_t last_number_ = 0;
  // Services whose last write failed; looked at again at `retry_at_`.
  Services failed_;
  absl::Time retry_at_ = absl::InfiniteFuture();
  absl::Time deadline_ = absl::InfiniteFuture();
  std::vector<StatusWrite> writes_;
  std::vector<kubernetes::KubernetesEvent> events_;
};

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_CONTROLLER_CORE_H_
