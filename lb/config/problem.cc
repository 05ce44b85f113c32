#include "lb/config/problem.h"

#include <set>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "lb/config/printable.h"

namespace lb::config {
namespace {

// Text comes from files of any user, so its length is limited.
constexpr size_t kTextMax = 500;
// A notice may have a whole object.
constexpr size_t kMessageMax = 2000;

}  // namespace

std::string Problem::ToString() const {
  std::string text = Printable(file, kTextMax);
  if (line > 0) text += fmt::format(":{}", line);
  for (const std::string* const part : {&object, &field, &message}) {
    if (part->empty()) continue;
    if (!text.empty()) text += ": ";
    text += Printable(*part, part == &message ? kMessageMax : kTextMax);
  }
  return text;
}

std::vector<Problem> NewProblems(const std::vector<Problem>& now,
                                 const std::vector<Problem>& before) {
  // There may be as many as there are objects.
  const std::set<Problem> known(before.begin(), before.end());
  std::vector<Problem> added;
  for (const Problem& problem : now) {
    if (!known.contains(problem)) added.push_back(problem);
  }
  return added;
}

}  // namespace lb::config
