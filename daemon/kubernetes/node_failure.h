// NodeFailure: marks the pods of a dead node NotReady some 40 s before
// Kubernetes does, so that EndpointSlices and kube-proxy drop them.
//
//   speakers: ping members that failed, each by itself
//        | annotation lb.io/lost-members of their ConfigurationStates
//        v
//   reports --> NodeFailureCore --> JudgeNodeFailures() --> kMark
//   Nodes   -->      ^                                        |
//   probes  ---------+                                        v
//                      pods, EndpointSlices --> PlanMarks() --> patches
//
// It follows the reports at all times and acts only while the Lease is held.
// Each act, and each time that it does not act because of a limit, is an event
// on the Node. A pod is patched once for each failure of its node: what the
// kubelet of a live node says after that stays.
//
//   NodeFailure failure(ports, {{.enabled = true}, "metallb-system", "n1"},
//                       prng);
//   failure.Start();
//
// Bounds: one watch, kubernetes::Writer's with kPatchesAtOnce and then one
// patch in kPatchInterval; one node is marked at a time. Nodes, pods and
// EndpointSlices are listed when a node has failed, and not kept.
//
// Loop thread only. The ports outlive it.
#ifndef LB_DAEMON_KUBERNETES_NODE_FAILURE_H_
#define LB_DAEMON_KUBERNETES_NODE_FAILURE_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/kubernetes/list_once.h"
#include "daemon/kubernetes/node_failure_core.h"
#include "daemon/kubernetes/node_failure_judge.h"
#include "daemon/kubernetes/node_probes.h"
#include "daemon/kubernetes/pods_to_mark.h"
#include "lb/base/event_log.h"
#include "lb/base/prng.h"
#include "lb/http/client.h"
#include "lb/io/loop.h"
#include "lb/io/stream_transport.h"
#include "lb/kubernetes/event_recorder.h"
#include "lb/kubernetes/reflector.h"
#include "lb/kubernetes/writer.h"
#include "lb/net/endpoint.h"

namespace lb {

class NodeFailure : private kubernetes::Reflector::Observer {
 public:
  static constexpr int kPatchesAtOnce = 50;
  static constexpr absl::Duration kPatchInterval = absl::Milliseconds(20);

  struct Options {
    NodeFailureOptions failure;
    std::string own_namespace;
    std::string node;  // That of this process; named in events.
  };
  struct Ports {
    io::Loop* loop = nullptr;
    http::Client* client = nullptr;  // For lists and the watch.
    http::Client* leased = nullptr;  // For writes: see LeasedClient.
    io::StreamFactory* streams = nullptr;
    std::function<bool()> holds_lease;
    // Takes events of this node: type, reason, message.
    std::function<void(EventType, std::string, std::string)> record;
  };

  NodeFailure(const Ports& ports, Options options, const Prng& prng);
  NodeFailure(const NodeFailure&) = delete;
  NodeFailure& operator=(const NodeFailure&) = delete;

  // Follows the reports. Once.
  void Start() { reports_.Start(); }
  // As Reflector has it.
  void OnServerBack() { reports_.OnServerBack(); }

  const NodeFailureCore& core() const { return core_; }

 private:
  // The writers of one term of the Lease.
  struct Term {
    Term(const Ports& ports, const Options& options, const Prng& prng);

    kubernetes::Writer writer;
    kubernetes::EventRecorder events;
  };
  // The patches of one node that have not ended.
  struct Patching {
    std::string node;
    std::unique_ptr<kubernetes::Writer> writer;
  };
  // What is read for one node that is to be marked.
  struct Marking {
    std::string node;
    std::unique_ptr<ListOnce<PodFact>> pod_list;
    std::unique_ptr<ListOnce<SliceFact>> slice_list;
    std::optional<std::vector<PodFact>> pods;
    std::optional<std::vector<SliceFact>> slices;
  };

  void OnChange(const kubernetes::Change& change) override;
  // Looks at all that is known, and does what follows.
  void Work();
  void WorkSoon() { timer_->Arm(ports_.loop->Now()); }
  NodeFailureCore::Decisions Judge();
  void ListNodes();
  void ProbeNodes(const NodeFailureCore::Decisions& decisions);
  void BeginMarking(const std::string& node);
  void MarkIfListed();
  void Mark(const NodeFailureCore::Decisions& decisions);
  void Patch(const PodFact& pod, const std::string& message);
  // Drops the patches that are left once they are not right any more.
  void FollowPatches(const NodeFailureCore::Decisions& decisions);
  std::set<std::string, std::less<>> OthersOut(
      const std::string& node,
      const NodeFailureCore::Decisions& decisions) const;
  // Tells why a node is left to Kubernetes, once for each failure.
  void TellLeft(const NodeFailureCore::Decisions& decisions);
  void Tell(EventType type, const std::string& node, std::string reason,
            std::string note);
  Term& term();

  const Ports ports_;
  const Options options_;
  Prng prng_;
  NodeFailureCore core_;
  kubernetes::Reflector reports_;
  bool is_listed_ = false;                       // Reports that come are news.
  std::map<std::string, std::string> speakers_;  // Nodes, by object.
  std::unique_ptr<ListOnce<NodeEntry>> node_list_;  // Null: not under way.
  std::map<std::string, net::Endpoint> kubelets_;
  NodeProbes probes_;
  absl::Time probe_at_ = absl::InfinitePast();
  std::unique_ptr<Marking> marking_;  // Null: none is under way.
  Patching patching_;                 // Without a writer: none are left.
  std::unique_ptr<Term> term_;        // Null: nothing was to be told.
  uint64_t terms_ = 0;
  // What was told of each node: of which failure, and which verdicts.
  std::map<std::string, std::pair<absl::Time, std::set<NodeVerdict>>> told_;
  std::unique_ptr<io::Timer> timer_;  // Runs Work().
};

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_NODE_FAILURE_H_
