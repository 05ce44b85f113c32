// StatusView's answers: why a node announces a service, and what would happen
// without or with other nodes.
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "daemon/members/node_metadata.h"
#include "daemon/routes/explain_routes.h"
#include "daemon/status_view/announcing_interfaces.h"
#include "daemon/status_view/status_view.h"
#include "daemon/status_view/withheld.h"
#include "lb/base/status_macros.h"
#include "lb/config/printable.h"
#include "lb/election/digest.h"
#include "lb/election/election.h"
#include "lb/election/explanation.h"

namespace lb {

using config::Printable;  // Names of members are foreign.

namespace {

// `count`: how many services are of another class.
std::string OtherClassText(std::string_view service, std::string_view its_class,
                           size_t count) {
  return Printable(fmt::format(
      "Service/{}: loadBalancerClass: {}, so another load balancer has it, "
      "want "
      "the class of option lb-class; {} services are of other classes",
      service, its_class.empty() ? "none" : fmt::format("\"{}\"", its_class),
      count));
}

// A service without an address has no election to explain.
std::string WhyNotExplained(const NodeView& view, const std::string& service) {
  const std::string object = "Service/" + service;
  const auto entry = view.entries().find(service);
  if (entry == view.entries().end()) {
    return Printable(object) + ": there is no such service";
  }
  // A refusal names the service.
  return Printable(
      entry->second.reason.starts_with(object + ": ")
          ? entry->second.reason
          : fmt::format("{}: no address: {}", object, entry->second.reason));
}

// Services that share addresses go to one node, whatever their own elections
// say.
std::string SharedSentence(const NodeView& view,
                           const election::Explanation& why,
                           const std::string& service) {
  const auto place = view.placement().find(service);
  if (!why.winner || place == view.placement().end() ||
      place->second.announcers.empty() ||
      IsElected(place->second, *why.winner)) {
    return "";
  }
  return Printable(
      fmt::format("; but it shares an address, and {} announces all that do",
                  election::NodesText(place->second.announcers)));
}

bool IsDraining(const NodeView& view, const std::string& node) {
  const auto member = view.gossip().Find(node);
  if (!member || !member->is_up() || !member->verified) return false;
  const auto metadata = ParseNodeMetadata(member->meta);
  return metadata && metadata->draining;
}

void DescribeVerdict(const election::NodeExplanation& node,
                     status::v1::NodeVerdict* described) {
  described->set_node(Printable(node.node));
  described->set_verdict(std::string(election::ToString(node.verdict)));
  described->set_digest(election::ToHex(node.digest));
  described->set_rank(static_cast<uint32_t>(node.rank));
  described->set_score(node.score);
  described->set_lack(Printable(node.lack));
}

void AddRouteVerdicts(const NodeView& view, const std::string& service,
                      status::v1::ExplainResponse* response) {
  if (view.desired.bgp.advertisements.empty()) return;
  const auto explain = [&](const std::string& node) {
    return ExplainRoutes(view.desired, view.entries(), service,
                         {node, view.options.ignore_exclude_label});
  };
  auto by_node = explain(view.options.node);
  // Members may have no Node object, as on hosts without Kubernetes.
  for (const LiveMember& member : view.LiveMembers()) {
    if (!by_node.contains(member.name)) by_node.merge(explain(member.name));
  }
  for (const auto& [node, routes] : by_node) {
    auto* const described = response->add_routes();
    described->set_node(Printable(node));
    described->set_verdict(std::string(ToString(routes.verdict)));
    described->set_text(Printable(routes.conflict));
    for (const std::string& route : routes.routes) {
      described->add_routes(Printable(route));
    }
    for (const std::string& notice : routes.notices) {
      described->add_notices(Printable(notice));
    }
  }
}

}  // namespace

absl::StatusOr<status::v1::ExplainResponse> StatusView::Explain(
    std::string_view service) const {
  const auto& other_class = view_.desired.other_class;
  if (const auto other = other_class.find(service);
      other != other_class.end()) {
    return absl::NotFoundError(OtherClassText(
        other->first, other->second, view_.desired.other_class.size()));
  }
  const std::string name(service);
  const auto entry = view_.entries().find(name);
  if (entry == view_.entries().end() ||
      entry->second.assignment.addresses.empty()) {
    return absl::NotFoundError(WhyNotExplained(view_, name));
  }
  LB_ASSIGN_OR_RETURN(const election::Explanation why,
                      view_.elections.Explain(service));
  const ipam::Assignment& assignment = entry->second.assignment;
  status::v1::ExplainResponse response;
  response.set_service(name);
  response.set_address(why.address.ToString());
  response.set_policy(std::string(election::ToString(why.policy)));
  response.set_holder(Printable(why.holder.value_or("")));
  *response.mutable_withheld() = DescribeWithheld(view_, name, assignment);
  const std::string lost = LostEndpointsText(view_, name, failed());
  response.set_sentence(Printable(why.reason) +
                        SharedSentence(view_, why, name) +
                        (response.withheld().empty() ? "" : "; ") +
                        WithheldReason(response.withheld()) +
                        (lost.empty() ? "" : Printable("; " + lost)));
  const bool all_withheld = IsAllWithheld(response.withheld(), assignment);
  for (const election::NodeExplanation& node : why.nodes) {
    auto* described = response.add_nodes();
    DescribeVerdict(node, described);
    described->set_draining(IsDraining(view_, node.node));
    if (node.verdict != election::NodeVerdict::kAnnouncer) continue;
    described->set_withheld(all_withheld);
    for (const std::string& interface :
         AnnouncingInterfaces(view_, node.node, why.interfaces, assignment)) {
      described->add_interfaces(interface);
    }
  }
  AddRouteVerdicts(view_, name, &response);
  return response;
}

absl::StatusOr<StatusView::WhatIfQuestion> StatusView::WhatIf(
    const status::v1::WhatIfRequest& request) const {
  const election::ElectionTable& table = view_.elections.table();
  const size_t nodes = request.without_size() + request.with_size();
  const size_t nodes_max = std::clamp<size_t>(
      kWhatIfRanksMax / std::max<size_t>(table.size(), 1), 1, kWhatIfNodesMax);
  if (nodes > nodes_max) {
    return absl::InvalidArgumentError(
        fmt::format("without, with: {} nodes for {} services, want at most {}",
                    nodes, table.size(), nodes_max));
  }
  return [table,
          without = std::vector<std::string>(request.without().begin(),
                                             request.without().end()),
          with = std::vector<std::string>(request.with().begin(),
                                          request.with().end())]()
             -> absl::StatusOr<status::v1::WhatIfResponse> {
    LB_ASSIGN_OR_RETURN(const std::vector<election::Move> moves,
                        table.WhatIf(without, with));
    status::v1::WhatIfResponse response;
    for (const election::Move& move : moves) {
      auto* described = response.add_moves();
      described->set_service(move.key);
      described->set_address(move.address.ToString());
      described->set_from(Printable(move.from));
      described->set_to(Printable(move.to));
    }
    return response;
  };
}

}  // namespace lb
