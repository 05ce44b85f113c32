#include "lb/config/changes.h"

#include <algorithm>
#include <map>
#include <set>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "lb/config/printable.h"

namespace lb::config {
namespace {

// A fault of a document whose object is not known, or of a text that cannot be
// parsed, is of no object.
bool IsOfFile(const Problem& problem) {
  return problem.object.find('/') == std::string::npos;
}

// Returns the first problem of each subject.
std::map<std::string, Problem> BySubject(const std::vector<Problem>& problems) {
  std::map<std::string, Problem> subjects;
  for (const Problem& problem : problems) {
    subjects.emplace(IsOfFile(problem) ? problem.origin.file() : problem.object,
                     problem);
  }
  return subjects;
}

bool IsIn(const std::string& file, const std::string& folder) {
  return file.size() > folder.size() && file.starts_with(folder) &&
         (folder.ends_with('/') || file[folder.size()] == '/');
}

// Was it in a folder that was read, and has not the file any more?
bool IsFileGone(const std::string& file, const Desired& now) {
  return !now.read_paths.contains(file) &&
         std::any_of(now.read_paths.begin(), now.read_paths.end(),
                     [&](const std::string& path) { return IsIn(file, path); });
}

bool IsGone(const Problem& problem, const Desired& now) {
  return IsOfFile(problem) ? IsFileGone(problem.origin.file(), now)
                           : !now.objects.contains(problem.object) &&
                                 !now.passed_over.contains(problem.object);
}

void CompareProblems(const Desired& before, const Desired& now,
                     Changes* changes) {
  for (const auto& [subject, problem] :
       BySubject(NewProblems(now.problems, before.problems))) {
    changes->refused.push_back(subject);
  }
  const auto have = BySubject(now.problems);
  std::set<std::string> removed(changes->removed.begin(),
                                changes->removed.end());
  for (const auto& [subject, problem] : BySubject(before.problems)) {
    if (have.contains(subject)) continue;
    if (removed.contains(subject)) continue;  // It had a last good value.
    if (IsGone(problem, now)) {
      removed.insert(subject);
    } else {
      changes->resolved.push_back(subject);
    }
  }
  changes->removed.assign(removed.begin(), removed.end());
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
  CompareProblems(before, now, &changes);
  return changes;
}

std::string ToString(const Changes& changes, size_t named_max) {
  std::string text;
  Append("added", changes.added, named_max, &text);
  Append("changed", changes.changed, named_max, &text);
  Append("removed", changes.removed, named_max, &text);
  Append("refused", changes.refused, named_max, &text);
  Append("resolved", changes.resolved, named_max, &text);
  return text.empty() ? "nothing changed" : text;
}

}  // namespace lb::config
