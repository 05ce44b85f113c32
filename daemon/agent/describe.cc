// Agent's answers for the status service.
#include <fmt/format.h>

#include <string>
#include <string_view>

#include "absl/numeric/int128.h"
#include "daemon/agent/agent.h"
#include "daemon/agent/timestamp.h"
#include "lb/config/printable.h"
#include "lb/config/version.h"
#include "lb/ipam/assignment.h"

namespace lb {
namespace {

using config::Printable;  // Names of members and interfaces are foreign.

// absl::uint128 prints through streams only.
std::string Decimal(absl::uint128 number) {
  std::string digits;
  do {
    digits.insert(digits.begin(),
                  static_cast<char>('0' + absl::Uint128Low64(number % 10)));
    number /= 10;
  } while (number != 0);
  return digits;
}

void Describe(absl::uint128 total, absl::uint128 used,
              status::v1::FamilyUse* use) {
  use->set_total(Decimal(total));
  use->set_used(Decimal(used));
  use->set_free(Decimal(total > used ? total - used : 0));
}

status::v1::Member::State ToProto(gossip::wire::NodeState state) {
  switch (state) {
    case gossip::wire::NodeState::kAlive:
      return status::v1::Member::ALIVE;
    case gossip::wire::NodeState::kSuspect:
      return status::v1::Member::SUSPECT;
    case gossip::wire::NodeState::kDead:
      return status::v1::Member::DEAD;
    case gossip::wire::NodeState::kLeft:
      return status::v1::Member::LEFT;
  }
  return status::v1::Member::STATE_UNSPECIFIED;
}

// "first-pool", or "first-pool,sixes" if its addresses are from two.
std::string PoolsOf(const ipam::Assignment& assignment) {
  std::string pools;
  for (const auto& assigned : assignment.addresses) {
    if (pools == assigned.pool) continue;
    if (!pools.empty()) pools += ",";
    pools += assigned.pool;
  }
  return Printable(pools);
}

void AddProblem(std::string_view object, std::string_view text,
                status::v1::GetNodeResponse* node) {
  auto* problem = node->add_problems();
  problem->set_object(Printable(object));
  problem->set_text(Printable(text));
}

}  // namespace

status::v1::GetNodeResponse Agent::DescribeNode() const {
  status::v1::GetNodeResponse node;
  node.set_name(Printable(options_.node));
  node.set_version(std::string(config::kVersion));
  SetTimestamp(started_, node.mutable_started_at());
  node.set_ready(ready_);
  node.set_ledger_author(Printable(author_));
  node.set_announced_addresses(announcements_.size());
  bool any_usable = false;
  for (const announce::InterfaceChoice& choice : announce_.interfaces()) {
    auto* interface = node.add_interfaces();
    interface->set_name(Printable(choice.interface.name));
    interface->set_mac(choice.interface.mac.ToString());
    interface->set_usable(announce::IsUsable(choice));
    if (!announce::IsUsable(choice)) {
      interface->set_reason(std::string(announce::ToString(choice.arp)) +
                            (choice.detail.empty() ? "" : ": ") +
                            choice.detail);
    }
    any_usable |= announce::IsUsable(choice);
  }
  for (const config::Problem& problem : desired_.problems) {
    AddProblem(problem.object, problem.ToString(), &node);
  }
  const std::string object = "Node/" + options_.node;
  if (!any_usable) {
    AddProblem(object,
               object + ": interfaces: none is usable, want one at least",
               &node);
  }
  if (!addresses_.save_error().ok()) {
    AddProblem(object,
               object + ": state-dir: " +
                   std::string(addresses_.save_error().message()),
               &node);
  }
  return node;
}

status::v1::ListServicesResponse Agent::DescribeServices() const {
  status::v1::ListServicesResponse response;
  for (const auto& [name, entry] : addresses_.entries()) {
    auto* service = response.add_services();
    service->set_name(name);
    for (const auto& assigned : entry.assignment.addresses) {
      service->add_addresses(assigned.address.ToString());
    }
    service->set_pool(PoolsOf(entry.assignment));
    service->set_reason(Printable(entry.reason));
    const auto place = placement_.find(name);
    if (place == placement_.end()) continue;
    service->set_announcing_node(Printable(place->second.node));
    for (const std::string& interface : place->second.interfaces) {
      service->add_interfaces(interface);
    }
    if (!place->second.reason.empty()) {
      service->set_reason(Printable(place->second.reason));
    }
  }
  return response;
}

status::v1::ListPoolsResponse Agent::DescribePools() const {
  status::v1::ListPoolsResponse response;
  for (const ipam::Pool& pool : addresses_.pools()) {
    auto* described = response.add_pools();
    described->set_name(pool.name);
    for (const net::IpRange& range : pool.ranges) {
      described->add_addresses(range.ToString());
    }
    described->set_auto_assign(pool.auto_assign);
    const auto usage = addresses_.Usage(pool.name);
    if (!usage.ok()) continue;
    Describe(usage->total_ipv4, usage->used_ipv4, described->mutable_ipv4());
    Describe(usage->total_ipv6, usage->used_ipv6, described->mutable_ipv6());
  }
  return response;
}

status::v1::ListMembersResponse Agent::DescribeMembers() const {
  status::v1::ListMembersResponse response;
  for (const gossip::Member& known : gossip_->Members()) {
    auto* member = response.add_members();
    member->set_name(Printable(known.name));
    member->set_endpoint(known.endpoint.ToString());
    member->set_state(ToProto(known.state));
    member->set_incarnation(known.incarnation);
    SetTimestamp(ToCivil(known.since), member->mutable_since());
  }
  return response;
}

}  // namespace lb
