#include "daemon/problems/withholding.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "daemon/announcing/announcing.h"
#include "daemon/hosts/withheld_facts.h"
#include "daemon/node_view/node_view.h"

namespace lb {
namespace {

Withholding ByOwner(const NodeView& view, const std::string& service,
                    const net::IpAddress& address, absl::Time since) {
  const AddressOwner& owner = view.owners.owned().at(address);
  const std::string& node = owner.node;
  const std::string another =
      AsksFor(view, service, address)
          ? "another loadBalancerIP in the service's manifest"
          : fmt::format("`lbctl release {}`, which gives the service another",
                        address.ToString());
  return {.address = address,
          .member = node,
          .since = since,
          .text = fmt::format("{} is {}", address.ToString(), owner.text),
          .remedy = owner.kind == OwnerKind::kRouter
                        ? fmt::format("{}; or no route of {} through it",
                                      another, node)
                        : fmt::format("{}; or another address for {}", another,
                                      node.empty() ? "that host" : node)};
}

std::string RemedyFor(const NodeView& view, const std::string& service,
                      const WithheldFact& fact) {
  if (!fact.member.empty()) {
    return fmt::format("gossip between the two nodes, or {} without it",
                       fact.member);
  }
  const std::string address = fact.address.ToString();
  return fmt::format(
      "another address for that host, or for the service: {}",
      AsksFor(view, service, fact.address)
          ? "another loadBalancerIP in its manifest"
          : fmt::format("lb.io/exclude: {0} on its pool, and then `lbctl "
                        "release {0}`",
                        address));
}

Withholding ByOther(const NodeView& view, const std::string& service,
                    const WithheldFact& fact) {
  const Withheld withheld = {
      .interface = fact.interface,
      .mac = fact.mac,
      .node = fact.member.empty() ? std::nullopt : std::optional(fact.member),
      .by_proxy = fact.by_proxy,
      .since = fact.since};
  return {.address = fact.address,
          .interface = fact.interface,
          .mac = fact.mac,
          .member = fact.member,
          .since = fact.since,
          .text = withheld.ToString(),
          .remedy = fact.by_proxy ? std::string(Withheld::ProxyRemedy())
                                  : RemedyFor(view, service, fact)};
}

// Facts that the elected node tells about the address. If it is this node, it
// knows them itself.
std::vector<WithheldFact> FactsOf(const NodeView& view, const std::string& node,
                                  const net::IpAddress& address) {
  if (node == view.options.node) {
    return view.announcing.WithheldFactsOf(address,
                                           view.ToCivil(view.now) - view.now);
  }
  std::vector<WithheldFact> facts;
  const auto& hosts = view.owners.table().entries();
  const auto host = hosts.find(node);
  if (host == hosts.end()) return facts;
  for (const WithheldFact& fact : host->second.facts.withheld.facts) {
    if (fact.address == address) facts.push_back(fact);
  }
  return facts;
}

}  // namespace

bool AsksFor(const NodeView& view, const std::string& service,
             const net::IpAddress& address) {
  const auto& requests = view.addresses.requests();
  const auto request = requests.find(service);
  if (request == requests.end()) return false;
  const auto& asked = request->second.requested_addresses;
  return std::find(asked.begin(), asked.end(), address) != asked.end();
}

std::vector<Withholding> FindWithholdings(const NodeView& view,
                                          const std::string& service,
                                          const net::IpAddress& address) {
  const WithheldAddresses& owned = view.owners.withheld();
  if (const auto owner = owned.find(address); owner != owned.end()) {
    return {ByOwner(view, service, address, owner->second)};
  }
  std::vector<Withholding> withholdings;
  const auto place = view.placement().find(service);
  if (place == view.placement().end()) return withholdings;
  for (const election::Announcer& announcer : place->second.announcers) {
    for (const WithheldFact& fact : FactsOf(view, announcer.node, address)) {
      withholdings.push_back(ByOther(view, service, fact));
    }
  }
  return withholdings;
}

}  // namespace lb
