// NodeLog: what the nodes of a run recorded, for people who look into a
// violation.
#ifndef LB_TESTS_SIM_CHAOS_NODE_LOG_H_
#define LB_TESTS_SIM_CHAOS_NODE_LOG_H_

#include <map>
#include <string>

#include "absl/time/time.h"
#include "tests/sim/sim_node.h"

namespace lb::chaos {

class NodeLog {
 public:
  void AddEventsOf(const SimNode& node);
  // One line; `time` is civil.
  void Add(absl::Time time, std::string line) {
    lines_.emplace(time, std::move(line));
  }
  // The last 400 lines, in the order of their times.
  std::string ToString() const;

 private:
  std::multimap<absl::Time, std::string> lines_;
};

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_NODE_LOG_H_
