#include "lb/config/problem_list.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lb::config {
namespace {

using List = std::vector<Problem>;

List::iterator FirstOf(std::string_view object, List& list) {
  return std::partition_point(
      list.begin(), list.end(),
      [&](const Problem& problem) { return problem.object < object; });
}

List::iterator BehindLastOf(std::string_view object, List& list) {
  return std::partition_point(
      list.begin(), list.end(),
      [&](const Problem& problem) { return problem.object <= object; });
}

void MoveTo(List::iterator first, List::iterator last, List& list) {
  list.insert(list.end(), std::make_move_iterator(first),
              std::make_move_iterator(last));
}

// Puts `part` in the place of [first, last).
void PutInPlace(List part, List::iterator first, List::iterator last,
                List& list) {
  const auto common = std::min(last - first, std::ssize(part));
  const auto rest = std::move(part.begin(), part.begin() + common, first);
  list.insert(list.erase(rest, last),
              std::make_move_iterator(part.begin() + common),
              std::make_move_iterator(part.end()));
}

}  // namespace

bool HasProblemsOf(std::string_view object, const std::vector<Problem>& list) {
  const auto found = std::partition_point(
      list.begin(), list.end(),
      [&](const Problem& problem) { return problem.object < object; });
  return found != list.end() && found->object == object;
}

std::vector<Problem> ReplaceProblems(ProblemsOf now,
                                     std::vector<Problem>* list) {
  if (now.empty()) return {};
  List added, part;
  auto rest = FirstOf(now.begin()->first, *list);
  const auto first = rest;
  const auto last = BehindLastOf(now.rbegin()->first, *list);
  for (auto& entry : now) {
    const std::string& object = entry.first;  // clang captures no binding.
    List& problems = entry.second;
    const auto begin = std::find_if(rest, last, [&](const Problem& problem) {
      return problem.object >= object;
    });
    const auto end = std::find_if(begin, last, [&](const Problem& problem) {
      return problem.object != object;
    });
    MoveTo(rest, begin, part);
    List fresh = NewProblems(problems, List(begin, end));
    MoveTo(fresh.begin(), fresh.end(), added);
    MoveTo(problems.begin(), problems.end(), part);
    rest = end;
  }
  MoveTo(rest, last, part);
  PutInPlace(std::move(part), first, last, *list);
  return added;
}

}  // namespace lb::config
