#include "lb/base/prng.h"

#include "lb/base/check.h"

namespace lb {

Prng Prng::Fork(std::string_view part) const {
  // FNV-1a over the name. The splitmix64 finish keeps near seeds apart.
  uint64_t hash = 0xcbf29ce484222325 ^ seed_;
  for (const char c : part) {
    hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  }
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
  return Prng(hash ^ (hash >> 31));
}

uint64_t Prng::Uniform(uint64_t bound) {
  LB_CHECK(bound > 0);
  // Refuses draws below 2^64 mod bound, so that no remainder is favoured.
  const uint64_t biased = (0 - bound) % bound;
  for (;;) {
    if (const uint64_t draw = Next(); draw >= biased) return draw % bound;
  }
}

absl::Duration Prng::UniformDuration(absl::Duration limit) {
  const int64_t nanoseconds = absl::ToInt64Nanoseconds(limit);
  if (nanoseconds <= 0) return absl::ZeroDuration();
  return absl::Nanoseconds(Uniform(static_cast<uint64_t>(nanoseconds)));
}

bool Prng::Chance(double percent) {
  constexpr double kDraws = 1 << 30;
  return static_cast<double>(Uniform(1 << 30)) < percent / 100 * kDraws;
}

}  // namespace lb
