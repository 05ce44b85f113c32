#include "lb/kubernetes/line_splitter.h"

#include <utility>

#include "fmt/format.h"

namespace lb::kubernetes {

absl::Status LineSplitter::Add(
    std::string_view bytes,
    absl::FunctionRef<void(std::string_view line)> on_line) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    if (partial_.size() + part.size() > bytes_max_) {
      return absl::ResourceExhaustedError(
          fmt::format("a line of more than {} bytes", bytes_max_));
    }
    if (end == bytes.npos) {
      partial_ += part;
      return absl::OkStatus();
    }
    bytes.remove_prefix(end + 1);
    if (partial_.empty()) {
      if (!part.empty()) on_line(part);
      continue;
    }
    partial_ += part;
    // A line may be as large as megabytes; its buffer does not stay.
    const std::string line = std::move(partial_);
    partial_.clear();
    on_line(line);
  }
  return absl::OkStatus();
}

}  // namespace lb::kubernetes
