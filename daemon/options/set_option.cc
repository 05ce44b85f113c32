#include "daemon/options/set_option.h"

namespace lb {

absl::Status WrongOption(std::string_view text, std::string_view wanted) {
  return absl::InvalidArgumentError(
      fmt::format("\"{}\", want {}", text, wanted));
}

absl::Status SetBool(const std::string& text, bool* field) {
  if (text != "true" && text != "false") {
    return WrongOption(text, "true or false");
  }
  *field = text == "true";
  return absl::OkStatus();
}

std::string ShowBool(bool value) { return value ? "true" : "false"; }

absl::Status SetPath(const std::string& path, std::string* field) {
  if (path.empty()) return WrongOption(path, "a path");
  *field = path;
  return absl::OkStatus();
}

absl::Status SetDuration(const std::string& text, absl::Duration max,
                         absl::Duration* field) {
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration) ||
      duration < absl::ZeroDuration() || duration > max) {
    return WrongOption(text,
                       fmt::format("a duration such as 1m30s, from 0 to {}",
                                   absl::FormatDuration(max)));
  }
  *field = duration;
  return absl::OkStatus();
}

}  // namespace lb
