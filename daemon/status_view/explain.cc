// StatusView's answers: why a node announces a service, and
// what would be otherwise.
#include <fmt/format.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "daemon/status_view/status_view.h"
#include "daemon/status_view/withheld.h"
#include "lb/base/status_macros.h"
#include "lb/config/printable.h"
#include "lb/election/candidates.h"
#include "lb/election/digest.h"
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

}  // namespace

absl::StatusOr<status::v1::ExplainResponse> StatusView::Explain(
    std::string_view service) const {
  const auto& other_class = agent_->desired().other_class;
  if (const auto other = other_class.find(service);
      other != other_class.end()) {
    return absl::NotFoundError(OtherClassText(
        other->first, other->second, agent_->desired().other_class.size()));
  }
  LB_ASSIGN_OR_RETURN(const election::Explanation why,
                      agent_->elections().Explain(service));
  std::set<std::string> draining;
  for (const Elections::LiveMember& member : agent_->LiveMembers()) {
    if (member.metadata && member.metadata->draining) {
      draining.insert(member.name);
    }
  }
  status::v1::ExplainResponse response;
  response.set_service(std::string(service));
  response.set_address(why.address.ToString());
  response.set_policy(std::string(election::ToString(why.policy)));
  response.set_holder(Printable(why.holder.value_or("")));
  response.set_sentence(Printable(why.reason) +
                        WithheldSentence(*agent_, why.address));
  for (const election::NodeExplanation& node : why.nodes) {
    auto* described = response.add_nodes();
    described->set_node(Printable(node.node));
    described->set_verdict(std::string(election::ToString(node.verdict)));
    described->set_digest(election::ToHex(node.digest));
    described->set_rank(static_cast<uint32_t>(node.rank));
    described->set_score(node.score);
    described->set_draining(draining.contains(node.node));
    described->set_lack(Printable(node.lack));
    if (node.verdict != election::NodeVerdict::kAnnouncer) continue;
    for (const std::string& interface : why.interfaces) {
      described->add_interfaces(interface);
    }
  }
  return response;
}

absl::StatusOr<status::v1::WhatIfResponse> StatusView::WhatIf(
    const status::v1::WhatIfRequest& request) const {
  const std::vector<std::string> without(request.without().begin(),
                                         request.without().end());
  const std::vector<std::string> with(request.with().begin(),
                                      request.with().end());
  LB_ASSIGN_OR_RETURN(const std::vector<election::Move> moves,
                      agent_->elections().WhatIf(without, with));
  status::v1::WhatIfResponse response;
  for (const election::Move& move : moves) {
    auto* described = response.add_moves();
    described->set_service(move.key);
    described->set_address(move.address.ToString());
    described->set_from(Printable(move.from));
    described->set_to(Printable(move.to));
  }
  return response;
}

}  // namespace lb
