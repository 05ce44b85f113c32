// SpeakerFeed: tells a speaker's SpeakerStatuses what the agent does.
//
// Each outcome of the agent says where services are announced. The statuses
// begin once the agent acts, all objects were read, and its elections are up to
// date for a second: until then what it announces is not known. They also hear
// of speakers of MetalLB that come. It wakes up for nothing else.
//
// Loop thread only. The agent, the node and the loop outlive it.
#ifndef LB_DAEMON_SPEAKER_FEED_H_
#define LB_DAEMON_SPEAKER_FEED_H_

#include <memory>
#include <set>
#include <string>

#include "daemon/agent/agent.h"
#include "daemon/agent/outcome.h"
#include "daemon/kubernetes/kubernetes_node.h"
#include "lb/io/loop.h"

namespace lb {

class SpeakerFeed {
 public:
  // Before the agent's first turn. REQUIRES: `node` speaks.
  SpeakerFeed(io::Loop* loop, Agent* agent, KubernetesNode* node);

 private:
  void OnOutcome(const Outcome& outcome);
  void OnLook();
  void LookForSpeakers();

  io::Loop* const loop_;
  Agent* const agent_;
  KubernetesNode* const node_;
  bool is_settled_ = false;           // As of the last look.
  std::set<std::string> others_;      // Live members that are no lbd, as of it.
  std::unique_ptr<io::Timer> timer_;  // Lets the statuses begin.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace lb

#endif  // LB_DAEMON_SPEAKER_FEED_H_
