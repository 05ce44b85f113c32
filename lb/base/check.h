// LB_CHECK: stops the process when an invariant of the program is broken.
//
// On in production too: going on with broken state is worse than a restart.
// An error that an outsider can cause (a packet, a file, a request) is never a
// check but an absl::Status.
//
//   LB_CHECK(users > 0);        // "lb/x.cc:12: check failed: users > 0"
//   LB_UNREACHABLE();           // Behind a switch over all enumerators.
#ifndef LB_BASE_CHECK_H_
#define LB_BASE_CHECK_H_

#include <cstdio>
#include <cstdlib>

namespace lb::base_internal {

[[noreturn]] inline void CheckFailed(const char* file, int line,
                                     const char* what) {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, what);
  std::abort();
}

}  // namespace lb::base_internal

#define LB_CHECK(condition)                                             \
  do {                                                                  \
    if (!(condition)) {                                                 \
      ::lb::base_internal::CheckFailed(__FILE__, __LINE__, #condition); \
    }                                                                   \
  } while (false)

#define LB_UNREACHABLE() \
  ::lb::base_internal::CheckFailed(__FILE__, __LINE__, "unreachable")

#endif  // LB_BASE_CHECK_H_
