// StateStore: named values that survive kill -9 and power loss.
//
// Loop thread only. A value is replaced whole or not at all.
#ifndef LB_IO_STATE_STORE_H_
#define LB_IO_STATE_STORE_H_

#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace lb::io {

// Letters, digits, '-', '_' and '.'; 1 to 100 of them, no '.' in front.
inline bool IsStateName(std::string_view name) {
  for (const char c : name) {
    const bool alphanumeric = (c >= '0' && c <= '9') ||
                              (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!alphanumeric && c != '-' && c != '_' && c != '.') return false;
  }
  return !name.empty() && name.size() <= 100 && name[0] != '.';
}

class StateStore {
 public:
  using OnWritten = absl::AnyInvocable<void(absl::Status)>;

  virtual ~StateStore() = default;

  // The last value written under `name`. NotFound: none. Unavailable: it cannot
  // be read. Blocks; meant for the start. REQUIRES: IsStateName(name)
  virtual absl::StatusOr<std::string> Read(const std::string& name) = 0;

  // Replaces the value. `on_written` comes on a later turn of the loop: OK once
  // the value is on stable storage, else why it is not and that the old value
  // still stands (ResourceExhausted: disk full; Unavailable: other reasons).
  // Writes of one name take effect in order; of several that wait, only the
  // newest is written, and all are answered by its outcome.
  // REQUIRES: IsStateName(name)
  virtual void Write(const std::string& name, std::string value,
                     OnWritten on_written) = 0;
};

}  // namespace lb::io

#endif  // LB_IO_STATE_STORE_H_
