// One frame of `lbctl top`.
#include <fmt/format.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "daemon/lbctl/render.h"
#include "daemon/lbctl/table.h"
#include "lb/config/printable.h"

namespace lb::lbctl {
namespace {

// The first `rows` lines; the last one says how many are left out.
std::string Cut(const std::string& text, int rows) {
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  lines.pop_back();  // The text after the last newline.
  if (static_cast<int>(lines.size()) <= rows) return text;
  if (rows <= 1) return lines[0] + "\n";
  const size_t left_out = lines.size() - (rows - 1);
  lines.resize(rows - 1);
  return absl::StrJoin(lines, "\n") +
         fmt::format("\n... {} lines more\n", left_out);
}

}  // namespace

std::string Render(const TopView& view, const Style& style) {
  std::map<std::string, int> announced;  // By node.
  int pending = 0;
  for (const auto& service : view.services.services()) {
    if (service.addresses().empty()) ++pending;
    std::set<std::string> nodes;  // A set: one may announce by two protocols.
    for (const auto& announcer : service.announcers()) {
      if (nodes.insert(announcer.node()).second) ++announced[announcer.node()];
    }
  }
  const auto& node = view.node;
  std::string text = fmt::format(
      "{}  {}  {}  {} addresses here  health {}  {} problems\n"
      "{} services, {} pending\n\n",
      config::Printable(node.name()),
      absl::FormatTime("%H:%M:%S", view.now, absl::LocalTimeZone()),
      node.draining() ? "draining"
      : node.ready()  ? "ready"
                      : "not ready",
      node.announced_addresses(), node.gossip_health_score(),
      node.problems_size(), view.services.services_size(), pending);
  text += Render(view.members, style) + "\n" + Render(view.pools, style);
  Table holders({"NODE", "SERVICES"});
  for (const auto& [name, count] : announced) {
    holders.Add({name, fmt::format("{}", count)});
  }
  text += "\n" + holders.Print(style.colours);
  text += "\n" + Render(view.services, style);
  return Cut(text, view.rows);
}

}  // namespace lb::lbctl
