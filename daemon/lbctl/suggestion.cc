#include "daemon/lbctl/suggestion.h"

#include <fmt/format.h>

#include "lb/base/nearest.h"
#include "lb/config/printable.h"

namespace lb::lbctl {
namespace {

constexpr size_t kShownMax = 64;

// Begins as just one of `names`, or is near to it.
std::string Suggest(std::string_view given,
                    const std::vector<std::string>& names) {
  std::vector<std::string_view> all;
  std::vector<std::string_view> longer;
  for (const std::string& name : names) {
    all.push_back(name);
    if (given.size() > 1 && std::string_view(name).starts_with(given)) {
      longer.push_back(name);
    }
  }
  if (longer.size() == 1) return fmt::format(", did you mean {}?", longer[0]);
  return DidYouMean(given, all);
}

}  // namespace

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
                     Suggest(given, known));
}

}  // namespace lb::lbctl
