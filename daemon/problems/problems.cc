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
#include "daemon/agent/agent.h"
#include "daemon/members/gossip_problems.h"
#include "daemon/problems/announcer_remedies.h"
#include "daemon/problems/findings.h"
#include "daemon/problems/problem_collector.h"
#include "daemon/problems/remedies.h"
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

std::string NodeObject(const Agent& agent) {
  return "Node/" + agent.options().node;
}

void AddRefusedObjects(const Agent& agent, Problems& problems) {
  for (const config::Problem& problem : agent.desired().problems) {
    problems.push_back(
        {ProblemKind::kObjectRefused, problem.object, problem.ToString()});
  }
}

// The problem lasts as long as the withholding, even if the other host is
// rarely probed.
void AddWithheld(const Agent& agent, Problems& problems) {
  std::set<std::pair<net::IpAddress, std::string>> seen;  // Some are shared.
  for (const auto& [service, place] : agent.placement()) {
    for (const auto& assigned : AddressesOf(agent.address_entries(), service)) {
      for (const Withholding& withheld :
           FindWithholdings(agent, service, assigned.address)) {
        if (withheld.by_owner()) break;  // AddOwned() lists it.
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

bool IsLiveMember(const Agent& agent, const net::MacAddress& mac) {
  const auto node = agent.announcing().NodeOf(mac);
  if (!node) return false;
  const auto member = agent.gossip().Find(*node);
  return member && member->is_up() && member->heard;
}

// Members that know each other settle it: one has the address by the election,
// the other yields. Whether a stranger has gone is unknown.
bool IsOver(const Agent& agent, const Tally::ConflictSeen& seen) {
  const announce::Conflict& conflict = seen.conflict;
  if (conflict.outcome == announce::Outcome::kTakenBack ||
      conflict.outcome == announce::Outcome::kOverlooked) {
    return true;
  }
  const net::IpAddress& vip = conflict.announcement.vip;
  if (!agent.elections().IsAssigned(vip)) return true;
  if (!IsLiveMember(agent, conflict.rival)) return false;
  return conflict.outcome == announce::Outcome::kRivalYields ||
         !agent.announcing().elected().contains(vip) ||
         agent.now() - seen.at >= kYielding;
}

void AddConflicts(const Agent& agent, Problems& problems) {
  for (const auto& [announcement, seen] :
       agent.tally().ConflictsAt(agent.now())) {
    if (IsOver(agent, seen) ||
        !agent.announcing().WithheldOf(announcement.vip).empty()) {
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

std::string RemedyForOrphan(const Agent& agent, const std::string& service,
                            const net::IpAddress& address) {
  if (AsksFor(agent, service, address)) {
    return "a pool that gives it out to the service, or another address in the "
           "service's manifest";
  }
  return fmt::format(
      "`lbctl release {}`, which gives the service another, or "
      "a pool that gives it out to the service",
      address.ToString());
}

void AddOrphans(const Agent& agent, Problems& problems) {
  for (const auto& [service, orphan] : agent.addresses().Orphans()) {
    const auto& withheld = agent.owners().withheld();
    if (withheld.contains(orphan.held.address)) continue;  // See AddOwned().
    const std::string object = "Service/" + service;
    problems.push_back(
        {ProblemKind::kOrphanedAddress, object,
         fmt::format("{}: {} is kept, but a new request for it would be "
                     "refused: {}, want {}",
                     object, orphan.held.address.ToString(),
                     WithoutPrefix(orphan.reason.message(), object + ": "),
                     RemedyForOrphan(agent, service, orphan.held.address))});
  }
}

void AddSharedSegments(const Agent& agent, Problems& problems) {
  for (const std::string& text : agent.SharedSegments()) {
    problems.push_back({ProblemKind::kInterface, NodeObject(agent),
                        fmt::format("{}: {}", NodeObject(agent), text)});
  }
}

void AddAdvertisedAddress(const Agent& agent, Problems& problems) {
  const std::string& fault = agent.advertised().fault();
  if (fault.empty()) return;
  problems.push_back({ProblemKind::kGossip, NodeObject(agent),
                      fmt::format("{}: {}", NodeObject(agent), fault)});
}

// The file that may define the service, as far as the faults say.
std::string FileOf(const Agent& agent, const std::string& object) {
  std::string file;
  for (const config::Problem& problem : agent.desired().problems) {
    if (problem.object == object) return problem.file;
    if (file.empty()) file = problem.file;
  }
  return file.empty() ? "a file" : file;
}

void AddHeldBack(const Agent& agent, Problems& problems) {
  for (const ipam::ReplicatedAllocator::Absent& absent :
       agent.addresses().AbsentHolders()) {
    if (!absent.held_back) continue;
    const std::string object = "Service/" + absent.service;
    std::vector<std::string> addresses;
    for (const ipam::AssignedAddress& held : absent.held) {
      addresses.push_back(held.address.ToString());
    }
    problems.push_back(
        {ProblemKind::kHeldBack, object,
         fmt::format("{}: {} kept: no manifest asks for it since {}, but {} "
                     "has a fault and may define it; want that file repaired",
                     object, fmt::join(addresses, ", "),
                     FormatUtc(absent.since), FileOf(agent, object))});
  }
}

void AddOwned(const Agent& agent, Problems& problems) {
  if (agent.owners().withheld().empty()) return;
  for (const auto& [service, entry] : agent.address_entries()) {
    for (const auto& assigned : entry.assignment.addresses) {
      for (const Withholding& withheld :
           FindWithholdings(agent, service, assigned.address)) {
        if (!withheld.by_owner()) break;  // AddWithheld() lists it.
        const std::string object = "Service/" + service;
        problems.push_back(
            {ProblemKind::kOwnedAddress, object,
             fmt::format("{}: {}: withheld by all nodes, want {}", object,
                         withheld.text, withheld.remedy)});
      }
    }
  }
}

void AddUntoldFacts(const Agent& agent, Problems& problems) {
  for (const auto& [node, entry] : agent.owners().table().entries()) {
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
void AddUntoldWithheld(const Agent& agent, Problems& problems) {
  for (const Elections::LiveMember& member : agent.LiveMembers()) {
    const auto& hosts = agent.owners().table().entries();
    const auto host = hosts.find(member.name);
    if (host == hosts.end() || member.name == agent.options().node) continue;
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

void AddInterfaces(const Agent& agent, Problems& problems) {
  for (const announce::InterfaceChoice& choice :
       agent.announcer().interfaces()) {
    if (announce::IsUsable(choice)) return;
  }
  problems.push_back(
      {ProblemKind::kInterface, NodeObject(agent),
       NodeObject(agent) + ": interfaces: none is usable, want one at least"});
}

void AddUndelivered(const Agent& agent, Problems& problems) {
  for (const std::string& why : agent.announcing().DeliveryFaults()) {
    problems.push_back(
        {ProblemKind::kInterface, NodeObject(agent),
         fmt::format("{}: deliver: {}", NodeObject(agent), why)});
  }
}

void AddStrictArp(const Agent& agent, Problems& problems) {
  for (const std::string& fault : agent.health().strict_arp_faults) {
    problems.push_back({ProblemKind::kStrictArp, NodeObject(agent),
                        fmt::format("{}: {}", NodeObject(agent), fault)});
  }
}

void AddState(const Agent& agent, Problems& problems) {
  if (agent.addresses().save_error().ok()) return;
  problems.push_back(
      {ProblemKind::kState, NodeObject(agent),
       fmt::format("{}: state-dir: {}", NodeObject(agent),
                   std::string(agent.addresses().save_error().message()))});
}

void AddGossip(const Agent& agent, Problems& problems) {
  if (const int score = agent.gossip().health_score(); score > 0) {
    problems.push_back(
        {ProblemKind::kGossip, NodeObject(agent),
         fmt::format("{}: gossip: health score {}, want 0: this node is slow, "
                     "or its network loses packets",
                     NodeObject(agent), score)});
  }
  if (!agent.untold().empty()) {
    problems.push_back(
        {ProblemKind::kGossip, NodeObject(agent),
         fmt::format("{}: gossip: {}", NodeObject(agent), agent.untold())});
  }
}

void Add(ProblemKind kind, const std::vector<Finding>& findings,
         Problems& problems) {
  for (const Finding& finding : findings) {
    problems.push_back({kind, finding.object, finding.text});
  }
}

// Nodes that start together may not have found each other before that.
bool HasSettled(const Agent& agent) {
  return agent.now() - agent.tally().began() >= kSettled;
}

std::string AddressRemedy(const Agent& agent, const std::string& service) {
  const auto request = agent.addresses().requests().find(service);
  if (request == agent.addresses().requests().end()) return "";
  const auto& asked = request->second.requested_addresses;
  const bool is_held =
      std::any_of(asked.begin(), asked.end(), [&](const auto& address) {
        const auto holders = agent.addresses().HoldersOf(address);
        return std::any_of(
            holders.begin(), holders.end(),
            [&](const std::string& holder) { return holder != service; });
      });
  return RemedyForNoAddress(request->second, agent.addresses().pools(),
                            is_held);
}

// A node that is not ready awaits the cluster, normally for no longer than its
// settle time.
bool AwaitsTooLong(const Agent& agent) {
  const auto since = agent.tally().awaiting_since();
  return since && agent.now() - *since > agent.options().settle_time;
}

// The author assigns within a second, once it knows the addresses of the hosts.
bool WaitsInVain(const Agent& agent, const std::string& service) {
  const auto since = agent.tally().unassigned_since().find(service);
  return since != agent.tally().unassigned_since().end() &&
         agent.now() - since->second >= kUnassignedMax;
}

void AddAwaiting(const Agent& agent, Problems& problems) {
  if (!AwaitsTooLong(agent)) return;
  const absl::Time since = agent.ToCivil(*agent.tally().awaiting_since());
  const std::string cause =
      agent.advertised().HasCarrier() == false
          ? fmt::format(
                "{} has no carrier, want its link up, or "
                "gossip-advertise with an address of another link",
                agent.advertised().endpoint().ToString())
          : "no member has answered yet, want the nodes of the join list in "
            "reach";
  problems.push_back(
      {ProblemKind::kGossip, NodeObject(agent),
       fmt::format("{}: gossip: waits to hear from the cluster since {}, and "
                   "announces nothing meanwhile: {}",
                   NodeObject(agent), FormatUtc(since), cause)});
}

// While this node awaits the cluster, it lists what it knows.
void AddServices(const Agent& agent, Problems& problems) {
  const bool is_stuck = AwaitsTooLong(agent);
  if (!agent.ready() && !is_stuck) return;
  const AddressEntries& entries = agent.address_entries();
  const auto address_remedy = [&](const std::string& service) {
    return AddressRemedy(agent, service);
  };
  AnnouncerRemedies announcer_remedies(&agent);
  Add(ProblemKind::kNoAddress,
      FindWithoutAddress(
          entries, /*with_waiting=*/is_stuck,
          problems.ForKept(ProblemKind::kNoAddress, address_remedy)),
      problems);
  if (!is_stuck && agent.author() != agent.options().node) {
    Add(ProblemKind::kNoAddress,
        FindUnassigned(entries,
                       [&](const std::string& service) {
                         return WaitsInVain(agent, service);
                       }),
        problems);
  }
  Add(ProblemKind::kRequestRefused,
      FindRefused(entries, problems.ForKept(ProblemKind::kRequestRefused,
                                            address_remedy)),
      problems);
  Add(ProblemKind::kNoAnnouncer,
      FindWithoutAnnouncer(
          entries, agent.placement(),
          [&](const net::IpAddress& address) {
            return agent.owners().withheld().contains(address);
          },
          problems.ForKept(ProblemKind::kNoAnnouncer,
                           [&](const std::string& service) {
                             return announcer_remedies.Of(service);
                           })),
      problems);
  Add(ProblemKind::kUnableAnnouncer,
      FindUnable(entries, agent.placement(), agent.LiveMembers()), problems);
}

void AddNodes(const Agent& agent, Problems& problems) {
  if (!agent.ready()) return;
  const LiveMembers members = agent.LiveMembers();
  Add(ProblemKind::kNodeName, FindMisnamed(agent.desired(), members), problems);
  if (HasSettled(agent)) {
    Add(ProblemKind::kNodeName,
        FindWithoutMember(agent.desired(), members,
                          [&](const std::string& name) {
                            return agent.gossip().Find(name).has_value();
                          }),
        problems);
  }
  Add(ProblemKind::kOptions,
      FindDifferingOptions(agent.options().node, members), problems);
}

void AddUndecryptable(const Agent& agent, Problems& problems) {
  for (const gossip::UndecryptablePeer& peer : agent.gossip().Undecryptable()) {
    const std::string object = "Peer/" + peer.address.ToString();
    problems.push_back(
        {ProblemKind::kGossip, object,
         fmt::format("{}: {} (seen {} times)", object,
                     DescribeMismatch(peer.mismatch,
                                      agent.seeds().NameOf(peer.address)),
                     peer.count)});
  }
}

// Both nodes with the name list this. Members keep to the one that they knew
// first.
void AddNamesakes(const Agent& agent, Problems& problems) {
  for (const net::Endpoint& other : agent.Namesakes()) {
    const std::string object = "Member/" + agent.options().node;
    problems.push_back(
        {ProblemKind::kNodeName, object,
         fmt::format("{}: {} has the name of this node ({}), want another "
                     "node-name on one of them, and no copy of a state folder",
                     object, other.ToString(),
                     agent.gossip().self().endpoint.ToString())});
  }
}

void AddStreamOnly(const Agent& agent, Problems& problems) {
  for (const gossip::StreamOnlyPeer& peer : agent.gossip().ListStreamOnly()) {
    const std::string object = "Peer/" + peer.member;
    problems.push_back(
        {ProblemKind::kGossip, object,
         fmt::format("{}: {}", object, DescribeStreamOnly(peer.endpoint))});
  }
}

void AddSeeds(const Agent& agent, Problems& problems) {
  for (const gossip::Seeds::Unanswered& seed : agent.seeds().ListUnanswered()) {
    const std::string object = "Seed/" + seed.seed.text;
    problems.push_back(
        {ProblemKind::kGossip, object,
         fmt::format("{}: {}", object, DescribeUnanswered(seed))});
  }
}

}  // namespace

ProblemList ListProblems(const Agent& agent,
                         const std::function<bool(ProblemKind)>& wants,
                         size_t problems_max) {
  ProblemCollector problems(wants, problems_max);
  AddRefusedObjects(agent, problems);
  AddWithheld(agent, problems);
  AddUntoldWithheld(agent, problems);
  AddConflicts(agent, problems);
  AddOrphans(agent, problems);
  AddOwned(agent, problems);
  AddUntoldFacts(agent, problems);
  AddInterfaces(agent, problems);
  AddSharedSegments(agent, problems);
  AddUndelivered(agent, problems);
  AddStrictArp(agent, problems);
  AddState(agent, problems);
  AddLongTurn(agent, problems);
  AddAdvertisedAddress(agent, problems);
  AddGossip(agent, problems);
  AddAwaiting(agent, problems);
  AddHeldBack(agent, problems);
  AddServices(agent, problems);
  AddNodes(agent, problems);
  AddUndecryptable(agent, problems);
  AddNamesakes(agent, problems);
  AddStreamOnly(agent, problems);
  AddSeeds(agent, problems);
  return std::move(problems).Take();
}

std::vector<Problem> ListProblems(const Agent& agent) {
  return ListProblems(
             agent, [](auto) { return true; }, SIZE_MAX)
      .problems;
}

}  // namespace lb
