// StatusView's answers: single items.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "daemon/problems/problems.h"
#include "daemon/routes/route_announcers.h"
#include "daemon/status_view/announcing_interfaces.h"
#include "daemon/status_view/describe_pool.h"
#include "daemon/status_view/status_view.h"
#include "daemon/status_view/timestamp.h"
#include "daemon/status_view/withheld.h"
#include "lb/config/difference.h"
#include "lb/config/printable.h"
#include "lb/config/version.h"
#include "lb/io/turn_meter.h"
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

void Fill(absl::uint128 total, absl::uint128 used, absl::uint128 taken,
          status::v1::FamilyUse* use) {
  const absl::uint128 gone = used + taken;
  use->set_total(Decimal(total));
  use->set_used(Decimal(used));
  use->set_taken(Decimal(taken));
  use->set_free(Decimal(total > gone ? total - gone : 0));
}

status::v1::Announcer::Protocol ToProto(election::Protocol protocol) {
  switch (protocol) {
    case election::Protocol::kLayer2:
      return status::v1::Announcer::PROTOCOL_LAYER2;
    case election::Protocol::kBgp:
      return status::v1::Announcer::PROTOCOL_BGP;
  }
  return status::v1::Announcer::PROTOCOL_UNSPECIFIED;
}

// Fields for callers that do not know `announcers`.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
void FillDeprecated(status::v1::Service* service) {
  for (const status::v1::Announcer& announcer : service->announcers()) {
    if (announcer.protocol() != status::v1::Announcer::PROTOCOL_LAYER2) {
      continue;
    }
    service->set_announcing_node(announcer.node());
    *service->mutable_interfaces() = announcer.interfaces();
    if (announcer.has_since()) {
      *service->mutable_announced_since() = announcer.since();
    }
    return;
  }
}
#pragma GCC diagnostic pop

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

// The deprecated field is for clients that know only the former name.
void SetUnverified(bool unverified, status::v1::Member* member) {
  member->set_unverified(unverified);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  member->set_unheard(unverified);
#pragma GCC diagnostic pop
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

Problem::Kind ToProto(ProblemKind kind) {
  switch (kind) {
    case ProblemKind::kObjectRefused:
      return Problem::OBJECT_REFUSED;
    case ProblemKind::kAddressConflict:
      return Problem::ADDRESS_CONFLICT;
    case ProblemKind::kOrphanedAddress:
      return Problem::ORPHANED_ADDRESS;
    case ProblemKind::kOwnedAddress:
      return Problem::ADDRESS_OWNED;
    case ProblemKind::kInterface:
      return Problem::INTERFACE;
    case ProblemKind::kStrictArp:
      return Problem::STRICT_ARP;
    case ProblemKind::kState:
      return Problem::STATE;
    case ProblemKind::kLongTurn:
      return Problem::LONG_TURN;
    case ProblemKind::kApiServer:
      return Problem::API_SERVER;
    case ProblemKind::kPeer:
      return Problem::BGP_PEER;
    case ProblemKind::kRoute:
      return Problem::BGP_ROUTE;
    case ProblemKind::kGossip:
      return Problem::GOSSIP;
    case ProblemKind::kHeldBack:
      return Problem::HELD_BACK;
    case ProblemKind::kNoAddress:
      return Problem::NO_ADDRESS;
    case ProblemKind::kRequestRefused:
      return Problem::REQUEST_REFUSED;
    case ProblemKind::kNoAnnouncer:
      return Problem::NO_ANNOUNCER;
    case ProblemKind::kUnableAnnouncer:
      return Problem::UNABLE_ANNOUNCER;
    case ProblemKind::kLostEndpoints:
      return Problem::LOST_ENDPOINTS;
    case ProblemKind::kNodeName:
      return Problem::NODE_NAME;
    case ProblemKind::kOptions:
      return Problem::OPTIONS_DIFFER;
  }
  return Problem::KIND_UNSPECIFIED;
}

Problem ToProto(const lb::Problem& problem) {
  Problem described;
  described.set_kind(ToProto(problem.kind));
  described.set_object(Printable(problem.object));
  described.set_text(Printable(problem.text));
  return described;
}

}  // namespace

