#include "daemon/lbctl/render.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/time/time.h"
#include "daemon/lbctl/announcer_text.h"
#include "daemon/lbctl/format.h"
#include "daemon/lbctl/table.h"
#include "lb/config/printable.h"

namespace lb::lbctl {
namespace {

using config::Printable;  // Names come from other nodes.

constexpr int kNamesShown = 8;  // Names of objects in a narrow line.

std::string FormatDuration(const google::protobuf::Duration& duration) {
  if (duration.seconds() == 0 && duration.nanos() == 0) return "";
  return fmt::format("{:.3f} ms",
                     duration.seconds() * 1e3 + duration.nanos() / 1e6);
}

Cell StateCell(const status::v1::Member& member) {
  if (member.unverified()) return {"unverified", Colour::kYellow};
  switch (member.state()) {
    case status::v1::Member::ALIVE:
      return {"alive", Colour::kGreen};
    case status::v1::Member::SUSPECT:
      return {"suspect", Colour::kYellow};
    case status::v1::Member::DEAD:
      return {"dead", Colour::kRed};
    case status::v1::Member::LEFT:
      return {"left"};
    default:  // From a newer server.
      return {"unknown"};
  }
}

// Turns "OBJECT_REFUSED" into "object refused". A newer server's enumerator has
// no name here.
std::string InWords(std::string enumerator) {
  for (char& c : enumerator) c = c == '_' ? ' ' : absl::ascii_tolower(c);
  return enumerator.empty() ? "unknown" : enumerator;
}

std::string KindName(status::v1::Problem::Kind kind) {
  return InWords(status::v1::Problem::Kind_Name(kind));
}

// Empty: the announcement lasts.
std::string EndName(status::v1::Announcement::End end) {
  if (end == status::v1::Announcement::END_UNSPECIFIED) return "";
  return InWords(status::v1::Announcement::End_Name(end));
}

std::string UseText(const status::v1::FamilyUse& use) {
  if (use.total().empty() || use.total() == "0") return "";
  const bool any_taken = !use.taken().empty() && use.taken() != "0";
  return fmt::format("{} of {}{}", use.used(), use.total(),
                     any_taken ? fmt::format(", {} taken", use.taken()) : "");
}

Cell UseCell(const status::v1::FamilyUse& use) {
  const bool full = use.free() == "0" && use.total() != "0";
  return {UseText(use), full ? Colour::kRed : Colour::kNone};
}

template <typename List>
std::string Join(const List& list) {
  return fmt::format("{}", fmt::join(list, ","));
}

// Also says since when an address is withheld, and what to do.
std::string WideReason(const status::v1::Service& service) {
  if (service.withheld().empty()) return service.reason();
  std::string text;
  for (const auto& withheld : service.withheld()) {
    text += fmt::format("{}{} withheld since {}: {}, want {}",
                        text.empty() ? "" : "; ", withheld.address(),
                        FormatTime(withheld.since()), withheld.text(),
                        withheld.remedy());
  }
  return text;
}

// False: no address is taken.
bool AddTaken(const status::v1::Pool& pool, Table* table) {
  for (const auto& taken : pool.taken()) {
    table->Add({pool.name(), taken.address(), Printable(taken.owner()),
                Join(taken.services())});
  }
  if (pool.taken_omitted() > 0) {
    table->Add({pool.name(), fmt::format("and {} more", pool.taken_omitted()),
                "", ""});
  }
  return !pool.taken().empty();
}

// False: no service is absent.
bool AddAbsent(const status::v1::Pool& pool, Table* table) {
  for (const auto& holder : pool.absent_holders()) {
    table->Add(
        {pool.name(), holder.service(), Join(holder.addresses()),
         FormatTime(holder.since()),
         holder.held_back() ? "a file that cannot be read may define it" : ""});
  }
  if (pool.absent_holders_omitted() > 0) {
    table->Add({pool.name(),
                fmt::format("and {} more", pool.absent_holders_omitted()), "",
                "", ""});
  }
  return !pool.absent_holders().empty();
}

// An empty state does not mean that the family is lacking.
bool IsLacking(const std::string& state) {
  return !state.empty() && state != "usable";
}

Cell UsableCell(const status::v1::Interface& interface) {
  if (!interface.usable()) return "no: " + interface.reason();
  if (IsLacking(interface.ipv4_state())) {
    return "NDP only; ARP: " + interface.ipv4_state();
  }
  if (IsLacking(interface.ipv6_state())) {
    return "ARP only; NDP: " + interface.ipv6_state();
  }
  return {"yes", Colour::kGreen};
}

std::string ProblemLines(
    const google::protobuf::RepeatedPtrField<status::v1::Problem>& problems,
    const Style& style) {
  std::string text;
  for (const auto& problem : problems) {
    const std::string line = Printable(problem.text());
    text += (style.colours ? Paint(line, Colour::kYellow) : line) + "\n";
  }
  return text;
}

std::string ReadyText(const status::v1::GetNodeResponse& node) {
  if (node.draining() && !node.drain_mark().empty()) {
    return fmt::format(
        "draining while the Node object has {}: other nodes announce",
        Printable(node.drain_mark()));
  }
  if (node.draining()) return "draining: other nodes announce";
  return node.ready() ? "yes" : "no, waiting to hear from the cluster";
}

}  // namespace

std::string Render(const status::v1::GetNodeResponse& node,
                   const Style& style) {
  std::string text = fmt::format(
      "Node:       {}\n"
      "Version:    {}\n"
      "Started:    {}\n"
      "Ready:      {}\n"
      "Author:     {}\n"
      "Announcing: {} addresses\n",
      Printable(node.name()), Printable(node.version()),
      FormatTime(node.started_at()), ReadyText(node),
      node.ledger_author().empty() ? "none yet"
                                   : Printable(node.ledger_author()),
      node.announced_addresses());
  Table interfaces({"INTERFACE", "MAC", "USABLE"});
  for (const auto& interface : node.interfaces()) {
    interfaces.Add({interface.name(), interface.mac(), UsableCell(interface)});
  }
  text += "\n" + interfaces.Print(style.colours);
  Table turns({"LONGEST TURN", "LENGTH", "PROCESSOR", "AT", "THE LOOP"});
  const auto add_turn = [&](const char* of, const status::v1::Turn& turn) {
    turns.Add({of, FormatDuration(turn.length()),
               FormatDuration(turn.processor()), FormatTime(turn.at()),
               Printable(turn.cause())});
  };
  if (node.has_longest_turn()) {
    add_turn("since the start", node.longest_turn());
    add_turn("of 10 minutes", node.recent_longest_turn());
    text += "\n" + turns.Print(style.colours);
  }
  text += fmt::format("\nProblems:   {}\n", node.problems_size());
  return text + ProblemLines(node.problems(), style);
}

std::string Render(const status::v1::ListServicesResponse& services,
                   const Style& style) {
  std::vector<std::string> header = {"SERVICE", "EXTERNAL-IP", "POOL",
                                     "NODE",    "INTERFACES",  "REASON"};
  if (style.wide) header.insert(header.begin() + 4, "SINCE");
  Table table(header);
  for (const auto& service : services.services()) {
    const bool pending = service.addresses().empty();
    std::vector<Cell> cells = {
        service.name(),
        pending ? Cell("<pending>", Colour::kYellow)
                : Cell(Join(service.addresses())),
        service.pool(),
        NodesText(service),
        InterfacesText(service),
        {style.wide ? WideReason(service) : service.reason(), Colour::kYellow}};
    if (style.wide) {
      cells.insert(cells.begin() + 4, SinceText(service));
    }
    table.Add(std::move(cells));
  }
  return table.Print(style.colours);
}

std::string Render(const status::v1::ListPoolsResponse& pools,
                   const Style& style) {
  Table table({"POOL", "ADDRESSES", "AUTO-ASSIGN", "IPV4-USED", "IPV6-USED"});
  Table holders({"POOL", "ADDRESS", "SERVICES"});
  Table taken({"POOL", "ADDRESS", "TAKEN: IT IS", "HELD BY"});
  Table absent({"POOL", "WITHOUT A MANIFEST", "ADDRESSES", "SINCE", ""});
  bool any_holder = false, any_taken = false, any_absent = false;
  for (const auto& pool : pools.pools()) {
    table.Add({pool.name(),
               pool.gone() ? Cell("<gone>", Colour::kYellow)
                           : Cell(Join(pool.addresses())),
               pool.gone()          ? ""
               : pool.auto_assign() ? "true"
                                    : "false",
               UseCell(pool.ipv4()), UseCell(pool.ipv6())});
    for (const auto& holder : pool.holders()) {
      holders.Add({pool.name(), holder.address(), Join(holder.services())});
      any_holder = true;
    }
    if (pool.holders_omitted() > 0) {
      holders.Add({pool.name(),
                   fmt::format("and {} more", pool.holders_omitted()), ""});
    }
    any_taken |= AddTaken(pool, &taken);
    any_absent |= AddAbsent(pool, &absent);
  }
  std::string text = table.Print(style.colours);
  if (any_taken) text += "\n" + taken.Print(style.colours);
  if (any_absent) text += "\n" + absent.Print(style.colours);
  if (any_holder) text += "\n" + holders.Print(style.colours);
  return text;
}

std::string Render(const status::v1::ListMembersResponse& members,
                   const Style& style) {
  std::vector<std::string> header = {"MEMBER",      "ENDPOINT", "STATE",
                                     "INCARNATION", "SINCE",    "ROUND-TRIP"};
  if (style.wide) header.insert(header.end(), {"ANSWERED", "HEALTH"});
  Table table(header);
  for (const auto& member : members.members()) {
    std::vector<Cell> cells = {
        member.name(),
        member.endpoint(),
        StateCell(member),
        fmt::format("{}", member.incarnation()),
        FormatTime(member.since()),
        member.is_self() ? "this node" : FormatDuration(member.round_trip())};
    if (style.wide) {
      cells.push_back(FormatTime(member.answered_at()));
      cells.push_back(member.has_health_score()
                          ? fmt::format("{}", member.health_score())
                          : "");
    }
    table.Add(std::move(cells));
  }
  return table.Print(style.colours);
}

std::string Render(const status::v1::ListInterfacesResponse& interfaces,
                   const Style& style) {
  Table table({"INTERFACE", "MAC", "USABLE", "IPV4", "IPV6", "ANNOUNCED"});
  for (const auto& interface : interfaces.interfaces()) {
    table.Add({interface.name(), interface.mac(),
               interface.usable() ? Cell("yes", Colour::kGreen) : Cell("no"),
               interface.ipv4_state(), interface.ipv6_state(),
               fmt::format("{}", interface.announced_addresses())});
  }
  return table.Print(style.colours);
}

std::string Render(const status::v1::ListAnnouncementsResponse& history,
                   const Style& style) {
  Table table({"ADDRESS", "SERVICE", "NODE", "FROM", "TO", "END"});
  for (const auto& announcement : history.announcements()) {
    const auto end = announcement.end();
    table.Add({announcement.address(), announcement.service(),
               announcement.node(), FormatTime(announcement.from()),
               end == status::v1::Announcement::END_UNSPECIFIED
                   ? Cell("lasts", Colour::kGreen)
                   : Cell(FormatTime(announcement.to())),
               EndName(end)});
  }
  return table.Print(style.colours);
}

std::string Render(const status::v1::ListProblemsResponse& problems,
                   const Style& style) {
  if (problems.problems().empty()) return "No problems.\n";
  Table table({"KIND", "PROBLEM"});
  for (const auto& problem : problems.problems()) {
    table.Add({KindName(problem.kind()), {problem.text(), Colour::kYellow}});
  }
  std::string text = table.Print(style.colours);
  if (problems.omitted() > 0) {
    text += fmt::format("and {} more\n", problems.omitted());
  }
  return text;
}

std::string Render(const status::v1::WhatIfResponse& moves,
                   const Style& style) {
  if (moves.moves().empty()) return "Nothing would move.\n";
  Table table({"SERVICE", "ADDRESS", "FROM", "TO"});
  for (const auto& move : moves.moves()) {
    table.Add(
        {move.service(), move.address(), move.from(),
         move.to().empty() ? Cell("none", Colour::kRed) : Cell(move.to())});
  }
  return table.Print(style.colours);
}

namespace {

// "Added:    Service/default/a, Service/default/b"; empty: there are no names.
std::string NamesLine(const char* what, const admin::v1::ObjectNames& objects,
                      bool wide) {
  if (objects.names().empty()) return "";
  const int shown =
      wide ? objects.names_size() : std::min(objects.names_size(), kNamesShown);
  std::string line = fmt::format("{:<10}", what);
  for (int i = 0; i < shown; ++i) {
    line += (i == 0 ? "" : ", ") + Printable(objects.names(i));
  }
  const uint64_t more = objects.names_size() - shown + objects.omitted();
  return line + (more == 0 ? "\n" : fmt::format(" and {} more\n", more));
}

// Empty: the answer does not say, as with `lbctl check`.
std::string ChangesText(const admin::v1::ReloadResponse& reload, bool wide) {
  if (!reload.has_added()) return "";
  const std::string text = NamesLine("Added:", reload.added(), wide) +
                           NamesLine("Changed:", reload.changed(), wide) +
                           NamesLine("Removed:", reload.removed(), wide) +
                           NamesLine("Refused:", reload.refused(), wide) +
                           NamesLine("Resolved:", reload.resolved(), wide);
  return text.empty() ? "Nothing changed.\n" : text;
}

}  // namespace

std::string Render(const admin::v1::ReloadResponse& reload,
                   const Style& style) {
  std::string text = fmt::format(
      "In force: {} pools, {} advertisements, {} services. {} problems.\n",
      reload.pools(), reload.advertisements(), reload.services(),
      reload.problems_size());
  if (!reload.counts().empty()) {
    text += fmt::format("{}.\n", Printable(reload.counts()));
  }
  text += ChangesText(reload, style.wide);
  for (const std::string& problem : reload.problems()) {
    const std::string line = Printable(problem);
    text += (style.colours ? Paint(line, Colour::kYellow) : line) + "\n";
  }
  for (const std::string& notice : reload.notices()) {
    text += fmt::format("notice: {}\n", Printable(notice));
  }
  return text;
}

std::string Render(const admin::v1::ReleaseAddressResponse& response,
                   const Style&) {
  std::string text;
  for (const auto& released : response.released()) {
    text +=
        fmt::format("{} is free; {} held it.\n", Printable(released.address()),
                    Printable(released.service()));
  }
  return text;
}

std::string Render(const admin::v1::RotateGossipKeyResponse& rotated,
                   const Style&) {
  return fmt::format("Done. {} secrets decrypt now.\n", rotated.keys());
}

std::string Render(const admin::v1::DrainResponse&, const Style&) {
  return "Draining: other nodes announce until `lbctl undrain` or a restart.\n";
}

std::string Render(const admin::v1::UndrainResponse&, const Style&) {
  return "No longer draining.\n";
}

std::string Render(const admin::v1::SetLogLevelResponse&, const Style&) {
  return "Done, until the next restart.\n";
}

std::string Render(const status::v1::Event& event, const Style& style) {
  const bool warning = event.type() == status::v1::Event::WARNING;
  std::string type = fmt::format("{:<7}", warning ? "Warning" : "Normal");
  if (style.colours && warning) type = Paint(type, Colour::kYellow);
  return fmt::format("{}  {}  {}  {}  {}  {}\n", event.sequence(),
                     FormatTime(event.time()), type, Printable(event.reason()),
                     Printable(event.object()), Printable(event.message()));
}

}  // namespace lb::lbctl
