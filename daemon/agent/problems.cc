#include "daemon/agent/problems.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "daemon/agent/agent.h"
#include "daemon/agent/findings.h"
#include "daemon/agent/gossip_problems.h"
#include "lb/config/problem.h"

namespace lb {
namespace {

using Problems = std::vector<Problem>;

constexpr absl::Duration kSettled = absl::Seconds(30);

std::string NodeObject(const Agent& agent) {
  return "Node/" + agent.options().node;
}

void AddRefusedObjects(const Agent& agent, Problems& problems) {
  for (const config::Problem& problem : agent.desired().problems) {
    problems.push_back(
        {ProblemKind::kObjectRefused, problem.object, problem.ToString()});
  }
}

// As long as it lasts, however seldom the other host is asked.
void AddWithheld(const Agent& agent, Problems& problems) {
  for (const auto& [vip, terms] : agent.announcing().elected()) {
    const std::string object = "Vip/" + vip.ToString();
    for (const Withheld& withheld : agent.announcing().WithheldOf(vip)) {
      problems.push_back({ProblemKind::kAddressConflict, object,
                          fmt::format("{}: withheld: {}, want one host", object,
                                      withheld.ToString())});
    }
  }
}

void AddConflicts(const Agent& agent, Problems& problems) {
  for (const auto& [announcement, seen] :
       agent.tally().ConflictsAt(agent.now())) {
    if (seen.conflict.outcome == announce::Outcome::kTakenBack ||
        seen.conflict.outcome == announce::Outcome::kOverlooked ||
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

void AddOrphans(const Agent& agent, Problems& problems) {
  for (const auto& [service, orphan] : agent.addresses().Orphans()) {
    const auto& withheld = agent.owners().withheld();
    if (withheld.contains(orphan.held.address)) continue;  // See AddOwned().
    const std::string object = "Service/" + service;
    problems.push_back(
        {ProblemKind::kOrphanedAddress, object,
         fmt::format("{}: {} is kept, but new it would be refused: {}", object,
                     orphan.held.address.ToString(),
                     std::string(orphan.reason.message()))});
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

// The file that may define the service, as far as the faults tell.
std::string FileOf(const Agent& agent, const std::string& object) {
  std::string file;
  for (const config::Problem& problem : agent.desired().problems) {
    if (problem.object == object) return problem.file;
    if (file.empty()) file = problem.file;
  }
  return file.empty() ? "a file" : file;
}

void AddHeldBack(const Agent& agent, Problems& problems) {
  for (const AddressBook::Absent& absent : agent.addresses().AbsentHolders()) {
    if (!absent.held_back) continue;
    const std::string object = "Service/" + absent.service;
    std::vector<std::string> addresses;
    for (const ipam::AssignedAddress& held : absent.held) {
      addresses.push_back(held.address.ToString());
    }
    problems.push_back(
        {ProblemKind::kHeldBack, object,
         fmt::format("{}: {} kept: no manifest asks for it since {}, but {} "
                     "has a fault and may; want that mended",
                     object, fmt::join(addresses, ", "),
                     absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absent.since,
                                      absl::UTCTimeZone()),
                     FileOf(agent, object))});
  }
}

// What gives the service another address.
std::string RemedyFor(const Agent& agent, const std::string& service,
                      const net::IpAddress& address) {
  const auto& requests = agent.addresses().requests();
  const auto request = requests.find(service);
  if (request != requests.end()) {
    const auto& asked = request->second.requested_addresses;
    if (std::find(asked.begin(), asked.end(), address) != asked.end()) {
      return "another loadBalancerIP in the service's manifest";
    }
  }
  return fmt::format("`lbctl release {}`, which gives the service another",
                     address.ToString());
}

void AddOwned(const Agent& agent, Problems& problems) {
  const OwnedAddresses& owned = agent.owners().owned();
  const auto& withheld = agent.owners().withheld();
  if (withheld.empty()) return;
  for (const auto& [service, entry] : agent.address_entries()) {
    for (const auto& assigned : entry.assignment.addresses) {
      const auto found = withheld.find(assigned.address);
      if (found == withheld.end()) continue;
      const std::string& node = owned.at(assigned.address).node;
      const std::string object = "Service/" + service;
      problems.push_back(
          {ProblemKind::kOwnedAddress, object,
           fmt::format("{}: {} is {}: withheld by all nodes, want {}; or "
                       "another address for {}",
                       object, assigned.address.ToString(), found->second,
                       RemedyFor(agent, service, assigned.address),
                       node.empty() ? "that host" : node)});
    }
  }
}

void AddUntoldFacts(const Agent& agent, Problems& problems) {
  for (const auto& [node, entry] : agent.owners().table().entries()) {
    if (entry.facts.complete) continue;
    const std::string object = "Node/" + node;
    problems.push_back(
        {ProblemKind::kOwnedAddress, object,
         fmt::format("{}: its host has more than {} addresses or {} routers: a "
                     "service may be given one that it does not tell of, want "
                     "fewer",
                     object, kHostAddressesMax, kHostRoutersMax)});
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
  for (const auto& [vip, why] : agent.announcing().undelivered()) {
    problems.push_back({ProblemKind::kInterface, NodeObject(agent),
                        fmt::format("{}: deliver: {}; until then this node "
                                    "loses packets for it",
                                    NodeObject(agent), why)});
  }
}

void AddStrictArp(const Agent& agent, Problems& problems) {
  for (const std::string& fault : agent.events().strict_arp_faults()) {
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
  if (!agent.events().untold().empty()) {
    problems.push_back({ProblemKind::kGossip, NodeObject(agent),
                        fmt::format("{}: gossip: {}", NodeObject(agent),
                                    agent.events().untold())});
  }
}

void Add(ProblemKind kind, const std::vector<Finding>& findings,
         Problems& problems) {
  for (const Finding& finding : findings) {
    problems.push_back({kind, finding.object, finding.text});
  }
}

// Until then nodes that start together may not have found each other.
bool HasSettled(const Agent& agent) {
  return agent.ToCivil(agent.now()) - agent.started_at() >= kSettled;
}

// A node that is not ready yet awaits the cluster; not for long.
void AddServices(const Agent& agent, Problems& problems) {
  const bool is_stuck = !agent.ready() && HasSettled(agent);
  if (!agent.ready() && !is_stuck) return;
  Add(ProblemKind::kNoAddress,
      FindWithoutAddress(agent.address_entries(), /*with_waiting=*/is_stuck),
      problems);
  if (!agent.ready()) return;
  const LiveMembers members = agent.LiveMembers();
  Add(ProblemKind::kNoAnnouncer, FindWithoutAnnouncer(agent.placement()),
      problems);
  Add(ProblemKind::kUnableAnnouncer,
      FindUnable(agent.address_entries(), agent.placement(), members),
      problems);
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

void AddSeeds(const Agent& agent, Problems& problems) {
  for (const gossip::Seeds::Unanswered& seed : agent.seeds().ListUnanswered()) {
    const std::string object = "Seed/" + seed.seed.text;
    problems.push_back(
        {ProblemKind::kGossip, object,
         fmt::format("{}: {}", object, DescribeUnanswered(seed))});
  }
}

}  // namespace

Problems ListProblems(const Agent& agent) {
  Problems problems;
  AddRefusedObjects(agent, problems);
  AddWithheld(agent, problems);
  AddConflicts(agent, problems);
  AddOrphans(agent, problems);
  AddOwned(agent, problems);
  AddUntoldFacts(agent, problems);
  AddInterfaces(agent, problems);
  AddSharedSegments(agent, problems);
  AddUndelivered(agent, problems);
  AddStrictArp(agent, problems);
  AddState(agent, problems);
  AddAdvertisedAddress(agent, problems);
  AddGossip(agent, problems);
  AddHeldBack(agent, problems);
  AddServices(agent, problems);
  AddNodes(agent, problems);
  AddUndecryptable(agent, problems);
  AddSeeds(agent, problems);
  return problems;
}

}  // namespace lb
