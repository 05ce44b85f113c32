// KubernetesNode: the part of one lbd that speaks to the API server: the source
// of objects and, by its role, the controller and what a speaker writes.
//
// It hands each update of the source on, and records in the event log when the
// server is not to be had, and when it is again. Meanwhile everything stays as
// it is. The first part that is answered again ends the waits of all.
//
//   KubernetesNode node(KubernetesNode::Ports{loop, client, log},
//                       {.node = "n1", .own_namespace = "metallb-system"},
//                       prng, [&](const SourceUpdate& update) { Use(update);
//                       });
//   node.Start();
//
// Loop thread only. The ports outlive it.
#ifndef LB_DAEMON_KUBERNETES_KUBERNETES_NODE_H_
#define LB_DAEMON_KUBERNETES_KUBERNETES_NODE_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/kubernetes/controller.h"
#include "daemon/kubernetes/node_failure.h"
#include "daemon/kubernetes/object_source.h"
#include "daemon/kubernetes/pool_manifests.h"
#include "daemon/kubernetes/speaker_statuses.h"
#include "daemon/options/kubernetes_settings.h"
#include "lb/base/event_log.h"
#include "lb/base/prng.h"
#include "lb/config/manifests.h"
#include "lb/http/client.h"
#include "lb/io/loop.h"
#include "lb/io/stream_transport.h"
#include "lb/kubernetes/lease_election.h"
#include "lb/kubernetes/recovery_client.h"

namespace lb {

class KubernetesNode : private ObjectSource::Observer {
 public:
  struct Options {
    KubernetesSettings settings;
    std::string node;
    std::string pod;  // That of this process; empty: it is not known.
    std::string own_namespace;
    std::string load_balancer_class;
    // As Controller::Options has it.
    absl::Duration unlisted_delay = Controller::Options().unlisted_delay;
  };
  struct Ports {
    io::Loop* loop = nullptr;
    http::Client* client = nullptr;
    EventLog* log = nullptr;
    RandomBytes random_bytes = {};  // As Controller::Ports has it.
    // For probes of nodes; null: fast_node_failure has no effect.
    io::StreamFactory* streams = nullptr;
    // A request for objects has failed.
    std::function<void()> on_failure = {};
  };
  using OnUpdated = std::function<void(const SourceUpdate& update)>;

  // REQUIRES: ValidateKubernetes(options) is OK. `in_force`: as ObjectSource
  // has them.
  KubernetesNode(const Ports& ports, Options options, const Prng& prng,
                 OnUpdated on_update, config::Objects in_force = {});
  KubernetesNode(const KubernetesNode&) = delete;
  KubernetesNode& operator=(const KubernetesNode&) = delete;
  ~KubernetesNode() override;

  void Start();

  // Gives the Lease up, if it has it. `done` comes within a second.
  void Stop(absl::AnyInvocable<void()> done);

  // What manifests have: their pools and advertisements count.
  // REQUIRES: Options::settings takes them from manifests.
  void TakeManifests(const config::Desired& read) {
    source_.TakeManifests(manifests_.ChangesTo(read));
  }

  const ObjectSource& source() const { return source_; }
  // When all objects were last known to be as at the server. InfinitePast: not
  // yet.
  absl::Time followed_at() const;
  // Nullptr: it has another role.
  const Controller* controller() const { return controller_.get(); }
  // Nullptr: without controller(), or without fast_node_failure.
  const NodeFailure* node_failure() const { return node_failure_.get(); }
  SpeakerStatuses* speaker() { return speaker_.get(); }
  const std::string& name() const { return options_.node; }

  // Records an event of this node.
  void Record(EventType type, std::string reason, std::string message);

 private:
  using RecordEvent = std::function<void(EventType, std::string, std::string)>;

  void MakeNodeFailure(const RecordEvent& record, const Prng& prng);
  void OnServerBack();
  void OnUpdate(const SourceUpdate& update) override;
  void OnFailure() override {
    if (ports_.on_failure) ports_.on_failure();
  }
  // Records whether the server is being followed, if that changed.
  void LookAtServer();
  // Records that the server does not have resources that it need not have.
  void LookForAbsent();
  // Is the server there, and part of the objects not to be had?
  void LookForUnread();

  const Ports ports_;
  const Options options_;
  const OnUpdated on_update_;
  kubernetes::RecoveryClient client_;
  ObjectSource source_;
  PoolManifests manifests_;  // As of the last reading.
  std::unique_ptr<Controller> controller_;
  std::unique_ptr<NodeFailure> node_failure_;
  std::unique_ptr<SpeakerStatuses> speaker_;
  int unread_looks_ = 0;                    // In a row.
  std::string trouble_ = "not listed yet";  // As it was recorded last.
  bool was_told_ = false;
  bool told_absent_ = false;
  absl::Time followed_at_ = absl::InfinitePast();  // As of the last look.
  std::unique_ptr<io::Timer> timer_;               // Runs LookAtServer().
};

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_KUBERNETES_NODE_H_
