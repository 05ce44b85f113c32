// StatusView: a node's answers for the status service, as status.proto has
// them.
//
// Made from a NodeView for one question, and dropped with it. Reads and changes
// nothing. Loop thread only.
#ifndef LB_DAEMON_STATUS_VIEW_STATUS_VIEW_H_
#define LB_DAEMON_STATUS_VIEW_STATUS_VIEW_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "daemon/node_view/node_view.h"
#include "daemon/problems/lost_endpoints.h"
#include "lb/election/announcer.h"
#include "lb/ipam/assignment.h"
#include "lb/status/v1/status.pb.h"

namespace lb {

class StatusView {
 public:
  // Bounds of a what-if: the number of nodes, and nodes times services, which
  // is its cost. One node is always allowed.
  static constexpr size_t kWhatIfNodesMax = 256;
  static constexpr size_t kWhatIfRanksMax = 1'000'000;

  explicit StatusView(const NodeView& view) : view_(view) {}

  status::v1::GetNodeResponse DescribeNode() const;
  // Nullopt: there is none of that name.
  std::optional<status::v1::Service> DescribeService(
      std::string_view name) const;
  std::optional<status::v1::Member> DescribeMember(std::string_view name) const;
  status::v1::ListServicesResponse DescribeServices() const;  // All.

  // InvalidArgument: a field of the request, by name.
  absl::StatusOr<status::v1::ListServicesResponse> ListServices(
      const status::v1::ListServicesRequest& request) const;
  absl::StatusOr<status::v1::ListPoolsResponse> ListPools(
      const status::v1::ListPoolsRequest& request) const;
  absl::StatusOr<status::v1::ListMembersResponse> ListMembers(
      const status::v1::ListMembersRequest& request) const;
  absl::StatusOr<status::v1::ListInterfacesResponse> ListInterfaces(
      const status::v1::ListInterfacesRequest& request) const;
  absl::StatusOr<status::v1::ListAnnouncementsResponse> ListAnnouncements(
      const status::v1::ListAnnouncementsRequest& request) const;
  absl::StatusOr<status::v1::ListPeersResponse> ListPeers(
      const status::v1::ListPeersRequest& request) const;
  // NotFound: this node has no peer of that name.
  absl::StatusOr<status::v1::ListRoutesResponse> ListRoutes(
      const status::v1::ListRoutesRequest& request) const;
  absl::StatusOr<status::v1::ListBfdSessionsResponse> ListBfdSessions(
      const status::v1::ListBfdSessionsRequest& request) const;
  status::v1::ListProblemsResponse ListProblems(
      const status::v1::ListProblemsRequest& request) const;

  // NotFound: no such service, or no address.
  absl::StatusOr<status::v1::ExplainResponse> Explain(
      std::string_view service) const;
  // A question with a copy of the agent's state, so any thread may ask it. It
  // holds elections for all services. InvalidArgument: a node cannot be left
  // out, or added; the message names it.
  using WhatIfQuestion =
      absl::AnyInvocable<absl::StatusOr<status::v1::WhatIfResponse>()>;
  // InvalidArgument: there are too many nodes; the message says how many are
  // allowed.
  absl::StatusOr<WhatIfQuestion> WhatIf(
      const status::v1::WhatIfRequest& request) const;

 private:
  void DescribeTurns(status::v1::GetNodeResponse* node) const;
  status::v1::Service Describe(
      const std::string& name,
      const ipam::ReplicatedAllocator::Entry& entry) const;
  status::v1::Announcer Describe(const std::string& service,
                                 const election::Announcer& announcer,
                                 const ipam::Assignment& assignment) const;
  status::v1::Pool Describe(const ipam::Pool& pool) const;
  status::v1::Member Describe(const gossip::Member& known) const;
  status::v1::Interface Describe(const announce::InterfaceChoice& choice) const;

  // Found at the first question for it.
  const FailedNodes& failed() const;

  const NodeView view_;
  mutable std::optional<FailedNodes> failed_;
};

}  // namespace lb

#endif  // LB_DAEMON_STATUS_VIEW_STATUS_VIEW_H_
