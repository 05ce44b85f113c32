#include "lb/config/changes.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "lb/config/printable.h"

namespace lb::config {
namespace {

std::set<std::string> ObjectsOf(const std::vector<Problem>& problems) {
  std::set<std::string> objects;
  for (const Problem& problem : problems) objects.insert(problem.object);
  return objects;
}

void CompareObjects(const Desired& before, const Desired& now,
                    Changes* changes) {
  auto old = before.objects.begin();
  for (const auto& [name, object] : now.objects) {
    for (; old != before.objects.end() && old->first < name; ++old) {
      changes->removed.push_back(old->first);
    }
    if (old == before.objects.end() || old->first != name) {
      changes->added.push_back(name);
      continue;
    }
    if (!(old->second.value == object.value)) changes->changed.push_back(name);
    ++old;
  }
  for (; old != before.objects.end(); ++old) {
    changes->removed.push_back(old->first);
  }
}

void Append(const char* what, const std::vector<std::string>& names,
            size_t named_max, std::string* text) {
  if (names.empty()) return;
  const size_t named = std::min(names.size(), named_max);
  std::vector<std::string> shown;
  for (size_t i = 0; i < named; ++i) shown.push_back(Printable(names[i]));
  if (!text->empty()) *text += "; ";
  *text += fmt::format("{} {}", what, fmt::join(shown, ", "));
  if (named < names.size()) {
    *text += fmt::format(" and {} more", names.size() - named);
  }
}

}  // namespace

Changes Compare(const Desired& before, const Desired& now) {
  Changes changes;
  CompareObjects(before, now, &changes);
  const auto refused = ObjectsOf(NewProblems(now.problems, before.problems));
  changes.refused.assign(refused.begin(), refused.end());
  const auto had = ObjectsOf(before.problems);
  const auto have = ObjectsOf(now.problems);
  std::set_difference(had.begin(), had.end(), have.begin(), have.end(),
                      std::back_inserter(changes.mended));
  return changes;
}

std::string ToString(const Changes& changes, size_t named_max) {
  std::string text;
  Append("added", changes.added, named_max, &text);
  Append("changed", changes.changed, named_max, &text);
  Append("removed", changes.removed, named_max, &text);
  Append("refused", changes.refused, named_max, &text);
  Append("mended", changes.mended, named_max, &text);
  return text.empty() ? "nothing changed" : text;
}

}  // namespace lb::config
