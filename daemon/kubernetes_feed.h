// KubernetesFeed: gives an agent its objects and addresses out of the API
// server, where lbd has no manifests.
//
// The addresses and objects that an earlier run knew are in the state folder.
// If the server is not there at the start, or does not say everything within
// kServerWait, they are in force until it does: the node announces, elects and
// takes over by them, and joins the speakers that it knew. A server that is
// there comes first, as it may know better. Then the statuses of Services say
// which addresses there are, and the speakers' pods which other nodes: they are
// joined once there are objects, or the wait for them is over. No address is
// given up because the server cannot be read.
//
// Loop thread only. The ports and the agent outlive it.
#ifndef LB_DAEMON_KUBERNETES_FEED_H_
#define LB_DAEMON_KUBERNETES_FEED_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "daemon/agent/agent.h"
#include "daemon/kubernetes/kept_object_store.h"
#include "daemon/kubernetes/kube_proxy.h"
#include "daemon/kubernetes/kubernetes_node.h"
#include "daemon/kubernetes/member_pods.h"
#include "daemon/kubernetes/object_source.h"
#include "daemon/node_view/api_server_sight.h"
#include "daemon/speaker_feed.h"
#include "lb/base/event_log.h"
#include "lb/base/prng.h"
#include "lb/config/desired.h"
#include "lb/io/loop.h"
#include "lb/io/state_store.h"
#include "lb/net/ip_address.h"

namespace lb {

class KubernetesFeed {
 public:
  struct Options {
    KubernetesNode::Options node;
    // The API server. Objects that were kept of another one do not count.
    std::string server;
    uint16_t gossip_port = 0;  // The other speakers' port.
  };
  static constexpr absl::Duration kServerWait = absl::Seconds(1);

  struct Ports {
    KubernetesNode::Ports node;
    io::StateStore* state = nullptr;
  };

  // Blocks: it reads the state folder.
  KubernetesFeed(const Ports& ports, Options options, const Prng& prng,
                 Agent* agent);

  // After Agent::Start().
  void Start();
  // Keeps what is known, and gives the Lease up, if this node has it. `done`
  // comes within a second.
  void Stop(absl::AnyInvocable<void()> done);

  // Each event of the log: what an operator has to do about strict ARP becomes
  // an Event on the Node.
  void OnEvent(const Event& event);

  // As KubernetesNode has it.
  void TakeManifests(const config::Desired& read) { node_.TakeManifests(read); }

  const KubernetesNode& node() const { return node_; }
  ApiServerSight Sight() const;

 private:
  void OnUpdate(const SourceUpdate& update);
  void OnPods();
  void JoinAt(const std::vector<net::IpAddress>& pods);
  KeptObjectStore::Sight SightToKeep() const;
  ipam::Assignment RecordedOf(const ServiceChange& change) const;
  // What was recorded earlier, and of no service now, is forgotten.
  void SetEarly();
  KubernetesNode::Ports NodePorts();
  // Joins the others, and brings the kept objects into force, unless all was
  // read in the meantime.
  void LookForServer();

  const Ports ports_;
  const Options options_;
  Agent* const agent_;
  bool is_complete_ = false;
  // What was recorded before everything was listed, by service.
  std::map<std::string, ipam::Assignment> early_;
  KeptObjectStore kept_;
  KeptObjectStore::Restored restored_;  // Its objects go to `node_`.
  bool uses_kept_ = false;              // They are, or were, in force.
  bool has_waited_ = false;             // For the server, and in vain.
  absl::Time started_at_;               // By the civil clock.
  absl::Time wait_until_ = absl::InfinitePast();  // For the server.
  std::unique_ptr<io::Timer> timer_;              // Runs LookForServer().
  KubernetesNode node_;
  SpeakerFeed speaker_;
  MemberPods pods_;
  KubeProxy kube_proxy_;
};

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_FEED_H_
