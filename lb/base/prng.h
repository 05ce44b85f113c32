// Prng: reproducible random numbers from one seed.
//
// Every part that needs random numbers forks its own generator by name, so that
// a new draw in one part shifts no draw of another. The same seed gives the
// same numbers on every machine and with every standard library (no std
// distribution is used, their results are not specified). Not for secrets.
//
// One thread; copyable (a copy repeats the original's draws).
//
//   Prng prng(seed);
//   Prng gossip = prng.Fork("gossip");
//   const uint64_t die = gossip.Uniform(6);  // 0..5
#ifndef LB_BASE_PRNG_H_
#define LB_BASE_PRNG_H_

#include <cstddef>
#include <cstdint>
#include <random>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "absl/types/span.h"

namespace lb {

class Prng {
 public:
  explicit Prng(uint64_t seed) : seed_(seed), engine_(seed) {}

  // A generator that depends on this one's seed and `part` only, not on what
  // was drawn before.
  Prng Fork(std::string_view part) const;

  uint64_t Next() { return engine_(); }

  // Uniform in [0, bound). REQUIRES: bound > 0.
  uint64_t Uniform(uint64_t bound);

  // Uniform in [0, limit), in whole nanoseconds; zero if limit <= 0.
  absl::Duration UniformDuration(absl::Duration limit);

  // True in `percent` of 100 cases.
  bool Chance(double percent);

  template <typename T>
  void Shuffle(absl::Span<T> items) {
    for (size_t n = items.size(); n > 1; --n) {
      std::swap(items[n - 1], items[Uniform(n)]);
    }
  }

 private:
  uint64_t seed_;
  std::mt19937_64 engine_;
};

}  // namespace lb

#endif  // LB_BASE_PRNG_H_
