// KubernetesFeed: gives an agent its objects and addresses out of the API
// server, where lbd has no manifests.
//
// Until everything was listed the agent has what an earlier run of it knew: no
// address is given up because the server cannot be read. Then the statuses of
// Services say which addresses there are, and the speakers' pods which other
// nodes.
//
// Loop thread only. The ports and the agent outlive it.
#ifndef LB_DAEMON_KUBERNETES_FEED_H_
#define LB_DAEMON_KUBERNETES_FEED_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/functional/any_invocable.h"
#include "daemon/agent/agent.h"
#include "daemon/kubernetes/kubernetes_node.h"
#include "daemon/kubernetes/member_pods.h"
#include "daemon/kubernetes/object_source.h"
#include "daemon/speaker_feed.h"
#include "lb/base/prng.h"

namespace lb {

class KubernetesFeed {
 public:
  struct Options {
    KubernetesNode::Options node;
    uint16_t gossip_port = 0;  // The other speakers' port.
  };

  KubernetesFeed(const KubernetesNode::Ports& ports, Options options,
                 const Prng& prng, Agent* agent);

  // After Agent::Start().
  void Start();
  // Gives the Lease up, if this node has it. `done` comes within a second.
  void Stop(absl::AnyInvocable<void()> done) { node_.Stop(std::move(done)); }

  const KubernetesNode& node() const { return node_; }

 private:
  void OnUpdate(const SourceUpdate& update);
  void OnPods();
  ipam::Assignment RecordedOf(const ServiceChange& change) const;
  // What was recorded earlier, and of no service now, is forgotten.
  void SetEarly();

  const Options options_;
  Agent* const agent_;
  bool is_complete_ = false;
  // What was recorded before everything was listed, by service.
  std::map<std::string, ipam::Assignment> early_;
  KubernetesNode node_;
  SpeakerFeed speaker_;
  MemberPods pods_;
};

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_FEED_H_
