#include "daemon/problems/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "daemon/placement/abilities.h"
#include "daemon/problems/node_names.h"
#include "lb/election/ability.h"
#include "lb/election/election.h"

namespace lb {
namespace {

using Names = std::set<std::string>;

std::string ServiceObject(std::string_view service) {
  return fmt::format("Service/{}", service);
}

Names NamesOf(const LiveMembers& members) {
  Names names;
  for (const Elections::LiveMember& member : members) {
    names.insert(member.name);
  }
  return names;
}

Names NodeObjectsOf(const config::Desired& desired) {
  Names names;
  for (const auto& [name, node] : desired.nodes) names.insert(name);
  return names;
}

// A reason that says what is wanted needs no remedy.
std::string Want(std::string_view reason, const std::string& remedy) {
  const bool says_it = reason.find(", want ") != reason.npos;
  return remedy.empty() || says_it ? "" : ", want " + remedy;
}

// A refusal begins with "Service/namespace/name: ".
std::string_view WithoutObject(std::string_view reason,
                               const std::string& object) {
  if (reason.starts_with(object + ": "))
    reason.remove_prefix(object.size() + 2);
  return reason;
}

std::string DidYouMean(const std::optional<std::string>& near) {
  return near ? fmt::format(", did you mean \"{}\"?", *near) : "";
}

// Values that the label kubernetes.io/hostname may have.
Names HostNamesOf(const config::Desired& desired, const Names& members) {
  Names names;
  for (const std::string& member : members) {
    if (!desired.nodes.contains(member)) names.insert(member);
  }
  for (const auto& [name, node] : desired.nodes) {
    const auto label = node.labels.find(std::string(election::kHostnameLabel));
    if (label != node.labels.end()) names.insert(label->second);
  }
  return names;
}

// The host names by which an advertisement selects nodes.
Names SelectedHostNames(const election::L2Advertisement& advertisement) {
  const std::string key(election::kHostnameLabel);
  Names names;
  for (const LabelSelector& selector : advertisement.node_selectors) {
    const auto label = selector.match_labels.find(key);
    if (label != selector.match_labels.end()) names.insert(label->second);
    for (const LabelRequirement& requirement : selector.match_expressions) {
      if (requirement.key == key &&
          requirement.op == LabelRequirement::Operator::kIn) {
        names.insert(requirement.values.begin(), requirement.values.end());
      }
    }
  }
  return names;
}

void FindMisnamedSelectors(const config::Desired& desired, const Names& members,
                           std::vector<Finding>& findings) {
  const Names known = HostNamesOf(desired, members);
  for (const election::L2Advertisement& advertisement :
       desired.advertisements) {
    for (const std::string& name : SelectedHostNames(advertisement)) {
      const auto near = NearNameOf(name, known);
      if (!near) continue;
      const std::string object = "L2Advertisement/" + advertisement.name;
      findings.push_back(
          {object, fmt::format("{}: nodeSelectors: {} \"{}\": no node has this "
                               "label{}",
                               object, election::kHostnameLabel, name,
                               DidYouMean(near))});
    }
  }
}

// Endpoints name their nodes as Node objects do, and these names must be
// members'.
void FindMisnamedEndpoints(const config::Desired& desired, const Names& members,
                           std::vector<Finding>& findings) {
  Names reported;
  for (const auto& [name, service] : desired.services) {
    if (service.traffic.external_traffic_policy !=
            election::TrafficPolicy::kLocal ||
        !service.traffic.endpoints) {
      continue;
    }
    for (const auto& endpoint : *service.traffic.endpoints) {
      const auto near = NearNameOf(endpoint.node, members);
      if (!near || !reported.insert(endpoint.node).second) continue;
      const std::string object = ServiceObject(service.request.service);
      findings.push_back(
          {object, fmt::format("{}: endpoints: nodeName \"{}\" is no member{}",
                               object, endpoint.node, DidYouMean(near))});
    }
  }
}

using Abilities = std::map<std::string, election::InterfaceAbilities>;

Abilities AbilitiesByNode(const LiveMembers& members) {
  Abilities abilities;
  for (const Elections::LiveMember& member : members) {
    if (!member.metadata) continue;
    if (const auto told = AbilitiesOf(*member.metadata)) {
      abilities.emplace(member.name, *told);
    }
  }
  return abilities;
}

}  // namespace

std::vector<Finding> FindWithoutAddress(const AddressEntries& entries,
                                        bool with_waiting,
                                        const RemedyOf& remedy_of) {
  std::vector<Finding> findings;
  for (const auto& [service, entry] : entries) {
    if (!entry.assignment.addresses.empty()) continue;
    if (entry.waiting && !with_waiting) continue;
    const std::string object = ServiceObject(service);
    const std::string_view reason = WithoutObject(entry.reason, object);
    const bool is_refusal = reason.size() < entry.reason.size();
    findings.push_back(
        {object,
         fmt::format("{}: no address: {}{}", object, reason,
                     is_refusal ? Want(reason, remedy_of(service)) : "")});
  }
  return findings;
}

std::vector<Finding> FindUnassigned(
    const AddressEntries& entries,
    const std::function<bool(const std::string& service)>& waits_in_vain) {
  std::vector<Finding> findings;
  for (const auto& [service, entry] : entries) {
    if (!entry.assignment.addresses.empty() || !entry.waiting) continue;
    if (!waits_in_vain(service)) continue;
    const std::string object = ServiceObject(service);
    findings.push_back(
        {object, fmt::format("{}: no address: {}, want the same manifests and "
                             "options on all nodes",
                             object, entry.reason)});
  }
  return findings;
}

std::vector<Finding> FindRefused(const AddressEntries& entries,
                                 const RemedyOf& remedy_of) {
  std::vector<Finding> findings;
  for (const auto& [service, entry] : entries) {
    if (entry.assignment.addresses.empty() || entry.reason.empty()) continue;
    const std::string object = ServiceObject(service);
    const std::string_view reason = WithoutObject(entry.reason, object);
    findings.push_back(
        {object,
         fmt::format("{}: keeps {}, as it is refused what it asks for: {}{}",
                     object, entry.assignment.ToString(), reason,
                     Want(reason, remedy_of(service)))});
  }
  return findings;
}

std::vector<Finding> FindWithoutAnnouncer(
    const AddressEntries& entries, const Placement& placement,
    const IsOwned& is_owned,
    const std::function<bool(const std::string& service)>& may_pass,
    const RemedyOf& remedy_of) {
  std::vector<Finding> findings;
  for (const auto& [service, place] : placement) {
    if (!place.announcers.empty() || may_pass(service)) continue;
    const auto& held = AddressesOf(entries, service);
    if (std::all_of(held.begin(), held.end(), [&](const auto& assigned) {
          return is_owned(assigned.address);
        })) {
      continue;
    }
    const std::string object = ServiceObject(service);
    findings.push_back(
        {object, fmt::format("{}: {}{}", object, place.reason,
                             Want(place.reason, remedy_of(service)))});
  }
  return findings;
}

namespace {

void AddUnable(const std::string& service,
               const std::vector<ipam::AssignedAddress>& addresses,
               const election::Announcer& announcer,
               const election::InterfaceAbilities& abilities,
               std::vector<Finding>& findings) {
  const auto able = AbilityOn(abilities, announcer.interfaces);
  for (const auto& assigned : addresses) {
    const auto needed = net::FamilyOf(assigned.address);
    if (able.IncludesAll(needed)) continue;
    const std::string object = ServiceObject(service);
    findings.push_back(
        {object,
         fmt::format("{}: {}: elected on {}, which cannot announce it: {}",
                     object, assigned.address.ToString(), announcer.node,
                     DescribeLack(abilities, announcer.interfaces, needed))});
  }
}

}  // namespace

std::vector<Finding> FindUnable(const AddressEntries& entries,
                                const Placement& placement,
                                const LiveMembers& members) {
  const Abilities abilities = AbilitiesByNode(members);
  std::vector<Finding> findings;
  for (const auto& [service, place] : placement) {
    for (const election::Announcer& announcer : place.announcers) {
      if (announcer.protocol != election::Protocol::kLayer2) continue;
      const auto node = abilities.find(announcer.node);
      if (node == abilities.end()) continue;
      AddUnable(service, AddressesOf(entries, service), announcer, node->second,
                findings);
    }
  }
  return findings;
}

std::vector<Finding> FindMisnamed(const config::Desired& desired,
                                  const LiveMembers& members) {
  std::vector<Finding> findings;
  const Names names = NamesOf(members);
  const Names objects = NodeObjectsOf(desired);
  for (const std::string& name : names) {
    if (objects.empty() || objects.contains(name)) continue;
    const std::string object = "Member/" + name;
    findings.push_back(
        {object, fmt::format("{}: node-name: no Node object has this name{}",
                             object, DidYouMean(NearNameOf(name, objects)))});
  }
  FindMisnamedSelectors(desired, names, findings);
  FindMisnamedEndpoints(desired, names, findings);
  return findings;
}

std::vector<Finding> FindWithoutMember(
    const config::Desired& desired, const LiveMembers& members,
    const std::function<bool(const std::string&)>& is_known) {
  std::vector<Finding> findings;
  const Names names = NamesOf(members);
  for (const auto& [name, node] : desired.nodes) {
    if (node.labels.contains(std::string(election::kExcludeLabel)) ||
        names.contains(name) || is_known(name)) {
      continue;
    }
    const std::string object = "Node/" + name;
    findings.push_back(
        {object,
         fmt::format("{}: no member has this name, want lbd to run there{}",
                     object, DidYouMean(NearNameOf(name, names)))});
  }
  return findings;
}

std::vector<Finding> FindDifferingOptions(std::string_view node,
                                          const LiveMembers& members) {
  bool ignores = false;
  for (const Elections::LiveMember& member : members) {
    if (member.name == node && member.metadata) {
      ignores = member.metadata->ignores_exclude_label;
    }
  }
  std::vector<Finding> findings;
  for (const Elections::LiveMember& member : members) {
    if (!member.metadata || member.metadata->ignores_exclude_label == ignores) {
      continue;
    }
    const std::string object = "Member/" + member.name;
    findings.push_back(
        {object, fmt::format("{}: ignore-exclude-lb: {} there and {} here, "
                             "want it alike on all nodes; until then the "
                             "label counts",
                             object, !ignores, ignores)});
  }
  return findings;
}

}  // namespace lb
