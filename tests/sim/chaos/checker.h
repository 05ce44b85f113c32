// Checker: the invariants of a simulated cluster.
//
// They are checked after each event, for each frame, and every kInterval. The
// checker keeps the first violation. Names of invariants are stable, see the
// table in docs/reliability.md.
#ifndef LB_TESTS_SIM_CHAOS_CHECKER_H_
#define LB_TESTS_SIM_CHAOS_CHECKER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "tests/sim/chaos/ability.h"
#include "tests/sim/chaos/acquaintances.h"
#include "tests/sim/chaos/bounds.h"
#include "tests/sim/chaos/departed.h"
#include "tests/sim/chaos/followers.h"
#include "tests/sim/chaos/outcome.h"
#include "tests/sim/chaos/ownership.h"
#include "tests/sim/chaos/stage.h"
#include "tests/sim/chaos/strangers.h"

namespace lb::chaos {

class Checker {
 public:
  static constexpr absl::Duration kInterval = absl::Milliseconds(100);

  // Sets the stage's hooks. `stage` must outlive it.
  Checker(Stage* stage, const Bounds& bounds);

  // Call it every kInterval. In a large cluster it looks at some nodes each
  // time.
  void OnInterval();
  // Nullopt: all nodes that act show the same, and one node answers for each
  // address. Otherwise says what is not so.
  std::optional<std::string> WhyNotAgreed();
  // Nullopt: the clients' and the switch's tables lead to the answering node.
  std::optional<std::string> WhyNotReached();
  // Nullopt: each address is on "lo" of the nodes that announce it, and of no
  // other.
  std::optional<std::string> WhyNotDelivered();

  void Fail(std::string invariant, std::string what);
  const std::optional<Violation>& violation() const { return violation_; }
  // The longest time for which two nodes answered for one address.
  absl::Duration longest_double_answer() const { return longest_double_; }

 private:
  void AfterEvent();
  void OnFrame(int host, absl::Span<const uint8_t> frame);
  void CheckOneHolder(const Node& node);
  void CheckStrangers();
  void CheckSettled(const Node& node);
  void CheckLimits(const Node& node);
  bool MustBeOne(const Node& a, const Node& b) const;
  void CheckDoubleAnswers();
  void CheckClients();
  void CheckRest();
  void Settle();
  void FollowForgetful();
  Answering NodesThatAnswer();
  bool IsAtRest() const;

  Stage* const stage_;
  const Bounds bounds_;
  const absl::Time began_;
  std::optional<Violation> violation_;
  std::vector<std::pair<const Agent*, uint64_t>> seen_versions_;  // By node.
  std::map<std::string, std::string> settled_;  // Addresses by service.
  struct DoubleAnswer {
    absl::Time began;
    absl::Time wrong_since;  // Before this time they had a reason.
  };
  // By address and the two nodes.
  std::map<std::pair<net::IpAddress, std::pair<std::string, std::string>>,
           DoubleAnswer>
      doubles_;
  Acquaintances acquaintances_;
  Ownership ownership_;
  Ability ability_;
  Strangers strangers_;
  Departed departed_;
  absl::Duration longest_double_;
  absl::Time segment_faulty_at_ = absl::InfinitePast();
  // The last time of a fault that can leave a wrong entry with a client.
  absl::Time unquiet_at_ = absl::InfinitePast();
  Followers followers_;
  uint64_t intervals_ = 0;
  size_t next_node_ = 0;
};

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_CHECKER_H_
