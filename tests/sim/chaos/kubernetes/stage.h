// KubernetesStage: the simulated cluster with an API server that faults happen
// to.
//
// Nodes n1, n2, ... are agents that take objects and addresses from the server
// (KubernetesFeed); they find each other by the pods of speakers. Hosts c1, ...
// only give addresses. With none of those the first three nodes do that too.
// A ClusterUser changes the objects.
//
// Begin() and End() carry a fault out; faults may overlap in any way.
#ifndef LB_TESTS_SIM_CHAOS_KUBERNETES_STAGE_H_
#define LB_TESTS_SIM_CHAOS_KUBERNETES_STAGE_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/kubernetes/kubernetes_node.h"
#include "daemon/kubernetes/node_failure.h"
#include "daemon/kubernetes/testing/sim_kubernetes.h"
#include "daemon/kubernetes_feed.h"
#include "daemon/options/kubernetes_settings.h"
#include "lb/io/sim/sim_world.h"
#include "tests/sim/chaos/fault.h"
#include "tests/sim/chaos/kubernetes/altered_api.h"
#include "tests/sim/chaos/kubernetes/cluster_user.h"
#include "tests/sim/chaos/kubernetes/deaf_probes.h"
#include "tests/sim/chaos/kubernetes/process_client.h"
#include "tests/sim/chaos/kubernetes/workload.h"
#include "tests/sim/chaos/node.h"
#include "tests/sim/chaos/scenario.h"

namespace lb::chaos {

// One lbd. It has an agent and a feed, or a controller alone.
struct Lbd : Node {
  Role role = Role::kSpeaker;
  std::unique_ptr<AlteredApi> api;  // Of all its runs.
  // What this run has; null: it does not run.
  std::unique_ptr<ProcessClient> client;
  std::unique_ptr<KubernetesFeed> feed;
  std::unique_ptr<KubernetesNode> controller;
  std::unique_ptr<DeafProbes> deaf_probes;    // For Defect::kDeafProbes.
  std::unique_ptr<NodeFailure> unheld_marks;  // For Defect::kUnheldMarks.
  int api_cut = 0;
  int stopping = 0;  // Grows with each stop and end, to tell the last one.

  bool runs() const { return feed != nullptr || controller != nullptr; }
  bool is_node() const { return role != Role::kController; }
  // REQUIRES: runs().
  const KubernetesNode& kubernetes() const {
    return feed != nullptr ? feed->node() : *controller;
  }
  bool gives_addresses() const {
    return runs() && !host->process().paused() &&
           kubernetes().controller() != nullptr &&
           kubernetes().controller()->acts();
  }
};

class KubernetesStage {
 public:
  // When the server's state went back, and how long it was away then.
  struct Restored {
    absl::Time at;
    absl::Duration away;
  };

  explicit KubernetesStage(const Scenario& scenario);
  ~KubernetesStage();

  void StartAll();
  void Begin(const Fault& fault);
  void End(const Fault& fault);
  // After the last fault: what services ask for can be had.
  void Heal() { user_.Repair(); }
  // Kills each lbd and starts it again.
  void RestartAll();

  io::SimWorld& world() { return world_; }
  SimKubernetes& cluster() { return cluster_; }
  const Workload& workload() const { return workload_; }
  void FollowWorkload() { workload_.Follow(); }
  // Nodes: the first of lbds(). They count from 1.
  int machines() const { return scenario_.nodes; }
  // Does the kubelet of this machine run, and reach the API server?
  bool KubeletRuns(int machine) const;
  kubernetes::SimApiServer& server() { return cluster_.server_; }
  // Nodes come first.
  const std::vector<std::unique_ptr<Lbd>>& lbds() const { return lbds_; }
  // When an lbd that was cut off from the server last came back.
  absl::Time joined_at() const { return joined_at_; }
  // The last restore; nullopt: there was none.
  const std::optional<Restored>& restored() const { return restored_; }

 private:
  using Backup = kubernetes::SimStore::Backup;

  void AddLbd(const std::string& name, int number, Role role);
  void Start(Lbd& lbd);
  void StartAgent(Lbd& lbd);
  KubernetesNode::Options OptionsOf(const Lbd& lbd) const;
  io::StreamFactory* StreamsOf(Lbd& lbd);
  void StartDefects(Lbd& lbd);
  enum class Ending { kKill, kPowerLoss };
  void Kill(Lbd& lbd, Ending ending);
  void BringDown(Lbd& lbd, int step, Ending ending);
  void Stop(Lbd& lbd);
  void ApplyToLbd(const Fault& fault, int step);
  void ApplyStop(Lbd& lbd, int step);
  void ApplyPause(Lbd& lbd, int step);
  void ApplyApiCut(Lbd& lbd, int step);
  void ApplyDrain(Lbd& lbd, int step);
  void ApplyPaths();
  // The server's own faults, by those that are under way.
  void ApplyToServer();
  void Restore(const Fault& fault);
  Lbd& LbdOf(const Fault& fault) { return *lbds_[fault.node - 1]; }

  const Scenario scenario_;
  io::SimWorld world_;
  SimKubernetes cluster_;
  std::vector<std::unique_ptr<Lbd>> lbds_;
  ClusterUser user_;
  Workload workload_;
  std::vector<Fault> active_;
  std::vector<std::pair<Fault, Backup>> backups_;  // Of restores under way.
  std::optional<Restored> restored_;
  absl::Time joined_at_ = absl::InfinitePast();
};

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_KUBERNETES_STAGE_H_