void StatusView::DescribeTurns(status::v1::GetNodeResponse* node) const {
  if (view_.host.turns == nullptr) return;
  const auto describe = [this](const io::Turn& turn, status::v1::Turn* to) {
    SetDuration(turn.length, to->mutable_length());
    SetDuration(turn.processor, to->mutable_processor());
    to->set_cause(std::string(turn.cause));
    SetTimestamp(view_.ToCivil(turn.at), to->mutable_at());
  };
  const auto& longest = view_.host.turns->longest();
  if (longest) describe(*longest, node->mutable_longest_turn());
  const auto recent = view_.host.turns->RecentLongest(view_.now);
  if (recent) describe(*recent, node->mutable_recent_longest_turn());
}

status::v1::GetNodeResponse StatusView::DescribeNode() const {
  status::v1::GetNodeResponse node;
  node.set_name(Printable(view_.options.node));
  node.set_version(std::string(config::kVersion));
  SetTimestamp(view_.tally.started_at(), node.mutable_started_at());
  node.set_ready(view_.ready());
  node.set_draining(view_.drain.is_on);
  node.set_drain_mark(Printable(view_.drain.mark));
  node.set_ledger_author(Printable(view_.ledger.author));
  node.set_announced_addresses(view_.announcing.elected().size());
  node.set_gossip_health_score(view_.gossip().health_score());
  node.set_last_event_sequence(view_.last_event_sequence);
  DescribeTurns(&node);
  *node.mutable_interfaces() = ListInterfaces({})->interfaces();
  *node.mutable_problems() = ListProblems({}).problems();
  return node;
}

status::v1::Interface StatusView::Describe(
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
       view_.announcing.node().announcer().current()) {
    announced += announcement.interface == choice.interface.name ? 1 : 0;
  }
  interface.set_announced_addresses(announced);
  return interface;
}

status::v1::Announcer StatusView::Describe(
    const std::string& service, const election::Announcer& announcer,
    const ipam::Assignment& assignment) const {
  status::v1::Announcer described;
  described.set_protocol(ToProto(announcer.protocol));
  described.set_node(Printable(announcer.node));
  for (const std::string& interface : AnnouncingInterfaces(
           view_, announcer.node, announcer.interfaces, assignment)) {
    described.add_interfaces(interface);
  }
  const auto nodes = view_.tally.announced_since().find(service);
  if (nodes == view_.tally.announced_since().end()) return described;
  const auto since = nodes->second.find(announcer.node);
  if (since == nodes->second.end()) return described;
  SetTimestamp(view_.ToCivil(since->second), described.mutable_since());
  return described;
}

namespace {

void AddRouteAnnouncers(const NodeView& view, const std::string& name,
                        const ipam::Assignment& assignment,
                        status::v1::Service* service) {
  const config::Service* const wanted = config::FindService(view.desired, name);
  if (wanted == nullptr) return;
  for (const auto& [node, peers] :
       view.routing.announcers().Of(*wanted, assignment)) {
    auto* const announcer = service->add_announcers();
    announcer->set_protocol(status::v1::Announcer::PROTOCOL_BGP);
    announcer->set_node(Printable(node));
    for (const std::string& peer : peers) announcer->add_peers(Printable(peer));
  }
}

}  // namespace

