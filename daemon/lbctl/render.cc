#include "daemon/lbctl/render.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "daemon/lbctl/table.h"
#include "lb/config/printable.h"

namespace lb::lbctl {
namespace {

using config::Printable;  // Names come from other nodes.

std::string FormatTime(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0) return "";
  return absl::FormatTime(
      "%Y-%m-%d %H:%M:%E3S",
      absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos()),
      absl::LocalTimeZone());
}

std::string_view StateName(status::v1::Member::State state) {
  switch (state) {
    case status::v1::Member::ALIVE:
      return "alive";
    case status::v1::Member::SUSPECT:
      return "suspect";
    case status::v1::Member::DEAD:
      return "dead";
    case status::v1::Member::LEFT:
      return "left";
    default:  // A newer server's.
      return "unknown";
  }
}

std::string UseText(const status::v1::FamilyUse& use) {
  if (use.total().empty() || use.total() == "0") return "";
  return fmt::format("{} of {}", use.used(), use.total());
}

}  // namespace

std::string Render(const status::v1::GetNodeResponse& node) {
  std::string text = fmt::format(
      "Node:       {}\n"
      "Version:    {}\n"
      "Started:    {}\n"
      "Ready:      {}\n"
      "Author:     {}\n"
      "Announcing: {} addresses\n",
      node.name(), node.version(), FormatTime(node.started_at()),
      node.ready() ? "yes" : "no, waiting to hear from the cluster",
      node.ledger_author().empty() ? "none yet" : node.ledger_author(),
      node.announced_addresses());
  Table interfaces({"INTERFACE", "MAC", "USABLE"});
  for (const auto& interface : node.interfaces()) {
    interfaces.Add({interface.name(), interface.mac(),
                    interface.usable() ? "yes" : "no: " + interface.reason()});
  }
  text += "\n" + interfaces.Print();
  text += fmt::format("\nProblems:   {}\n", node.problems_size());
  for (const auto& problem : node.problems()) {
    text += Printable(problem.text()) + "\n";
  }
  return text;
}

std::string Render(const status::v1::ListServicesResponse& services) {
  Table table(
      {"SERVICE", "EXTERNAL-IP", "POOL", "NODE", "INTERFACES", "REASON"});
  for (const auto& service : services.services()) {
    const bool announced = !service.announcing_node().empty();
    table.Add({service.name(),
               service.addresses().empty()
                   ? "<pending>"
                   : fmt::format("{}", fmt::join(service.addresses(), ",")),
               service.pool(), service.announcing_node(),
               !announced ? ""
               : service.interfaces().empty()
                   ? "all"
                   : fmt::format("{}", fmt::join(service.interfaces(), ",")),
               service.reason()});
  }
  return table.Print();
}

std::string Render(const status::v1::ListPoolsResponse& pools) {
  Table table({"POOL", "ADDRESSES", "AUTO-ASSIGN", "IPV4-USED", "IPV6-USED"});
  for (const auto& pool : pools.pools()) {
    table.Add({pool.name(), fmt::format("{}", fmt::join(pool.addresses(), ",")),
               pool.auto_assign() ? "true" : "false", UseText(pool.ipv4()),
               UseText(pool.ipv6())});
  }
  return table.Print();
}

std::string Render(const status::v1::ListMembersResponse& members) {
  Table table({"MEMBER", "ENDPOINT", "STATE", "INCARNATION", "SINCE"});
  for (const auto& member : members.members()) {
    table.Add({member.name(), member.endpoint(),
               std::string(StateName(member.state())),
               fmt::format("{}", member.incarnation()),
               FormatTime(member.since())});
  }
  return table.Print();
}

std::string Render(const status::v1::Event& event) {
  return fmt::format(
      "{}  {}  {:<7}  {}  {}  {}\n", event.sequence(), FormatTime(event.time()),
      event.type() == status::v1::Event::WARNING ? "Warning" : "Normal",
      Printable(event.reason()), Printable(event.object()),
      Printable(event.message()));
}

}  // namespace lb::lbctl
