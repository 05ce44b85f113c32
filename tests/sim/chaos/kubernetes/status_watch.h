// StatusWatch: what no status of a Service may come to say.
//
// It looks at the server's store after each event, so it sees each status that
// any client could see. What a user may do, such as to change a sharing key
// while an address is shared, is no violation; what a controller writes may be.
//
//   one-status            no status comes to say an address that the status of
//                         another Service says, unless both share it
//   unasked               no address leaves a status unless the Service asked
//                         for something else since it came, or shortly before:
//                         a watch that is late tells of that later
//   kept-after-a-restore  an address of a Service that a restore lost goes to
//                         no other one for kUnlistedMin, if the controller knew
//   leaves-others-alone   no status of another class's Service changes
//
// One thread. The stage outlives it.
#ifndef LB_TESTS_SIM_CHAOS_KUBERNETES_STATUS_WATCH_H_
#define LB_TESTS_SIM_CHAOS_KUBERNETES_STATUS_WATCH_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/kubernetes/service_record.h"
#include "lb/kubernetes/resource.h"
#include "lb/kubernetes/testing/sim_store.h"
#include "lb/net/ip_address.h"
#include "tests/sim/chaos/kubernetes/stage.h"
#include "tests/sim/chaos/node_log.h"

namespace lb::chaos {

class StatusWatch {
 public:
  // An address of a Service that only a list lacks is kept for a minute, from
  // when the controller learns of it.
  static constexpr absl::Duration kUnlistedMin = absl::Seconds(55);
  // After a restore two controllers may act, and what they wrote is repaired
  // within this time.
  static constexpr absl::Duration kUnsure = absl::Seconds(80);
  using Fail = std::function<void(std::string invariant, std::string what)>;

  StatusWatch(KubernetesStage* stage, Fail fail)
      : stage_(stage), fail_(std::move(fail)) {}

  // Call it after each event, and after whatever else changes the store.
  void Follow();
  // Each state of a Service so far, for people.
  const NodeLog& log() const { return log_; }
  // True: a restore is so recent that little can be said.
  bool IsUnsure() const;
  // True: a Service that had the address is gone for less than a minute or so.
  // A controller that learnt of it by a list keeps the address for that long.
  bool MayBeKept(const net::IpAddress& address) const;
  // The host whose write the server carried out last.
  void NoteWriter(const std::string& host) { writer_ = host; }

 private:
  struct Known {
    kubernetes::SimObject object;
    ServiceRecord record;
    // Since its status last changed:
    absl::Time since;
    uint64_t asked = 0;              // Its inputs then.
    bool has_asked_another = false;  // They were others meanwhile.
    // When they last changed.
    absl::Time asked_at = absl::InfinitePast();
  };
  struct Lost {
    std::string service;
    absl::Time until;
    std::map<std::string, int> knew;  // Hosts, and their runs.
  };

  // One status is another than before.
  struct StatusChange {
    Known before;
    Known now;
  };

  std::vector<StatusChange> TakeChanges();
  void NoteGone(const ServiceRecord& record);
  void FollowRestore();
  void CheckLeft(const StatusChange& change) const;
  void CheckCame(const StatusChange& change);
  void CheckOthers(const ServiceRecord& record,
                   const net::IpAddress& address) const;
  void CheckLost(const ServiceRecord& record, const net::IpAddress& address);
  std::map<std::string, int> HostsThatKnow(const std::string& service) const;

  KubernetesStage* const stage_;
  const Fail fail_;
  uint64_t version_ = 0;
  absl::Time restored_at_ = absl::InfinitePast();
  std::map<kubernetes::ObjectKey, Known> known_;
  std::map<net::IpAddress, absl::Time> gone_;  // With their Services.
  std::map<net::IpAddress, Lost> lost_;
  std::string writer_;
  NodeLog log_;
};

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_KUBERNETES_STATUS_WATCH_H_