status::v1::Service StatusView::Describe(
    const std::string& name,
    const ipam::ReplicatedAllocator::Entry& entry) const {
  status::v1::Service service;
  service.set_name(name);
  for (const auto& assigned : entry.assignment.addresses) {
    service.add_addresses(assigned.address.ToString());
  }
  service.set_pool(PoolsOf(entry.assignment));
  service.set_reason(Printable(entry.reason));
  const auto place = view_.elections.placement().find(name);
  if (place == view_.elections.placement().end()) return service;
  for (const election::Announcer& announcer : place->second.announcers) {
    *service.add_announcers() = Describe(name, announcer, entry.assignment);
  }
  AddRouteAnnouncers(view_, name, entry.assignment, &service);
  FillDeprecated(&service);
  if (!place->second.reason.empty() && service.announcers().empty()) {
    service.set_reason(Printable(place->second.reason));
  }
  *service.mutable_withheld() = DescribeWithheld(view_, name, entry.assignment);
  if (!service.withheld().empty()) {
    service.set_reason(WithheldReason(service.withheld()));
  }
  if (service.reason().empty()) {
    service.set_reason(Printable(LostEndpointsText(view_, name, failed())));
  }
  return service;
}

const FailedNodes& StatusView::failed() const {
  if (!failed_) failed_ = FindFailedNodes(view_);
  return *failed_;
}

std::optional<status::v1::Service> StatusView::DescribeService(
    std::string_view name) const {
  const auto entry = view_.addresses.entries().find(std::string(name));
  if (entry == view_.addresses.entries().end()) return std::nullopt;
  return Describe(entry->first, entry->second);
}

status::v1::Pool StatusView::Describe(const ipam::Pool& pool) const {
  status::v1::Pool described;
  described.set_name(pool.name);
  for (const net::IpRange& range : pool.ranges) {
    described.add_addresses(range.ToString());
  }
  described.set_auto_assign(pool.auto_assign);
  const auto usage = view_.addresses.Usage(pool.name);
  if (!usage.ok()) return described;
  Fill(usage->total_ipv4, usage->used_ipv4, usage->taken_ipv4,
       described.mutable_ipv4());
  Fill(usage->total_ipv6, usage->used_ipv6, usage->taken_ipv6,
       described.mutable_ipv6());
  AddTaken(view_.addresses, pool, &described);
  AddAbsentHolders(view_.addresses, &described);
  return described;
}

status::v1::Member StatusView::Describe(const gossip::Member& known) const {
  status::v1::Member member;
  member.set_name(Printable(known.name));
  member.set_endpoint(known.endpoint.ToString());
  member.set_state(ToProto(known.state));
  SetUnverified(known.is_up() && !known.verified, &member);
  member.set_incarnation(known.incarnation);
  SetTimestamp(view_.ToCivil(known.since), member.mutable_since());
  if (known.name == view_.options.node) {
    member.set_is_self(true);
    member.set_health_score(view_.gossip().health_score());
  }
  const auto answer = view_.tally.answers().find(known.name);
  if (answer != view_.tally.answers().end()) {
    SetDuration(answer->second.round_trip, member.mutable_round_trip());
    SetTimestamp(view_.ToCivil(answer->second.at),
                 member.mutable_answered_at());
  }
  return member;
}

std::optional<status::v1::Member> StatusView::DescribeMember(
    std::string_view name) const {
  const std::optional<gossip::Member> known = view_.gossip().Find(name);
  if (!known.has_value()) return std::nullopt;
  return Describe(*known);
}

status::v1::ListProblemsResponse StatusView::ListProblems(
    const status::v1::ListProblemsRequest& request) const {
  const auto& kinds = request.kinds();
  const auto wants = [&](ProblemKind kind) {
    return kinds.empty() ||
           std::find(kinds.begin(), kinds.end(), ToProto(kind)) != kinds.end();
  };
  const ProblemList list = lb::ListProblems(view_, wants, kProblemsMax);
  status::v1::ListProblemsResponse response;
  for (const lb::Problem& problem : list.problems) {
    *response.add_problems() = ToProto(problem);
  }
  response.set_omitted(list.omitted);
  return response;
}

}  // namespace lb
