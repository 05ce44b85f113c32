#include "lb/config/problem.h"

#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "fmt/format.h"
#include "lb/config/printable.h"

namespace lb::config {
namespace {

// Text comes from files of any user, so its length is limited.
constexpr size_t kTextMax = 500;
// A notice may have a whole object.
constexpr size_t kMessageMax = 2000;

// All of a problem but the resourceVersion.
using ProblemText =
    std::tuple<std::string_view, int, std::string_view, std::string_view,
               std::string_view, std::string_view>;

ProblemText TextOf(const Problem& problem) {
  return {problem.origin.file(), problem.origin.line(), problem.object,
          problem.field,         problem.message,       problem.reason};
}

}  // namespace

std::string Problem::ToString() const {
  std::string text = Printable(origin.file(), kTextMax);
  if (origin.line() > 0) text += fmt::format(":{}", origin.line());
  for (const std::string* const part : {&object, &field, &message}) {
    if (part->empty()) continue;
    if (!text.empty()) text += ": ";
    text += Printable(*part, part == &message ? kMessageMax : kTextMax);
    if (part == &object && origin.is_kubernetes()) {
      text += fmt::format(" (resourceVersion {})",
                          Printable(origin.resource_version(), kTextMax));
    }
  }
  return text;
}

std::vector<Problem> NewProblems(const std::vector<Problem>& now,
                                 const std::vector<Problem>& before) {
  // There may be as many as there are objects.
  std::set<ProblemText> known;
  for (const Problem& problem : before) known.insert(TextOf(problem));
  std::vector<Problem> added;
  for (const Problem& problem : now) {
    if (!known.contains(TextOf(problem))) added.push_back(problem);
  }
  return added;
}

}  // namespace lb::config
