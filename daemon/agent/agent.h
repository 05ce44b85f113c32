// Agent: one node of the load balancer; the only place where gossip, address
// management, election and announcing meet.
//
//   manifests -> SetDesired ---> AddressBook --- addresses --+
//   gossip ---- live members ------------------------------> PlaceServices
//   PlaceServices -> AnnounceNode (ARP, NDP), LoopbackDelivery
//
// Values flow to the right, no part calls back; every input leads to one
// Reconcile() on a later turn of the loop, and doing that twice changes
// nothing. The same agent runs on lb/io/posix and on lb/io/sim.
//
// A starting node that has others to join announces and proposes nothing before
// it has heard from one of them, or settle_time is over.
//
// Loop thread only; lives until the loop stops.
#ifndef LB_DAEMON_AGENT_AGENT_H_
#define LB_DAEMON_AGENT_AGENT_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/agent/address_book.h"
#include "daemon/agent/loopback_delivery.h"
#include "daemon/agent/placement.h"
#include "daemon/agent/tally.h"
#include "lb/announce/announce_node.h"
#include "lb/config/desired.h"
#include "lb/gossip/gossip_node.h"
#include "lb/io/environment.h"
#include "lb/net/endpoint.h"
#include "lb/status/v1/status.pb.h"

namespace lb {

enum class Delivery { kNone, kLoopback };

struct AgentOptions {
  std::string node;                 // Its name in the cluster.
  net::Endpoint advertise;          // Where the others reach its gossip.
  std::vector<net::Endpoint> join;  // Others to find the cluster through.
  gossip::GossipOptions gossip;     // Timings.
  gossip::wire::Keyring keyring;    // Empty: gossip in the clear.
  announce::InterfaceOptions interfaces;
  Delivery delivery = Delivery::kNone;
  absl::Duration settle_time = absl::Seconds(5);
};

class Agent {
 public:
  // InvalidArgument: an option is out of range.
  static absl::StatusOr<std::unique_ptr<Agent>> Create(
      AgentOptions options, const io::Environment& environment);
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  // A refused ledger message is an event, but not before this has passed since
  // the last one: whoever is in the gossip could fill the log.
  static constexpr absl::Duration kRefusalReportInterval = absl::Seconds(10);

  // Restores the state, joins, announces. Once.
  void Start();

  // What the manifests ask for from now on.
  void SetDesired(config::Desired desired);

  // Says goodbye to the others, then stops announcing and calls `done`.
  void Leave(absl::AnyInvocable<void()> done);

  // What it knows and does, for the status service; status.proto has the
  // rules. InvalidArgument: a field of the request, by name.
  status::v1::GetNodeResponse DescribeNode() const;
  absl::StatusOr<status::v1::ListServicesResponse> ListServices(
      const status::v1::ListServicesRequest& request) const;
  absl::StatusOr<status::v1::ListPoolsResponse> ListPools(
      const status::v1::ListPoolsRequest& request) const;
  absl::StatusOr<status::v1::ListMembersResponse> ListMembers(
      const status::v1::ListMembersRequest& request) const;
  absl::StatusOr<status::v1::ListInterfacesResponse> ListInterfaces(
      const status::v1::ListInterfacesRequest& request) const;
  status::v1::ListProblemsResponse ListProblems(
      const status::v1::ListProblemsRequest& request) const;
  // All services, whatever their number.
  status::v1::ListServicesResponse DescribeServices() const;
  // Nullopt: there is none of that name.
  std::optional<status::v1::Service> DescribeService(
      std::string_view name) const;
  std::optional<status::v1::Member> DescribeMember(std::string_view name) const;

  // Its parts, for metrics.
  const AgentOptions& options() const { return options_; }
  const config::Desired& desired() const { return desired_; }
  const AddressBook& addresses() const { return addresses_; }
  const Placement& placement() const { return placement_; }
  const announce::AnnounceNode& announcer() const { return announce_; }
  const gossip::GossipNode& gossip() const { return *gossip_; }
  const Tally& tally() const { return tally_; }
  bool ready() const { return ready_; }
  absl::Time started_at() const { return started_; }  // Civil time.

  // For the rotation of keys.
  gossip::wire::Keyring& gossip_keyring() { return gossip_->keyring(); }

  // The agreed addresses, as this node sees them, by service.
  const AddressEntries& address_entries() const { return addresses_.entries(); }
  // What this node announces now, address by address.
  const announce::Announcements& announcements() const {
    return announcements_;
  }

 private:
  Agent(AgentOptions options, const io::Environment& environment);

  void OnGossip(const gossip::GossipEvent& event);
  void OnMember(const gossip::MemberEvent& event);
  void OnLedgerMessage(const gossip::wire::Bytes& payload);
  void ReportRefusal(const absl::Status& refusal);
  void BecomeReady(std::string_view why);

  // Asks for one Reconcile() on the next turn of the loop.
  void ScheduleReconcile();
  // From members, addresses and manifests to announcements.
  void Reconcile();
  void TellOthers();
  void Announce();
  void RecordChanges(const AddressEntries& entries, const Placement& placement);
  void RecordProblems(const std::vector<config::Problem>& before);
  void Record(EventType type, std::string reason, std::string object,
              std::string message);

  std::vector<std::string> LiveMembers() const;
  // Live members that keep the ledger, this node among them.
  std::vector<std::string> LedgerMembers() const;
  absl::Time ToCivil(absl::Time loop_time) const;

  // describe.cc
  status::v1::Service Describe(const std::string& name,
                               const AddressBook::Entry& entry) const;
  status::v1::Pool Describe(const ipam::Pool& pool) const;
  status::v1::Member Describe(const gossip::Member& known) const;
  status::v1::Interface Describe(const announce::InterfaceChoice& choice) const;
  std::vector<status::v1::Problem> Problems() const;

  const AgentOptions options_;
  io::Environment environment_;
  std::unique_ptr<gossip::GossipNode> gossip_;
  announce::AnnounceNode announce_;
  AddressBook addresses_;
  LoopbackDelivery delivery_;

  config::Desired desired_;
  absl::Time started_;  // Civil time.
  bool ready_ = false;
  bool leaving_ = false;
  std::string author_;  // Empty: none yet.
  absl::Time next_refusal_report_ = absl::InfinitePast();
  uint64_t unreported_refusals_ = 0;
  Placement placement_;
  announce::Announcements announcements_;
  Tally tally_;
  AddressEntries recorded_entries_;  // What the event log last heard.
  Placement recorded_placement_;

  std::unique_ptr<io::Timer> reconcile_timer_;
  std::unique_ptr<io::Timer> settle_timer_;
};

}  // namespace lb

#endif  // LB_DAEMON_AGENT_AGENT_H_
