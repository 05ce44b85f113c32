// GossipPresence: this node in the gossip: at which address it is there, and
// how it finds the others.
//
// Joins the advertised address, the gossip and the join list. When the address
// changes the gossip moves there, and the join list is asked at once: members
// that could not reach the old address may have given this node up, and this
// node them. A node that leaves does not move any more.
//
// It answers the lifecycle's questions about the cluster (ClusterSight). It
// knows no service. Loop thread only; the environment outlives it.
#ifndef LB_DAEMON_AGENT_GOSSIP_PRESENCE_H_
#define LB_DAEMON_AGENT_GOSSIP_PRESENCE_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/advertise/advertised_address.h"
#include "daemon/agent/node_lifecycle.h"
#include "daemon/agent/node_options.h"
#include "lb/base/event_log.h"
#include "lb/gossip/gossip_node.h"
#include "lb/gossip/seeds.h"
#include "lb/io/environment.h"
#include "lb/ipam/pool.h"

namespace lb {

class GossipPresence : public ClusterSight {
 public:
  struct Ports {
    // An event of this node: type, reason, message.
    std::function<void(EventType, std::string, std::string)> record;
    // Called, on a turn of its own, after the address or what is wrong with it
    // changed, and the gossip has moved.
    std::function<void()> on_address;
  };

  // Chooses an address; silent until Start(). InvalidArgument: an option of
  // gossip is out of range.
  static absl::StatusOr<std::unique_ptr<GossipPresence>> Create(
      const AgentOptions& options, const io::Environment& environment);

  // Follows its address from now on. Once, before Start().
  void SetPorts(Ports ports);
  void Start() { gossip_->Start(); }
  // Keeps the address for the next run, and records a fault that began or
  // ended.
  void NoteAddress();

  // Asks the join list, and the members that are up, for an exchange.
  absl::Status Join();
  // Asks the lbds at these addresses, unless they are members that are up.
  void JoinAt(const std::vector<net::Endpoint>& endpoints);
  void OnLinks() { advertised_.OnLinks(); }
  void SetPools(const std::vector<ipam::Pool>& pools) {
    advertised_.SetPools(pools);
  }
  // Each event of gossip().
  void OnEvent(const gossip::GossipEvent& event) { seeds_->OnEvent(event); }
  // The node leaves: it stays at its address.
  void OnLeave() { leaves_ = true; }

  bool HearsOthers() const override;
  bool KnowsOthers() const override { return gossip_->Members().size() > 1; }
  bool AllAnswered() const override { return gossip_->unverified() == 0; }
  std::optional<bool> HasCarrier() const override {
    return advertised_.HasCarrier();
  }

  gossip::GossipNode& gossip() { return *gossip_; }
  const gossip::GossipNode& gossip() const { return *gossip_; }
  const AdvertisedAddress& advertised() const { return advertised_; }
  const gossip::Seeds& seeds() const { return *seeds_; }

 private:
  GossipPresence(const AgentOptions& options,
                 const io::Environment& environment);
  void OnAdvertised();

  const std::string node_;
  io::Environment environment_;
  AdvertisedAddress advertised_;
  std::unique_ptr<gossip::GossipNode> gossip_;
  std::unique_ptr<gossip::Seeds> seeds_;
  Ports ports_;
  std::string fault_;  // As it was recorded last.
  bool leaves_ = false;
};

}  // namespace lb

#endif  // LB_DAEMON_AGENT_GOSSIP_PRESENCE_H_
