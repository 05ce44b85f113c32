// Agent's answers for the status service: single items.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "daemon/agent/agent.h"
#include "daemon/agent/timestamp.h"
#include "lb/config/printable.h"
#include "lb/config/version.h"
#include "lb/ipam/assignment.h"

namespace lb {
namespace {

using config::Printable;  // Names of members and interfaces are foreign.
using status::v1::Problem;

constexpr int kProblemsMax = 1000;  // As status.proto says.

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

void Fill(absl::uint128 total, absl::uint128 used, status::v1::FamilyUse* use) {
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

std::string StateText(announce::InterfaceState state,
                      const std::string& detail) {
  std::string text(announce::ToString(state));
  if (state == announce::InterfaceState::kNoPort && !detail.empty()) {
    text += ": " + detail;
  }
  return Printable(text);
}

Problem MakeProblem(Problem::Kind kind, std::string_view object,
                    std::string_view text) {
  Problem problem;
  problem.set_kind(kind);
  problem.set_object(Printable(object));
  problem.set_text(Printable(text));
  return problem;
}

}  // namespace

status::v1::GetNodeResponse Agent::DescribeNode() const {
  status::v1::GetNodeResponse node;
  node.set_name(Printable(options_.node));
  node.set_version(std::string(config::kVersion));
  SetTimestamp(started_, node.mutable_started_at());
  node.set_ready(ready_);
  node.set_draining(draining_);
  node.set_ledger_author(Printable(author_));
  node.set_announced_addresses(announcing_.elected().size());
  node.set_gossip_health_score(gossip_->health_score());
  node.set_last_event_sequence(environment_.log->last_sequence());
  *node.mutable_interfaces() = ListInterfaces({})->interfaces();
  *node.mutable_problems() = ListProblems({}).problems();
  return node;
}

status::v1::Interface Agent::Describe(
    const announce::InterfaceChoice& choice) const {
  status::v1::Interface interface;
  interface.set_name(Printable(choice.interface.name));
  interface.set_mac(choice.interface.mac.ToString());
  interface.set_usable(announce::IsUsable(choice));
  interface.set_ipv4_state(StateText(choice.arp, choice.detail));
  interface.set_ipv6_state(StateText(choice.ndp, choice.detail));
  if (!interface.usable()) interface.set_reason(interface.ipv4_state());
  uint64_t announced = 0;
  for (const auto& [announcement, identity] :
       announcing_.node().announcer().current()) {
    announced += announcement.interface == choice.interface.name ? 1 : 0;
  }
  interface.set_announced_addresses(announced);
  return interface;
}

status::v1::Service Agent::Describe(const std::string& name,
                                    const AddressBook::Entry& entry) const {
  status::v1::Service service;
  service.set_name(name);
  for (const auto& assigned : entry.assignment.addresses) {
    service.add_addresses(assigned.address.ToString());
  }
  service.set_pool(PoolsOf(entry.assignment));
  service.set_reason(Printable(entry.reason));
  const auto place = elections_.placement().find(name);
  if (place == elections_.placement().end()) return service;
  service.set_announcing_node(Printable(place->second.node));
  for (const std::string& interface : place->second.interfaces) {
    service.add_interfaces(interface);
  }
  if (!place->second.reason.empty()) {
    service.set_reason(Printable(place->second.reason));
  }
  const auto since = tally_.announced_since().find(name);
  if (since != tally_.announced_since().end()) {
    SetTimestamp(ToCivil(since->second), service.mutable_announced_since());
  }
  return service;
}

std::optional<status::v1::Service> Agent::DescribeService(
    std::string_view name) const {
  const auto entry = addresses_.entries().find(std::string(name));
  if (entry == addresses_.entries().end()) return std::nullopt;
  return Describe(entry->first, entry->second);
}

status::v1::Pool Agent::Describe(const ipam::Pool& pool) const {
  status::v1::Pool described;
  described.set_name(pool.name);
  for (const net::IpRange& range : pool.ranges) {
    described.add_addresses(range.ToString());
  }
  described.set_auto_assign(pool.auto_assign);
  const auto usage = addresses_.Usage(pool.name);
  if (!usage.ok()) return described;
  Fill(usage->total_ipv4, usage->used_ipv4, described.mutable_ipv4());
  Fill(usage->total_ipv6, usage->used_ipv6, described.mutable_ipv6());
  return described;
}

status::v1::Member Agent::Describe(const gossip::Member& known) const {
  status::v1::Member member;
  member.set_name(Printable(known.name));
  member.set_endpoint(known.endpoint.ToString());
  member.set_state(ToProto(known.state));
  member.set_unheard(known.is_up() && !known.heard);
  member.set_incarnation(known.incarnation);
  SetTimestamp(ToCivil(known.since), member.mutable_since());
  if (known.name == options_.node) {
    member.set_is_self(true);
    member.set_health_score(gossip_->health_score());
  }
  const auto answer = tally_.answers().find(known.name);
  if (answer != tally_.answers().end()) {
    SetDuration(answer->second.round_trip, member.mutable_round_trip());
    SetTimestamp(ToCivil(answer->second.at), member.mutable_answered_at());
  }
  return member;
}

std::optional<status::v1::Member> Agent::DescribeMember(
    std::string_view name) const {
  const std::optional<gossip::Member> known = gossip_->Find(name);
  if (!known.has_value()) return std::nullopt;
  return Describe(*known);
}

// In the order of their kinds.
std::vector<Problem> Agent::Problems() const {
  std::vector<Problem> problems;
  for (const config::Problem& problem : desired_->problems) {
    problems.push_back(MakeProblem(Problem::OBJECT_REFUSED, problem.object,
                                   problem.ToString()));
  }
  for (const auto& [announcement, seen] :
       tally_.ConflictsAt(environment_.loop->Now())) {
    const std::string object = "Vip/" + announcement.vip.ToString();
    problems.push_back(MakeProblem(
        Problem::ADDRESS_CONFLICT, object,
        fmt::format("{}: {}: {} answers for it too, want one host", object,
                    announcement.interface, seen.conflict.rival.ToString())));
  }
  for (const auto& [service, orphan] : addresses_.Orphans()) {
    const std::string object = "Service/" + service;
    problems.push_back(MakeProblem(
        Problem::ORPHANED_ADDRESS, object,
        fmt::format("{}: {} is kept, but new it would be refused: {}", object,
                    orphan.held.address.ToString(),
                    std::string(orphan.reason.message()))));
  }
  const std::string node = "Node/" + options_.node;
  bool any_usable = false;
  for (const announce::InterfaceChoice& choice :
       announcing_.node().interfaces()) {
    any_usable |= announce::IsUsable(choice);
  }
  if (!any_usable) {
    problems.push_back(
        MakeProblem(Problem::INTERFACE, node,
                    node + ": interfaces: none is usable, want one at least"));
  }
  for (const std::string& fault : events_.strict_arp_faults()) {
    problems.push_back(MakeProblem(Problem::STRICT_ARP, node,
                                   fmt::format("{}: {}", node, fault)));
  }
  if (!addresses_.save_error().ok()) {
    problems.push_back(MakeProblem(
        Problem::STATE, node,
        node +
            ": state-dir: " + std::string(addresses_.save_error().message())));
  }
  if (gossip_->health_score() > 0) {
    problems.push_back(MakeProblem(
        Problem::GOSSIP, node,
        fmt::format("{}: gossip: health score {}, want 0: this node is slow, "
                    "or its network loses packets",
                    node, gossip_->health_score())));
  }
  if (!events_.untold().empty()) {
    problems.push_back(
        MakeProblem(Problem::GOSSIP, node,
                    fmt::format("{}: gossip: {}", node, events_.untold())));
  }
  return problems;
}

status::v1::ListProblemsResponse Agent::ListProblems(
    const status::v1::ListProblemsRequest& request) const {
  status::v1::ListProblemsResponse response;
  const auto& kinds = request.kinds();
  for (Problem& problem : Problems()) {
    if (!kinds.empty() &&
        std::find(kinds.begin(), kinds.end(), problem.kind()) == kinds.end()) {
      continue;
    }
    if (response.problems_size() == kProblemsMax) {
      response.set_omitted(response.omitted() + 1);
    } else {
      *response.add_problems() = std::move(problem);
    }
  }
  return response;
}

}  // namespace lb
