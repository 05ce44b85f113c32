#include "daemon/lbctl/move_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "daemon/placement/placement.h"
#include "daemon/placement/service_vip.h"
#include "lb/election/cluster.h"
#include "lb/election/eligibility.h"
#include "lb/election/explanation.h"

namespace lb::lbctl {
namespace {

using election::NodeVerdict;
using Nodes = std::set<std::string, std::less<>>;

// By MetalLB's rule, which knows no policies.
election::Cluster ClusterOf(const ClusterFacts& facts) {
  election::Cluster cluster;
  cluster.members = facts.members;
  cluster.nodes = facts.desired->nodes;
  cluster.advertisements = facts.desired->advertisements;
  for (auto& advertisement : cluster.advertisements) {
    advertisement.policy.reset();
  }
  cluster.ignore_exclude_label = facts.ignore_exclude_label;
  return cluster;
}

struct Elected {
  election::Explanation explanation;
  Nodes nodes;  // At most one.
};
using Elections = std::map<std::string, Elected>;

// The elections of all services that lbd understands.
Elections ElectAll(const ClusterFacts& facts) {
  const election::Cluster cluster = ClusterOf(facts);
  Elections elections;
  AddressEntries entries;
  Placement placement;
  for (const auto& [name, assignment] : facts.assignments) {
    const auto service = facts.desired->services.find(name);
    if (service == facts.desired->services.end()) continue;
    Elected& elected = elections[name];
    elected.explanation = election::Explain(
        cluster, VipOf(*facts.desired, service->second, assignment));
    entries[name].assignment = assignment;
    ServicePlacement& place = placement[name];
    if (!elected.explanation.winner) continue;
    place.announcers.push_back({.node = *elected.explanation.winner});
  }
  JoinSharers(entries, placement);
  for (const auto& [name, place] : placement) {
    for (const election::Announcer& announcer : place.announcers) {
      elections.at(name).nodes.insert(announcer.node);
    }
  }
  return elections;
}

std::string NamesOf(const Nodes& nodes) {
  return nodes.empty() ? "no node" : fmt::format("{}", fmt::join(nodes, ", "));
}

std::string RemedyOf(const Nodes& claimed, const Elected& elected) {
  if (claimed.size() > 1) {
    return "wait until one of them is gone; if none goes, delete the "
           "ServiceL2Status of the node that does not answer for it";
  }
  for (const auto& node : elected.explanation.nodes) {
    if (!claimed.contains(node.node)) continue;
    switch (node.verdict) {
      case NodeVerdict::kNotMember:
        return fmt::format(
            "wait until the speaker's pod of {} is Ready; if the node is gone, "
            "delete its ServiceL2Status",
            node.node);
      case NodeVerdict::kNodeLabeledExcludeBalancers:
        return "--ignore-exclude-lb, if MetalLB's speakers have it, and "
               "speaker.ignoreExcludeLB in lbd's chart";
      case NodeVerdict::kNotOwner:
        return "find out which members MetalLB's speakers see: their logs say "
               "\"node event\"";
      default:
        return "wait until MetalLB's speakers have seen the last change of the "
               "objects, and see the refused ones above";
    }
  }
  return claimed.empty() ? "see why MetalLB announces it nowhere: the log of "
                           "its speakers, kubectl describe service"
                         : "delete the ServiceL2Status, as the cluster has no "
                           "such node";
}

// Why lbd would take that node, and why not the one that MetalLB names.
std::string ReasonOf(const Nodes& claimed, const Elected& elected) {
  std::string reason = elected.explanation.reason;
  for (const auto& node : elected.explanation.nodes) {
    const bool is_other = claimed.contains(node.node) &&
                          !elected.nodes.contains(node.node) &&
                          node.verdict != NodeVerdict::kNotOwner;
    if (!is_other) continue;
    reason +=
        fmt::format("; {} is {}", node.node, election::ToString(node.verdict));
  }
  return reason;
}

class Judge {
 public:
  Judge(const ClusterFacts& facts, Detail detail)
      : facts_(facts), detail_(detail) {}

  std::vector<Finding> All() {
    JudgeMembers();
    JudgeObjects();
    JudgeServices();
    return std::move(findings_);
  }

 private:
  void Add(Grade grade, std::string subject, std::string text,
           std::string remedy = "") {
    findings_.push_back(
        {grade, std::move(subject), std::move(text), std::move(remedy)});
  }

  void JudgeMembers() {
    if (facts_.members.empty()) {
      return Add(Grade::kFault, "members",
                 fmt::format("none: {}", facts_.members_from),
                 "wait until the speakers are Ready");
    }
    Add(Grade::kGood, "members",
        fmt::format("{}: {}", fmt::join(facts_.members, ", "),
                    facts_.members_from));
  }

  void JudgeObjects() {
    for (const config::Problem& problem : facts_.desired->problems) {
      Add(Grade::kFault, "refused", problem.ToString(),
          "repair the object, or lbd goes without it");
    }
  }

  void JudgeServices() {
    std::map<std::string, Nodes, std::less<>> claims;
    for (const ClusterFacts::Claim& claim : facts_.claims) {
      claims[claim.service].insert(claim.node);
    }
    const Elections elections = ElectAll(facts_);
    const bool any_elected =
        std::any_of(elections.begin(), elections.end(),
                    [](const auto& one) { return !one.second.nodes.empty(); });
    if (claims.empty() && any_elected) {
      return Add(Grade::kFault, "services",
                 fmt::format("{} have addresses, and no ServiceL2Status says "
                             "which node announces any of them",
                             facts_.assignments.size()),
                 "MetalLB writes them since 0.14: is it there, with "
                 "L2Advertisements, in this namespace?");
    }
    for (const auto& [name, assignment] : facts_.assignments) {
      const auto elected = elections.find(name);
      if (elected == elections.end()) {
        Add(Grade::kFault, "Service/" + name,
            fmt::format("{}: lbd does not understand the Service, and would "
                        "not announce it",
                        assignment.ToString()),
            "see the refused objects above");
      } else {
        JudgeService(name, claims[name], elected->second);
      }
    }
    if (detail_ == Detail::kEach && !facts_.assignments.empty()) return;
    Add(alike_ == 0 ? Grade::kNote : Grade::kGood, "services",
        fmt::format("{} of {} that have addresses: the node that MetalLB says "
                    "announces it is the one that lbd would elect",
                    alike_, facts_.assignments.size()));
  }

  void JudgeService(const std::string& name, const Nodes& claimed,
                    const Elected& elected) {
    const std::string subject = "Service/" + name;
    const std::string address = elected.explanation.address.ToString();
    if (claimed == elected.nodes) {
      ++alike_;
      if (detail_ == Detail::kSums) return;
      return Add(Grade::kGood, subject,
                 fmt::format("{}: {}", address, NamesOf(claimed)));
    }
    Add(Grade::kFault, subject,
        fmt::format("{}: MetalLB says {}, lbd would elect {}: {}", address,
                    NamesOf(claimed), NamesOf(elected.nodes),
                    ReasonOf(claimed, elected)),
        RemedyOf(claimed, elected));
  }

  const ClusterFacts& facts_;
  const Detail detail_;
  std::vector<Finding> findings_;
  size_t alike_ = 0;
};

}  // namespace

std::vector<Finding> JudgeMove(const ClusterFacts& facts, Detail detail) {
  return Judge(facts, detail).All();
}

}  // namespace lb::lbctl
