// Portions: the part of a large set that one turn of the loop deals with.
//
// With ten thousand services, one look at all of them would keep ARP waiting.
// Later turns deal with the rest. Each turn leaves a consistent state.
#ifndef LB_BASE_PORTION_H_
#define LB_BASE_PORTION_H_

#include <cstddef>

namespace lb {

// The services of one portion, which take some 10 ms.
inline constexpr size_t kPortion = 1000;

// Takes the first `count` of `set` out of it.
template <typename Set>
Set TakeFirst(size_t count, Set& set) {
  Set first;
  for (; count > 0 && !set.empty(); --count) {
    first.insert(first.end(), set.extract(set.begin()));
  }
  return first;
}

}  // namespace lb

#endif  // LB_BASE_PORTION_H_
