#include "daemon/lbctl/new_secret.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/escaping.h"
#include "absl/types/span.h"
#include "lb/base/bytes.h"
#include "lb/io/posix/posix_environment.h"

namespace lb::lbctl {
namespace {

constexpr size_t kRandomBytes = 32;

absl::Status WriteAll(int file, std::string_view rest) {
  while (!rest.empty()) {
    const ssize_t size = write(file, rest.data(), rest.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return absl::UnavailableError(std::strerror(errno));
    rest.remove_prefix(static_cast<size_t>(size));
  }
  if (fsync(file) != 0) return absl::UnavailableError(std::strerror(errno));
  return absl::OkStatus();
}

}  // namespace

std::string DrawSecret() {
  std::array<uint8_t, kRandomBytes> bytes;
  io::FillRandom(absl::MakeSpan(bytes));
  return absl::Base64Escape(std::string(AsText(bytes))) + "\n";
}

absl::Status WriteSecret(const std::string& path, std::string_view secret) {
  // With O_EXCL an existing link of that name makes this fail, too.
  const int file =
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
  if (file < 0 && errno == EEXIST) {
    return absl::AlreadyExistsError(fmt::format(
        "{}: is there already and stays as it is, want another name", path));
  }
  if (file < 0) {
    return absl::UnavailableError(
        fmt::format("{}: {}", path, std::strerror(errno)));
  }
  const absl::Cleanup close_file = [file] { close(file); };
  const absl::Status written = WriteAll(file, secret);
  if (written.ok()) return absl::OkStatus();
  unlink(path.c_str());
  return absl::UnavailableError(
      fmt::format("{}: {}", path, std::string(written.message())));
}

}  // namespace lb::lbctl
