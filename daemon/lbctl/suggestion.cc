#include "daemon/lbctl/suggestion.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "lb/base/nearest.h"
#include "lb/config/printable.h"

namespace lb::lbctl {
namespace {

constexpr size_t kShownMax = 64;
constexpr size_t kFewMax = 6;  // So few names are listed in full.

std::string_view NamespaceOf(std::string_view service) {
  const size_t slash = service.find('/');
  return slash == service.npos ? "" : service.substr(0, slash);
}

std::string_view ShortNameOf(std::string_view service) {
  const size_t slash = service.find('/');
  return slash == service.npos ? service : service.substr(slash + 1);
}

// Returns the only name that begins with `given`, or that `given` begins with.
// Among short names, such as s1 and s11, one letter is too far for an edit
// distance.
std::string_view OnlyRelated(std::string_view given,
                             const std::vector<std::string_view>& names) {
  std::string_view related;
  for (const std::string_view name : names) {
    const size_t common = std::min(name.size(), given.size());
    if (common < 2 || name.substr(0, common) != given.substr(0, common)) {
      continue;
    }
    if (!related.empty()) return "";
    related = name;
  }
  return related;
}

}  // namespace

std::string SuggestName(std::string_view given,
                        const std::vector<std::string>& names) {
  std::vector<std::string_view> all;
  std::vector<std::string_view> longer;
  for (const std::string& name : names) {
    all.push_back(name);
    if (given.size() > 1 && std::string_view(name).starts_with(given)) {
      longer.push_back(name);
    }
  }
  if (std::find(all.begin(), all.end(), given) != all.end()) return "";
  if (longer.size() == 1) return fmt::format(", did you mean {}?", longer[0]);
  return DidYouMean(given, all);
}

std::string SuggestOneOf(std::string_view given,
                         const std::vector<std::string>& names) {
  const std::string near = SuggestName(given, names);
  if (!near.empty() || names.empty() || names.size() > kFewMax ||
      std::find(names.begin(), names.end(), given) != names.end()) {
    return near;
  }
  return fmt::format(", want {}{}", names.size() > 1 ? "one of " : "",
                     fmt::join(names, ", "));
}

std::string NearestService(std::string_view given,
                           const std::vector<std::string>& services) {
  if (std::find(services.begin(), services.end(), given) != services.end()) {
    return "";
  }
  const std::string_view in = NamespaceOf(given);
  std::vector<std::string_view> same_name, candidates;
  std::map<std::string_view, std::string_view> by_short_name;
  for (const std::string_view service : services) {
    const std::string_view name = ShortNameOf(service);
    if (name == ShortNameOf(given)) same_name.push_back(service);
    if (!in.empty() && NamespaceOf(service) != in) continue;
    if (by_short_name.emplace(name, service).second) candidates.push_back(name);
  }
  if (same_name.size() == 1) {
    return fmt::format("did you mean {}?", same_name[0]);
  }
  std::string_view near = Nearest(ShortNameOf(given), candidates);
  if (near.empty()) near = OnlyRelated(ShortNameOf(given), candidates);
  if (near.empty()) return "";
  return fmt::format("did you mean {}?", by_short_name.at(near));
}

std::string DescribeUnknown(std::string_view argument,
                            const std::vector<std::string>& commands,
                            const std::vector<std::string>& flags) {
  const bool is_flag = argument.starts_with('-');
  const std::string_view given =
      is_flag ? argument.substr(0, argument.find('=')) : argument;
  const std::vector<std::string>& known = is_flag ? flags : commands;
  const std::string_view kind = is_flag            ? "flag"
                                : commands.empty() ? "argument"
                                                   : "command";
  return fmt::format("{}: unknown {}{} (--help lists all)",
                     config::Printable(given, kShownMax), kind,
                     SuggestName(given, known));
}

}  // namespace lb::lbctl
