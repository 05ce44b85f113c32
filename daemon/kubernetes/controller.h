// Controller: gives the Services of a cluster their addresses, in their
// statuses.
//
// Several may run; the one that holds the Lease acts. When it has won it lists
// what decides again, and only then it assigns: so it starts from all that the
// holder before it has written. It asks about the Lease before each request
// that changes something. ControllerCore has the rules.
//
//   Controller controller(Controller::Ports::From(environment, &client),
//                         {.own_namespace = "metallb-system",
//                          .lease = {.key = {"metallb-system", "lbd"},
//                                    .identity = "n1-7"}});
//   source.SetObserver(&controller) ...
//
// Bounds: those of kubernetes::Writer, 100 writes a second; three writes for a
// new service: its status, an event, and its part of a pool's counts.
//
// Loop thread only.
#ifndef LB_DAEMON_KUBERNETES_CONTROLLER_H_
#define LB_DAEMON_KUBERNETES_CONTROLLER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "daemon/kubernetes/configuration_state_writer.h"
#include "daemon/kubernetes/controller_core.h"
#include "daemon/kubernetes/leased_client.h"
#include "daemon/kubernetes/memberlist_secret.h"
#include "daemon/kubernetes/object_source.h"
#include "lb/base/event_log.h"
#include "lb/base/prng.h"
#include "lb/http/client.h"
#include "lb/io/loop.h"
#include "lb/kubernetes/event_recorder.h"
#include "lb/kubernetes/lease_elector.h"
#include "lb/kubernetes/writer.h"

namespace lb {

class Controller : private kubernetes::LeaseElector::Observer {
 public:
  struct Options {
    std::string own_namespace;
    std::string load_balancer_class;
    kubernetes::LeaseOptions lease;
    std::string node;  // Named in events.
    // For how long a Service that only a list lacks keeps its address.
    absl::Duration unlisted_delay = ControllerCore::Options().unlisted_delay;
    bool has_pool_objects = true;  // As ControllerCore::Options has it.
  };
  struct Ports {
    io::Loop* loop = nullptr;
    http::Client* client = nullptr;
    ObjectSource* source = nullptr;  // Its updates go to OnUpdate().
    // Takes events of this node: type, reason, message.
    std::function<void(EventType, std::string, std::string)> record;
    // For the key of the speakers' gossip; empty: no Secret is made.
    RandomBytes random_bytes = {};
  };

  // REQUIRES: Validate(options.lease) is OK.
  Controller(const Ports& ports, Options options, const Prng& prng);
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;
  ~Controller() override;

  // Wants the Lease. Once.
  void Start() { elector_.Start(); }
  void OnUpdate(const SourceUpdate& update);

  // Ends to act, and gives the Lease up once no write is under way: the server
  // could carry it out when another holder acts already. `done` is called when
  // that was done, or after a second; then the Lease runs out by itself.
  void Stop(absl::AnyInvocable<void()> done);

  // It holds the Lease, and knows all that it needs.
  bool acts() const { return core_.acts() && elector_.IsHolder(); }
  const kubernetes::LeaseElector& elector() const { return elector_; }
  // Writes only while this controller holds the Lease, and does not stop.
  http::Client* leased_client() { return &leased_; }
  bool may_write() const { return !is_stopping() && elector_.IsHolder(); }
  const ControllerCore& core() const { return core_; }
  // Writes of all terms, by how they ended; and those that have not.
  kubernetes::WriteQueue::Ended Writes() const;
  size_t writes_waiting() const { return term_ ? term_->writer.size() : 0; }

 private:
  // The writers of one term of the Lease.
  struct Term {
    Term(Controller* controller, uint64_t number);

    kubernetes::Writer writer;
    kubernetes::EventRecorder events;
    ConfigurationStateWriter configuration;
  };

  void OnElection() override;
  bool is_stopping() const { return stop_timer_ != nullptr; }
  // One more look at what is under way; runs after Stop().
  void GoOnStopping();
  void BeginTerm();
  void EndTerm(const std::string& why);
  void Work();
  void WriteStatus(const StatusWrite& write);
  void WritePool(const PoolWrite& write);
  void WriteSecret();
  // Sends what the core wants, and arms the timer.
  void CarryOut();
  ControllerCore::Now Now() const;

  const Ports ports_;
  const Options options_;
  Prng prng_;
  ControllerCore core_;
  kubernetes::LeaseElector elector_;
  LeasedClient leased_;
  std::unique_ptr<Term> term_;  // Null: it does not act.
  uint64_t terms_ = 0;
  kubernetes::WriteQueue::Ended writes_;   // Writes of terms that are over.
  bool is_awaiting_ = false;               // Lists, since the Lease was won.
  bool is_relisted_ = false;               // They have come.
  std::unique_ptr<io::Timer> timer_;       // Runs Work().
  std::unique_ptr<io::Timer> stop_timer_;  // After Stop().
  absl::Time stop_by_;
  bool has_given_up_ = false;  // The Lease, or it is under way.
  absl::AnyInvocable<void()> stopped_;
};

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_CONTROLLER_H_
