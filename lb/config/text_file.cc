#include "lb/config/text_file.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"

namespace lb::config {

absl::StatusOr<std::string> ReadTextFile(const std::string& path,
                                         size_t bytes_max) {
  // A pipe or a device could block for ever.
  std::error_code error;
  const auto type = std::filesystem::status(path, error).type();
  if (type != std::filesystem::file_type::regular &&
      type != std::filesystem::file_type::not_found && !error) {
    return absl::FailedPreconditionError("no regular file, want one");
  }
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(
      std::fopen(path.c_str(), "rbe"), &std::fclose);
  if (file == nullptr) return absl::ErrnoToStatus(errno, "cannot read it");
  std::string text;
  char buffer[64 << 10];
  while (text.size() <= bytes_max) {
    const size_t size = std::fread(buffer, 1, sizeof(buffer), file.get());
    if (size == 0) break;
    text.append(buffer, size);
  }
  if (std::ferror(file.get()) != 0) {
    return absl::ErrnoToStatus(errno, "cannot read it");
  }
  if (text.size() > bytes_max) {
    return absl::ResourceExhaustedError(
        fmt::format("more than {} bytes, want fewer", bytes_max));
  }
  return text;
}

}  // namespace lb::config
