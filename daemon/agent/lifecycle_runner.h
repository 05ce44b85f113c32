// LifecycleRunner: runs a NodeLifecycle on the loop, and carries out what it
// asks for.
//
// Gives it each input with the loop's time, carries out its actions in their
// order, and wakes it when its time has come. What an action does may itself
// be an input. A node that leaves hands over, says goodbye, delivers the last
// packets, and only then calls back.
//
//   LifecycleRunner life(options, &sight, loop, ports);
//   life.Tell([](NodeLifecycle& life, absl::Time now) { life.Start(now); });
//   life.Leave([] { Exit(); });
//
// Loop thread only; the sight and the loop outlive it.
#ifndef LB_DAEMON_AGENT_LIFECYCLE_RUNNER_H_
#define LB_DAEMON_AGENT_LIFECYCLE_RUNNER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/agent/node_lifecycle.h"
#include "lb/base/event_log.h"
#include "lb/io/loop.h"

namespace lb {

class LifecycleRunner {
 public:
  struct Ports {
    // An event of this node: type, reason, message.
    std::function<void(EventType, std::string, std::string)> record;
    std::function<absl::Status()> join;  // As GossipPresence::Join().
    std::function<void()> forget;        // LifeAction::Kind::kForget
    std::function<void()> begin_alone;   // LifeAction::Kind::kBeginAlone
    std::function<void()> look_soon;     // On a later turn.
    std::function<void()> look_now;
    // Tells the members that this node leaves; calls back once that is said.
    std::function<void(absl::AnyInvocable<void()> said)> say_goodbye;
    std::function<void()> save;  // Nothing will follow.
    std::function<bool()> is_handing_over;
    std::function<bool()> is_delivering;
    // An input was followed up; this is how far the node is now.
    std::function<void(LifeStage)> on_stage;
  };
  using Input = absl::FunctionRef<void(NodeLifecycle& life, absl::Time now)>;

  LifecycleRunner(const NodeLifecycle::Options& options,
                  const ClusterSight* sight, io::Loop* loop, Ports ports);

  void Tell(Input input);
  // The handover of an address, or its delivery, may have ended.
  void OnHandover();

  // As NodeLifecycle has them.
  absl::Status Drain();
  absl::Status Undrain();
  // `done` is called on a turn of its own: it may destroy this object. Once.
  void Leave(absl::AnyInvocable<void()> done);

  const NodeLifecycle& life() const { return life_; }

 private:
  void Do(const LifeAction& action);
  void Join();
  void OnGoodbyeSaid();
  void Finish();

  io::Loop* const loop_;
  const Ports ports_;
  NodeLifecycle life_;
  const std::unique_ptr<io::Timer> timer_;
  absl::AnyInvocable<void()> done_;  // Leave()'s.
};

}  // namespace lb

#endif  // LB_DAEMON_AGENT_LIFECYCLE_RUNNER_H_
