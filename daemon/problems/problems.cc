#include "daemon/problems/problems.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "daemon/advertise/shared_segments.h"
#include "daemon/members/gossip_problems.h"
#include "daemon/node_view/node_view.h"
#include "daemon/problems/announcer_remedies.h"
#include "daemon/problems/api_server_problems.h"
#include "daemon/problems/findings.h"
#include "daemon/problems/lost_endpoints.h"
#include "daemon/problems/problem_collector.h"
#include "daemon/problems/remedies.h"
#include "daemon/problems/routing_problems.h"
#include "daemon/problems/turn_problems.h"
#include "daemon/problems/withholding.h"
#include "lb/base/utc_text.h"
#include "lb/config/problem.h"
#include "lb/election/ability.h"
#include "lb/io/route_table.h"

namespace lb {
namespace {

using Problems = ProblemCollector;

constexpr absl::Duration kSettled = absl::Seconds(30);
constexpr absl::Duration kUnassignedMax = absl::Seconds(15);
// A member that goes on claiming an address claims it again within this time.
constexpr absl::Duration kYielding = absl::Milliseconds(1500);
constexpr char kOwnObject[] = "its object";

std::string NodeObject(const NodeView& view) {
  return "Node/" + view.options.node;
}

void AddRefusedObjects(const NodeView& view, Problems& problems) {
  for (const config::Problem& problem : view.desired.problems) {
    problems.push_back(
        {ProblemKind::kObjectRefused, problem.object, problem.ToString()});
  }
}

// The problem lasts as long as the withholding, even if the other host is
// rarely probed.
void AddWithheld(const NodeView& view, Problems& problems) {
  std::set<std::pair<net::IpAddress, std::string>> seen;  // Some are shared.
  for (const auto& [service, place] : view.placement()) {
    for (const auto& assigned : AddressesOf(view.entries(), service)) {
      for (const Withholding& withheld :
           FindWithholdings(view, service, assigned.address)) {
        if (withheld.by_owner()) break;  // See AddOwned().
        if (!seen.emplace(withheld.address, withheld.interface).second) {
          continue;
        }
        const std::string object = "Vip/" + withheld.address.ToString();
        problems.push_back(
            {ProblemKind::kAddressConflict, object,
             fmt::format("{}: withheld by {}: {}, want {}", object,
                         election::NodesText(place.announcers), withheld.text,
                         withheld.remedy)});
      }
    }
  }
}

bool IsLiveMember(const NodeView& view, const net::MacAddress& mac) {
  const auto node = view.announcing.NodeOf(mac);
  if (!node) return false;
  const auto member = view.gossip().Find(*node);
  return member && member->is_up() && member->verified;
}

// Members that know each other settle it: one has the address by the election,
// the other yields. Whether a stranger has gone is unknown.
bool IsOver(const NodeView& view, const Tally::ConflictSeen& seen) {
  const announce::Conflict& conflict = seen.conflict;
  if (conflict.outcome == announce::Outcome::kTakenBack ||
      conflict.outcome == announce::Outcome::kOverlooked) {
    return true;
  }
  const net::IpAddress& vip = conflict.announcement.vip;
  if (!view.elections.IsAssigned(vip)) return true;
  if (!IsLiveMember(view, conflict.rival)) return false;
  return conflict.outcome == announce::Outcome::kRivalYields ||
         !view.announcing.elected().contains(vip) ||
         view.now - seen.at >= kYielding;
}

void AddConflicts(const NodeView& view, Problems& problems) {
  for (const auto& [announcement, seen] : view.tally.ConflictsAt(view.now)) {
    if (IsOver(view, seen) ||
        !view.announcing.WithheldOf(announcement.vip).empty()) {
      continue;
    }
    const std::string object = "Vip/" + announcement.vip.ToString();
    problems.push_back(
        {ProblemKind::kAddressConflict, object,
         fmt::format("{}: {}: {} answers for it too, want one host", object,
                     announcement.interface, seen.conflict.rival.ToString())});
  }
}

std::string WithoutPrefix(absl::string_view text, const std::string& prefix) {
  return std::string(absl::StripPrefix(text, prefix));
}

std::string RemedyForOrphan(const NodeView& view, const std::string& service,
                            const net::IpAddress& address) {
  if (AsksFor(view, service, address)) {
    return "a pool that gives it out to the service, or another address in the "
           "service's manifest";
  }
  return fmt::format(
      "`lbctl release {}`, which gives the service another, or "
      "a pool that gives it out to the service",
      address.ToString());
}

void AddOrphans(const NodeView& view, Problems& problems) {
  for (const auto& [service, orphan] : view.addresses.Orphans()) {
    const auto& withheld = view.owners.withheld();
    if (withheld.contains(orphan.held.address)) continue;  // See AddOwned().
    const std::string object = "Service/" + service;
    problems.push_back(
        {ProblemKind::kOrphanedAddress, object,
         fmt::format("{}: {} is kept, but a new request for it would be "
                     "refused: {}, want {}",
                     object, orphan.held.address.ToString(),
                     WithoutPrefix(orphan.reason.message(), object + ": "),
                     RemedyForOrphan(view, service, orphan.held.address))});
  }
}

void AddSharedSegments(const NodeView& view, Problems& problems) {
  for (const std::string& text :
       FindSharedSegments(view.host.links.Links(), view.options.interfaces,
                          view.announcer().OnOneSegment())) {
    problems.push_back({ProblemKind::kInterface, NodeObject(view),
                        fmt::format("{}: {}", NodeObject(view), text)});
  }
}

void AddAdvertisedAddress(const NodeView& view, Problems& problems) {
  const std::string& fault = view.presence.advertised().fault();
  if (fault.empty()) return;
  problems.push_back({ProblemKind::kGossip, NodeObject(view),
                      fmt::format("{}: {}", NodeObject(view), fault)});
}

// What may define the service, as far as the faults say: a file or, in the
// Kubernetes API, the service's own object.
std::string DefinerOf(const NodeView& view, const std::string& object) {
  std::string file;
  for (const config::Problem& problem : view.desired.problems) {
    const config::Origin& origin = problem.origin;
    if (problem.object == object) {
      return origin.is_kubernetes() ? kOwnObject : origin.file();
    }
    if (file.empty()) file = origin.file();
  }
  return file.empty() ? "a file" : file;
}

void AddHeldBack(const NodeView& view, Problems& problems) {
  for (const ipam::ReplicatedAllocator::Absent& absent :
       view.addresses.AbsentHolders()) {
    if (!absent.held_back) continue;
    const std::string object = "Service/" + absent.service;
    std::vector<std::string> addresses;
    for (const ipam::AssignedAddress& held : absent.held) {
      addresses.push_back(held.address.ToString());
    }
    const std::string definer = DefinerOf(view, object);
    problems.push_back(
        {ProblemKind::kHeldBack, object,
         fmt::format("{}: {} kept: no manifest asks for it since {}, but {} "
                     "has a fault and may define it; want that {} repaired",
                     object, fmt::join(addresses, ", "),
                     FormatUtc(absent.since), definer,
                     definer == kOwnObject ? "object" : "file")});
  }
}

void AddOwned(const NodeView& view, Problems& problems) {
  if (view.owners.withheld().empty()) return;
  for (const auto& [service, entry] : view.entries()) {
    for (const auto& assigned : entry.assignment.addresses) {
      for (const Withholding& withheld :
           FindWithholdings(view, service, assigned.address)) {
        if (!withheld.by_owner()) break;  // See AddWithheld().
        const std::string object = "Service/" + service;
        problems.push_back(
            {ProblemKind::kOwnedAddress, object,
             fmt::format("{}: {}: withheld by all nodes, want {}", object,
                         withheld.text, withheld.remedy)});
      }
    }
  }
}

void AddUntoldFacts(const NodeView& view, Problems& problems) {
  for (const auto& [node, entry] : view.owners.table().entries()) {
    if (entry.facts.complete) continue;
    const std::string object = "Node/" + node;
    problems.push_back(
        {ProblemKind::kOwnedAddress, object,
         fmt::format(
             "{}: its host has more than {} addresses, {} routers or {} "
             "routes: a service may be given an address that it does "
             "not tell of, want fewer",
             object, kHostAddressesMax, kHostRoutersMax,
             io::RouteTable::kRoutesReadMax)});
  }
}

// Lists members that withhold more addresses than they can tell. AddWithheld()
// lists all addresses of this node.
void AddUntoldWithheld(const NodeView& view, Problems& problems) {
  for (const Elections::LiveMember& member : view.LiveMembers()) {
    const auto& hosts = view.owners.table().entries();
    const auto host = hosts.find(member.name);
    if (host == hosts.end() || member.name == view.options.node) continue;
    const uint16_t omitted = host->second.facts.withheld.omitted;
    if (omitted == 0) continue;
    const std::string object = "Node/" + member.name;
    problems.push_back(
        {ProblemKind::kAddressConflict, object,
         fmt::format("{}: withholds {} more addresses, as other hosts have "
                     "them; `lbctl problems` of that node names all",
                     object, omitted)});
  }
}

void AddInterfaces(const NodeView& view, Problems& problems) {
  for (const announce::InterfaceChoice& choice :
       view.announcing.node().interfaces()) {
    if (announce::IsUsable(choice)) return;
  }
  problems.push_back(
      {ProblemKind::kInterface, NodeObject(view),
       NodeObject(view) + ": interfaces: none is usable, want one at least"});
}

void AddUndelivered(const NodeView& view, Problems& problems) {
  for (const std::string& why : view.announcing.DeliveryFaults()) {
    problems.push_back({ProblemKind::kInterface, NodeObject(view),
                        fmt::format("{}: deliver: {}", NodeObject(view), why)});
  }
}

void AddStrictArp(const NodeView& view, Problems& problems) {
  for (const std::string& fault : view.health.strict_arp_faults) {
    problems.push_back({ProblemKind::kStrictArp, NodeObject(view),
                        fmt::format("{}: {}", NodeObject(view), fault)});
  }
}

void AddState(const NodeView& view, Problems& problems) {
  if (view.addresses.save_error().ok()) return;
  problems.push_back(
      {ProblemKind::kState, NodeObject(view),
       fmt::format("{}: state-dir: {}", NodeObject(view),
                   std::string(view.addresses.save_error().message()))});
}

void AddGossip(const NodeView& view, Problems& problems) {
  if (const int score = view.gossip().health_score(); score > 0) {
    problems.push_back(
        {ProblemKind::kGossip, NodeObject(view),
         fmt::format("{}: gossip: health score {}, want 0: this node is slow, "
                     "or its network loses packets",
                     NodeObject(view), score)});
  }
  if (!view.ledger.untold.empty()) {
    problems.push_back(
        {ProblemKind::kGossip, NodeObject(view),
         fmt::format("{}: gossip: {}", NodeObject(view), view.ledger.untold)});
  }
}

void Add(ProblemKind kind, const std::vector<Finding>& findings,
         Problems& problems) {
  for (const Finding& finding : findings) {
    problems.push_back({kind, finding.object, finding.text});
  }
}

// Nodes that start together may not have found each other before that.
bool HasSettled(const NodeView& view) {
  return view.now - view.tally.began() >= kSettled;
}

std::string AddressRemedy(const NodeView& view, const std::string& service) {
  const auto request = view.addresses.requests().find(service);
  if (request == view.addresses.requests().end()) return "";
  const auto& asked = request->second.requested_addresses;
  const bool is_held =
      std::any_of(asked.begin(), asked.end(), [&](const auto& address) {
        const auto holders = view.addresses.HoldersOf(address);
        return std::any_of(
            holders.begin(), holders.end(),
            [&](const std::string& holder) { return holder != service; });
      });
  return RemedyForNoAddress(request->second, view.addresses.pools(), is_held);
}

// A node that is not ready awaits the cluster, normally for no longer than its
// settle time.
bool AwaitsTooLong(const NodeView& view) {
  const auto since = view.tally.awaiting_since();
  return since && view.now - *since > view.options.settle_time;
}

// The author decides within a second, once it knows what hosts own.
bool WaitsInVain(const NodeView& view, const std::string& service) {
  const auto since = view.tally.unassigned_since().find(service);
  return since != view.tally.unassigned_since().end() &&
         view.now - since->second >= kUnassignedMax;
}

void AddAwaiting(const NodeView& view, Problems& problems) {
  if (!AwaitsTooLong(view)) return;
  const absl::Time since = view.ToCivil(*view.tally.awaiting_since());
  const std::string cause =
      view.presence.advertised().HasCarrier() == false
          ? fmt::format(
                "{} has no carrier, want its link up, or "
                "gossip-advertise with an address of another link",
                view.presence.advertised().endpoint().ToString())
          : "no member has answered yet, want the nodes of the join list in "
            "reach";
  problems.push_back(
      {ProblemKind::kGossip, NodeObject(view),
       fmt::format("{}: gossip: waits to hear from the cluster since {}, and "
                   "announces nothing meanwhile: {}",
                   NodeObject(view), FormatUtc(since), cause)});
}

// While this node awaits the cluster, it lists what it knows.
void AddServices(const NodeView& view, Problems& problems) {
  const bool is_stuck = AwaitsTooLong(view);
  if (!view.ready() && !is_stuck) return;
  const AddressEntries& entries = view.entries();
  const auto address_remedy = [&](const std::string& service) {
    return AddressRemedy(view, service);
  };
  AnnouncerRemedies announcer_remedies(view);
  Add(ProblemKind::kNoAddress,
      FindWithoutAddress(
          entries, /*with_waiting=*/is_stuck,
          problems.ForKept(ProblemKind::kNoAddress, address_remedy)),
      problems);
  if (!is_stuck && view.ledger.author != view.options.node) {
    Add(ProblemKind::kNoAddress,
        FindUnassigned(entries,
                       [&](const std::string& service) {
                         return WaitsInVain(view, service);
                       }),
        problems);
  }
  Add(ProblemKind::kRequestRefused,
      FindRefused(entries, problems.ForKept(ProblemKind::kRequestRefused,
                                            address_remedy)),
      problems);
  Add(ProblemKind::kNoAnnouncer,
      FindWithoutAnnouncer(
          entries, view.placement(),
          [&](const net::IpAddress& address) {
            return view.owners.withheld().contains(address);
          },
          [&](const std::string& service) {
            return announcer_remedies.MayPass(service) ||
                   view.routing.IsRouted(view.desired, view.entries(), service);
          },
          problems.ForKept(ProblemKind::kNoAnnouncer,
                           [&](const std::string& service) {
                             return announcer_remedies.Of(service);
                           })),
      problems);
  Add(ProblemKind::kUnableAnnouncer,
      FindUnable(entries, view.placement(), view.LiveMembers()), problems);
}

void AddNodes(const NodeView& view, Problems& problems) {
  if (!view.ready()) return;
  const LiveMembers members = view.LiveMembers();
  Add(ProblemKind::kNodeName, FindMisnamed(view.desired, members), problems);
  if (HasSettled(view)) {
    Add(ProblemKind::kNodeName,
        FindWithoutMember(view.desired, members,
                          [&](const std::string& name) {
                            return view.gossip().Find(name).has_value();
                          }),
        problems);
  }
  Add(ProblemKind::kOptions, FindDifferingOptions(view.options.node, members),
      problems);
}

void AddUndecryptable(const NodeView& view, Problems& problems) {
  for (const gossip::UndecryptablePeer& peer : view.gossip().Undecryptable()) {
    const std::string object = "Peer/" + peer.address.ToString();
    problems.push_back(
        {ProblemKind::kGossip, object,
         fmt::format(
             "{}: {} (seen {} times)", object,
             DescribeMismatch(peer.mismatch,
                              view.presence.seeds().NameOf(peer.address)),
             peer.count)});
  }
}

// Both nodes list this. Members keep to the one that they knew first.
void AddNamesakes(const NodeView& view, Problems& problems) {
  for (const net::Endpoint& other :
       view.name_conflicts.Of(view.options.node, view.now)) {
    const std::string object = "Member/" + view.options.node;
    problems.push_back(
        {ProblemKind::kNodeName, object,
         fmt::format("{}: {} has the name of this node ({}), want another "
                     "node-name on one of them, and no copy of a state folder",
                     object, other.ToString(),
                     view.gossip().self().endpoint.ToString())});
  }
}

void AddStreamOnly(const NodeView& view, Problems& problems) {
  for (const gossip::StreamOnlyPeer& peer : view.gossip().ListStreamOnly()) {
    const std::string object = "Peer/" + peer.member;
    problems.push_back(
        {ProblemKind::kGossip, object,
         fmt::format("{}: {}", object, DescribeStreamOnly(peer.endpoint))});
  }
}

void AddSeeds(const NodeView& view, Problems& problems) {
  for (const gossip::Seeds::Unanswered& seed :
       view.presence.seeds().ListUnanswered()) {
    const std::string object = "Seed/" + seed.seed.text;
    problems.push_back(
        {ProblemKind::kGossip, object,
         fmt::format("{}: {}", object, DescribeUnanswered(seed))});
  }
}

}  // namespace

ProblemList ListProblems(const NodeView& view,
                         const std::function<bool(ProblemKind)>& wants,
                         size_t problems_max) {
  ProblemCollector problems(wants, problems_max);
  AddRefusedObjects(view, problems);
  AddWithheld(view, problems);
  AddUntoldWithheld(view, problems);
  AddConflicts(view, problems);
  AddOrphans(view, problems);
  AddOwned(view, problems);
  AddUntoldFacts(view, problems);
  AddInterfaces(view, problems);
  AddSharedSegments(view, problems);
  AddUndelivered(view, problems);
  AddStrictArp(view, problems);
  AddKubeProxy(view, problems);
  AddState(view, problems);
  AddLongTurn(view, problems);
  AddApiServer(view, problems);
  AddAdvertisedAddress(view, problems);
  AddGossip(view, problems);
  AddAwaiting(view, problems);
  AddHeldBack(view, problems);
  AddServices(view, problems);
  AddLostEndpoints(view, problems);
  AddPeers(view, problems);
  AddBfdSockets(view, problems);
  AddRoutes(view, problems);
  AddNodes(view, problems);
  AddUndecryptable(view, problems);
  AddNamesakes(view, problems);
  AddStreamOnly(view, problems);
  AddSeeds(view, problems);
  return std::move(problems).Take();
}

std::vector<Problem> ListProblems(const NodeView& view) {
  const auto wants_all = [](ProblemKind) { return true; };
  return ListProblems(view, wants_all, SIZE_MAX).problems;
}

}  // namespace lb
