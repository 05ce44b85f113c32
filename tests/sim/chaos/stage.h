// Stage: the simulated cluster that faults happen to, and its surroundings.
//
// Nodes n1, n2, ... at 172.20.1.1, ...; hosts "client" and "router" that use
// every address; a "stranger" that is no member; a "twin" that may take a
// node's name; an "outsider" with a key, a pool and a service of its own. A
// learning switch with multicast snooping joins them. The services are
// numbered; every third is IPv6, every fifth has both families, of every
// seventh and the one after two may share an address.
//
// A node chooses the address that it advertises, and follows it. Gossip is
// encrypted.
//
// Begin() and End() carry a fault out; faults may overlap in any way.
#ifndef LB_TESTS_SIM_CHAOS_STAGE_H_
#define LB_TESTS_SIM_CHAOS_STAGE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/agent/agent.h"
#include "lb/base/prng.h"
#include "lb/config/desired.h"
#include "lb/config/manifests.h"
#include "lb/io/sim/sim_world.h"
#include "lb/net/endpoint.h"
#include "tests/sim/chaos/altered_world.h"
#include "tests/sim/chaos/fault.h"
#include "tests/sim/chaos/lan_host.h"
#include "tests/sim/chaos/recorder.h"
#include "tests/sim/chaos/scenario.h"

namespace lb::chaos {

// What the nodes of a scenario run with.
AgentOptions OptionsOf(const Scenario& scenario);

class Stage {
 public:
  struct Node {
    std::string name;
    io::SimHost* host = nullptr;
    std::unique_ptr<AlteredWorld> world;  // Of this run of the agent.
    std::unique_ptr<Agent> agent;         // Null: not running.
    config::Desired desired;
    std::string text;  // The manifests that it has read.
    int down = 0;      // Faults that keep it from running, and so on.
    int paused = 0;
    int unplugged = 0;
    int drained = 0;
    int broken = 0;
    int stale = 0;
    int disk_full = 0;
    int without_ipv6 = 0;
    int other_key = 0;
    std::vector<net::IpPrefix> lost_ipv6;  // What its host had before.
    // Its host has lost an address of the services, and it could not say so.
    bool told_more = false;
    std::vector<net::Endpoint> join;  // Of this run of the agent.
    absl::Time paused_at;
    // When it last started, or was woken from a pause that others must notice,
    // and how many events its log, and exchanges its gossip had had then.
    absl::Time awake_at;
    uint64_t events_then = 0;
    uint64_t exchanges_then = 0;
    // Since its disk was emptied it has not been seen to agree with others.
    bool forgetful = false;
    bool cut_off = false;  // Meanwhile it may not have heard the others.

    bool running() const { return agent != nullptr; }
    // Runs, and can say what it has to say.
    bool acts() const { return running() && paused == 0; }
  };

  explicit Stage(const Scenario& scenario);
  ~Stage();

  void StartAll();
  void Begin(const Fault& fault);
  void End(const Fault& fault);

  io::SimWorld& world() { return world_; }
  const std::vector<std::unique_ptr<Node>>& nodes() const { return nodes_; }
  std::vector<std::unique_ptr<Node>>& nodes() { return nodes_; }
  const Node& outsider() const { return outsider_; }
  const std::vector<std::unique_ptr<LanHost>>& clients() const {
    return clients_;
  }
  // Numbers of the services that manifests ask for, and their names.
  const std::set<int>& services() const { return services_; }
  // How many there have been, those that are gone included.
  size_t services_ever() const { return static_cast<size_t>(next_service_); }
  static std::string ServiceName(int number);
  static bool MayShare(int number) { return number % 7 >= 5; }
  // Both are on, and frames pass both ways.
  bool Connected(const Node& a, const Node& b);
  // Does gossip pass from one to the other, and can it be read?
  bool Reaches(const Node& from, const Node& to);
  // Do they have the same gossip key?
  bool ShareKey(const Node& a, const Node& b) const;
  // Has each service a node to which it can go?
  bool CanAnnounceAll() const;
  // Does the host with this MAC take packets for the address?
  bool Delivers(const net::MacAddress& mac, const net::IpAddress& vip);
  // Faults under way.
  const std::vector<Fault>& active() const { return active_; }
  // Reads the same manifests once more, on all nodes.
  void ReadManifestsAgain();
  // When anything was last done to the cluster.
  absl::Time touched() const { return touched_; }

 private:
  void AddHosts();
  void Start(Node& node);
  void Stop(Node& node, bool power_lost);
  void Load(Node& node);
  std::string SecretOf(const Node& node) const;
  std::vector<net::Endpoint> JoinListOf(const Node& node) const;
  void SpreadManifests();
  std::string HostsPoolText() const;
  std::string ManifestsOf(const Node& node) const;
  void ApplyPaths();
  void ApplyToNode(const Fault& fault, int step);
  void ApplyClock(const Fault& fault, bool begins);
  void ApplyPause(Node& node, int step);
  void ApplyIpv6(Node& node, int step);
  void ApplyKey(Node& node, int step);
  void ApplyOutsider(bool begins);
  void NoteAwake(Node& node);
  void ApplyTwin(const Fault& fault, bool begins);
  void ApplyManifests(const Fault& fault, bool begins);
  void ApplyHostAddress(const Fault& fault, int step);
  void Steal(const Fault& fault);
  void SendGarbage(const Fault& fault);
  void Replay(const Fault& fault);
  net::IpPrefix NextAddress();  // That no host has had.
  void Cut(const Fault& fault);
  Node& NodeOf(const Fault& fault) { return *nodes_[fault.node - 1]; }

  const Scenario scenario_;
  io::SimWorld world_;
  Prng prng_;
  std::vector<std::unique_ptr<Node>> nodes_;
  Node twin_;
  Node outsider_;
  io::SimHost* stranger_ = nullptr;
  std::unique_ptr<io::FramePort> stranger_port_;
  std::unique_ptr<Recorder> recorder_;  // Null: nothing will be played back.
  std::vector<std::unique_ptr<LanHost>> clients_;
  std::vector<Fault> active_;
  // Faults that put an address of the services on a host.
  std::map<std::pair<io::SimHost*, net::IpAddress>, int> host_addresses_;
  std::set<int> services_;
  int next_service_ = 0;
  int pools_ = 1;
  int leases_ = 0;  // Addresses that were given later.
  std::map<std::string, config::Manifests> parsed_;  // By text.
  absl::Time touched_;
};

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_STAGE_H_
