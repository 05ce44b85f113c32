// SetEnum, SetBool, ...: how an option's text becomes its value, for the lists
// of options.
//
// Each is InvalidArgument with `"text", want ...` if the text is no such value.
// Pure; any thread.
#ifndef LB_DAEMON_OPTIONS_SET_OPTION_H_
#define LB_DAEMON_OPTIONS_SET_OPTION_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "lb/base/nearest.h"

namespace lb {

// `"text", want ...`
absl::Status WrongOption(std::string_view text, std::string_view wanted);

absl::Status SetBool(const std::string& text, bool* field);
std::string ShowBool(bool value);
absl::Status SetPath(const std::string& path, std::string* field);
// From 0 to `max`.
absl::Status SetDuration(const std::string& text, absl::Duration max,
                         absl::Duration* field);

// Sets `field` to the enumerator whose ToString() is `text`.
template <typename Enum>
absl::Status SetEnum(const std::string& text, Enum last, Enum* field) {
  std::vector<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    names.push_back(ToString(static_cast<Enum>(i)));
    if (names.back() != text) continue;
    *field = static_cast<Enum>(i);
    return absl::OkStatus();
  }
  return WrongOption(text, fmt::format("one of {}{}", fmt::join(names, ", "),
                                       DidYouMean(text, names)));
}

}  // namespace lb

#endif  // LB_DAEMON_OPTIONS_SET_OPTION_H_
