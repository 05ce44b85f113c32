#include "tests/sim/chaos/bgp/node_checks.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <string_view>

#include "lb/bgp/session.h"

namespace lb::chaos {
namespace {

constexpr size_t kPendingPerHostMax = 4096;
constexpr size_t kWaitingMax = 2 * bgp::Session::kAheadMax;

}  // namespace

std::optional<std::string> WhyBeyondLimits(BgpStage& stage,
                                           const BgpNode& node) {
  std::optional<std::string> why;
  const auto check = [&](std::string_view what, size_t size, size_t max) {
    if (size <= max || why) return;
    why = fmt::format("{}: {} {}, want {} at most", node.name, size, what, max);
  };
  const size_t nodes = stage.nodes().size();
  check("events that wait", stage.world().loop().pending(),
        kPendingPerHostMax * (nodes + kRouters));
  if (!node.running()) return why;
  check("bytes that wait", node.peering->most_waiting(), kWaitingMax);
  const NodeView view = node.agent->View();
  check("members", view.gossip().Members().size(), nodes);
  check("peers", view.routing.Peers().size(), kRouters);
  check("sessions of BFD", view.routing.BfdSessions().size(), kRouters);
  return why;
}

std::optional<std::string> WhyNotDelivered(BgpStage& stage) {
  std::map<net::IpAddress, std::string> answering;
  for (const auto& node : stage.nodes()) {
    const NodeView view = node->agent->View();
    std::set<net::IpAddress> wanted = view.routing.planner().addresses();
    for (const auto& [announcement, post] : view.announcer().current()) {
      const net::IpAddress& vip = announcement.vip;
      if (!view.announcing.Answers(vip)) continue;
      wanted.insert(vip);
      if (!node->objects->IsLayer2(vip)) {
        return fmt::format("{} answers for {}", node->name, vip.ToString());
      }
      const auto [it, is_new] = answering.emplace(vip, node->name);
      if (is_new || it->second == node->name) continue;
      return fmt::format("{} and {} answer for {}", it->second, node->name,
                         vip.ToString());
    }
    std::set<net::IpAddress> installed;
    for (const auto& [interface, address] :
         node->host->installer().installed()) {
      installed.insert(address);
    }
    if (installed == wanted) continue;
    return fmt::format("{} has {} addresses on lo, want {}", node->name,
                       installed.size(), wanted.size());
  }
  return std::nullopt;
}

}  // namespace lb::chaos
