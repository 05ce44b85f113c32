// Refusals: reports callers that were closed, at a bounded rate.
//
// Pure; no clock.
#ifndef LB_DAEMON_FRONT_REFUSALS_H_
#define LB_DAEMON_FRONT_REFUSALS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace lb::front {

class Refusals {
 public:
  static constexpr absl::Duration kQuiet = absl::Seconds(10);

  // Counts a refusal. Returns the text to report now: "10.0.0.7: no HTTP/2; 12
  // others before it". Nullopt: it is only counted.
  std::optional<std::string> Add(std::string_view who, std::string_view why,
                                 absl::Time now);

 private:
  absl::Time last_ = absl::InfinitePast();
  uint64_t unsaid_ = 0;
};

}  // namespace lb::front

#endif  // LB_DAEMON_FRONT_REFUSALS_H_
