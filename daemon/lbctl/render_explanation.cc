// Renders why a service is announced where it is.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "absl/strings/str_join.h"
#include "daemon/lbctl/format.h"
#include "daemon/lbctl/render.h"
#include "daemon/lbctl/table.h"
#include "lb/config/printable.h"

namespace lb::lbctl {

using config::Printable;  // Names come from other nodes.

namespace {

constexpr std::string_view kAnnouncer = "announcer";

std::string VerdictText(const status::v1::NodeVerdict& node) {
  if (node.withheld()) return "elected, withheld";
  return node.draining() && node.verdict() != "nodeDraining"
             ? node.verdict() + ", draining"
             : node.verdict();
}

// "none" beside an announcer would confuse: the policy compat has no holders,
// and a node that withholds the address gives up its tenure.
std::string HolderLine(const status::v1::ExplainResponse& explanation) {
  const auto& nodes = explanation.nodes();
  const bool announced =
      std::any_of(nodes.begin(), nodes.end(), [](const auto& node) {
        return node.verdict() == kAnnouncer && !node.withheld();
      });
  if (!explanation.holder().empty()) {
    return fmt::format("Holder:  {}\n", Printable(explanation.holder()));
  }
  if (!explanation.withheld().empty()) return "Holder:  none: withheld\n";
  if (!announced) return "Holder:  none\n";
  return explanation.policy() == "compat" ? "" : "Holder:  none yet\n";
}

std::string WithheldText(
    const google::protobuf::RepeatedPtrField<status::v1::Withheld>& withheld,
    const Style& style) {
  if (withheld.empty()) return "";
  Table table({"WITHHELD", "SINCE", "WHY", "WANT"});
  for (const auto& one : withheld) {
    table.Add({one.address(),
               FormatTime(one.since()),
               {one.text(), Colour::kYellow},
               one.remedy()});
  }
  return "\n" + table.Print(style.colours);
}

std::string RoutesText(const status::v1::ExplainResponse& explanation,
                       const Style& style) {
  if (explanation.routes().empty()) return "";
  Table table({"NODE", "BY BGP", "ROUTES"});
  std::string notices;
  for (const auto& node : explanation.routes()) {
    const bool announces = node.verdict() == "announces";
    table.Add(
        {node.node(),
         Cell(node.verdict() + (node.text().empty() ? "" : ": " + node.text()),
              announces ? Colour::kGreen : Colour::kNone),
         announces ? absl::StrJoin(node.routes(), ",") : ""});
    for (const std::string& notice : node.notices()) {
      notices +=
          fmt::format("{}: {}\n", Printable(node.node()), Printable(notice));
    }
  }
  if (!notices.empty()) notices.insert(0, "\n");
  return "\n" + table.Print(style.colours) + notices;
}

}  // namespace

std::string Render(const status::v1::ExplainResponse& explanation,
                   const Style& style) {
  Table table({"NODE", "RANK", "VERDICT", "DIGEST", "SCORE", "INTERFACES"});
  for (const auto& node : explanation.nodes()) {
    const std::string interfaces = node.interfaces().empty()
                                       ? "all"
                                       : absl::StrJoin(node.interfaces(), ",");
    const bool announces = node.verdict() == kAnnouncer && !node.withheld();
    table.Add({node.node(),
               node.rank() == 0 ? "" : fmt::format("{}", node.rank()),
               VerdictText(node),
               style.wide ? node.digest() : node.digest().substr(0, 12),
               node.score() == 0 ? "" : fmt::format("{:g}", node.score()),
               announces ? interfaces : ""});
  }
  std::string lacks;
  for (const auto& node : explanation.nodes()) {
    if (node.lack().empty()) continue;
    lacks +=
        fmt::format("{}: {}\n", Printable(node.node()), Printable(node.lack()));
  }
  if (!lacks.empty()) lacks.insert(0, "\n");
  return fmt::format(
      "Service: {}\n"
      "Address: {}\n"
      "Policy:  {}\n"
      "{}{}\n\n{}{}{}{}",
      Printable(explanation.service()), Printable(explanation.address()),
      Printable(explanation.policy()), HolderLine(explanation),
      Printable(explanation.sentence()), table.Print(style.colours), lacks,
      WithheldText(explanation.withheld(), style),
      RoutesText(explanation, style));
}

}  // namespace lb::lbctl
