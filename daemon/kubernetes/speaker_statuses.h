// SpeakerStatuses: what a speaker writes to the API server: a ServiceL2Status
// for each service that this node announces on layer 2, a ServiceBGPStatus for
// each that it announces by BGP, its ConfigurationState, and the event
// nodeAssigned.
//
// No Lease is needed: each node writes of itself. It begins when this node acts
// and its elections are known; until then it leaves what an earlier run wrote
// as it is. While the node does not act, as when it was cut off, nothing
// changes, either.
//
// A node that dies leaves its objects. Another that takes a service over lists
// those of that node `kVisitDelay` later, and deletes those of services that it
// announces now. The rest goes with the dead node's pod, their owner.
//
// ServiceBGPStatuses are neither listed nor written before a service has a peer
// for the first time: a cluster without BGP need not have the resource.
//
// nodeAssigned is written only if a node takes a service over: a new one costs
// one write here, and the controller's.
//
//   SpeakerStatuses statuses(ports, {"n1", "metallb-system"}, prng);
//   statuses.SetPlace("default/web", {{"n1"}, {}});
//   statuses.SetActs(true);
//
// Loop thread only. The ports outlive it.
#ifndef LB_DAEMON_KUBERNETES_SPEAKER_STATUSES_H_
#define LB_DAEMON_KUBERNETES_SPEAKER_STATUSES_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "daemon/kubernetes/configuration_state_writer.h"
#include "daemon/kubernetes/l2_places.h"
#include "daemon/kubernetes/object_source.h"
#include "daemon/kubernetes/status_object_writer.h"
#include "daemon/kubernetes/status_objects.h"
#include "lb/base/prng.h"
#include "lb/http/client.h"
#include "lb/io/loop.h"
#include "lb/kubernetes/event_recorder.h"
#include "lb/kubernetes/writer.h"

namespace lb {

class SpeakerStatuses {
 public:
  static constexpr absl::Duration kVisitDelay = absl::Seconds(10);

  struct Options {
    std::string node;
    std::string own_namespace;
  };
  struct Ports {
    io::Loop* loop = nullptr;
    http::Client* client = nullptr;
    // As StatusObjectWriter::Ports has it.
    std::function<void(EventType, std::string, std::string)> record;
  };

  SpeakerStatuses(const Ports& ports, Options options, const Prng& prng);
  SpeakerStatuses(const SpeakerStatuses&) = delete;
  SpeakerStatuses& operator=(const SpeakerStatuses&) = delete;

  // `is_complete`: every kind was listed once.
  void OnUpdate(const SourceUpdate& update, bool is_complete);
  // As ConfigurationStateWriter has it.
  void SetUnread(const std::string& why) { configuration_.SetUnread(why); }

  // As ConfigurationStateWriter has it. It is written also while this node does
  // not act: others see then that it is there.
  void SetLost(const std::string& lost) { configuration_.SetLost(lost); }

  // Which nodes announce the service, whether or not this one acts.
  void SetPlace(const std::string& service, L2Places::Place place);
  // The BGPPeers that this node announces the service to, sorted, whether or
  // not it acts.
  void SetPeers(const std::string& service, std::vector<std::string> peers);
  // There is no such service any more.
  void Erase(const std::string& service);
  // This node announces the services that are placed on it.
  void SetActs(bool acts);
  void SetPod(const StatusOwner& pod);
  // A speaker of MetalLB has come. Until it has found the others it announces
  // everything, and deletes what they say of that. Lists kVisitDelay later.
  void OnSpeakerCame() {
    if (has_begun_) services_.ListBy(ports_.loop->Now() + kVisitDelay);
  }

  // An event that others have to tell, about any object.
  void Record(const kubernetes::KubernetesEvent& event) {
    events_.Record(event);
  }

  const StatusObjects& services() const { return services_.objects(); }

 private:
  std::string NewName(std::string_view prefix);
  // Has the object of the service say what is so.
  void Put(const std::string& service);
  void PutPeers(const std::string& service);
  void CarryOutPeers();
  void TellTakeover(const std::string& service);
  // Lists the objects of the next node that is due.
  void Visit();
  void OnVisited(const std::string& node,
                 const std::vector<StatusObjects::Object>& objects);

  const Ports ports_;
  const Options options_;
  Prng prng_;
  L2Places places_;
  std::map<std::string, std::string, std::less<>> uids_;  // Services'.
  kubernetes::Writer writer_;
  kubernetes::EventRecorder events_;
  StatusObjectWriter services_;
  // By service; one without peers has lost them while this node did not act.
  std::map<std::string, std::vector<std::string>, std::less<>> peers_;
  StatusObjectWriter routed_;
  bool had_peers_ = false;   // Some service has, or had.
  bool has_routed_ = false;  // `routed_` has begun.
  ConfigurationStateWriter configuration_;
  bool acts_ = false;
  bool has_begun_ = false;
  std::map<std::string, absl::Time> visits_;  // Nodes, and when they are due.
  std::unique_ptr<StatusObjectList> visit_;   // Null: none is under way.
  std::unique_ptr<io::Timer> timer_;          // Runs Visit().
};

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_SPEAKER_STATUSES_H_
