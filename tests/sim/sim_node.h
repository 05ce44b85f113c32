// SimNode: an agent on a simulated host, from one run to the next.
//
//   SimNode node;
//   node.name = "n1";
//   node.host = world.AddHost("n1", "172.18.8.11/24");
//   node.manifests = Basics() + ServiceManifest("web");
//   node.PowerOn();
//   node.Start(options, node.host->environment());
//   node.ReadManifests(parsed);
//   node.Crash();
//
// The fixtures of the directed tests (Cluster) and of the drawn faults
// (chaos::Stage) are sets of such nodes.
#ifndef LB_TESTS_SIM_SIM_NODE_H_
#define LB_TESTS_SIM_SIM_NODE_H_

#include <memory>
#include <string>

#include "daemon/agent/agent.h"
#include "lb/config/desired.h"
#include "lb/io/environment.h"
#include "lb/io/sim/sim_host.h"
#include "lb/net/ip_address.h"
#include "tests/sim/manifests.h"

namespace lb {

struct SimNode {
  std::string name;
  io::SimHost* host = nullptr;
  std::unique_ptr<Agent> agent;  // Null: not running.
  config::Desired desired;       // By this run of the agent.
  std::string manifests;         // Their text.

  bool running() const { return agent != nullptr; }
  // Runs, and is not stopped (SIGSTOP).
  bool acts() const { return running() && !host->process().paused(); }

  // Restarts the host after Kill() and Crash().
  void PowerOn();
  // Runs an agent, which has read nothing yet. `options` must be valid.
  void Start(const AgentOptions& options, const io::Environment& environment);
  // Reads `manifests`. REQUIRES: running().
  void ReadManifests(ParsedManifests& parsed);
  // kill -9: the disk keeps its values, and connections are reset.
  void Kill();
  // Power loss or a cut cable: no peer hears anything. It need not run.
  void Crash();

  // True if the host would take a packet for the service address. Addresses
  // outlive the agent, not the machine.
  bool Accepts(const net::IpAddress& address) const;
};

}  // namespace lb

#endif  // LB_TESTS_SIM_SIM_NODE_H_
