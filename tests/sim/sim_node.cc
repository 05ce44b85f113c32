#include "tests/sim/sim_node.h"

#include <utility>

#include "lb/base/check.h"

namespace lb {

void SimNode::PowerOn() {
  LB_CHECK(!running());
  if (!host->running()) host->Restart();
}

void SimNode::Start(const AgentOptions& options,
                    const io::Environment& environment) {
  auto created = Agent::Create(options, environment);
  LB_CHECK(created.ok());
  agent = *std::move(created);
  desired = {};  // A new process remembers no earlier manifests.
  agent->Start();
}

void SimNode::ReadManifests(ParsedManifests& parsed) {
  desired = config::BuildDesired(parsed.Of(manifests), desired);
  agent->SetDesired(desired);
}

void SimNode::Kill() {
  host->Kill();
  agent.reset();
}

void SimNode::Crash() {
  host->Crash();
  agent.reset();
}

bool SimNode::Accepts(const net::IpAddress& address) const {
  const io::Link* const eth0 = host->links().Find("eth0");
  return eth0->carrier && host->powered() &&
         host->installer().installed().contains({"lo", address});
}

}  // namespace lb
