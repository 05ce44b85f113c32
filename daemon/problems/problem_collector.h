// ProblemCollector: collects the wanted problems as they are found.
//
// Keeps the first ones and counts the others. If each of ten thousand services
// is a problem, no operator reads every remedy. Loop thread only.
#ifndef LB_DAEMON_PROBLEMS_PROBLEM_COLLECTOR_H_
#define LB_DAEMON_PROBLEMS_PROBLEM_COLLECTOR_H_

#include <cstddef>
#include <functional>
#include <string>
#include <utility>

#include "daemon/problems/findings.h"
#include "daemon/problems/problems.h"

namespace lb {

class ProblemCollector {
 public:
  using Wants = std::function<bool(ProblemKind)>;
  ProblemCollector(Wants wants, size_t problems_max)
      : wants_(std::move(wants)), problems_max_(problems_max) {}

  void push_back(Problem problem) {
    if (!wants_(problem.kind)) return;
    if (list_.problems.size() < problems_max_) {
      list_.problems.push_back(std::move(problem));
    } else {
      ++list_.omitted;
    }
  }
  // Calls `remedy_of` for the problems that will be kept, and gives no remedy
  // for the others.
  RemedyOf ForKept(ProblemKind kind, RemedyOf remedy_of) const {
    size_t room = wants_(kind) ? problems_max_ - list_.problems.size() : 0;
    return [room, remedy_of = std::move(remedy_of)](
               const std::string& service) mutable {
      if (room == 0) return std::string();
      --room;
      return remedy_of(service);
    };
  }

  ProblemList Take() && { return std::move(list_); }

 private:
  const Wants wants_;
  const size_t problems_max_;
  ProblemList list_;
};

}  // namespace lb

#endif  // LB_DAEMON_PROBLEMS_PROBLEM_COLLECTOR_H_
