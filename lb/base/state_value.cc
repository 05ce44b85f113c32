#include "lb/base/state_value.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include "absl/status/status.h"
#include "lb/base/check.h"

namespace lb {
namespace {

constexpr size_t kDigestSize = 32;

std::string Sha256(std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  LB_CHECK(EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(),
                      nullptr) == 1);
  return {reinterpret_cast<const char*>(digest), size};
}

}  // namespace

std::string SealStateValue(const StateFormat& format, std::string_view body) {
  std::string value(format.magic);
  value += static_cast<char>(format.version);
  value += body;
  value += Sha256(value);
  return value;
}

absl::StatusOr<std::string_view> OpenStateValue(const StateFormat& format,
                                                std::string_view value) {
  const size_t head_size = format.magic.size() + 1;
  if (value.size() < head_size + kDigestSize) {
    return absl::DataLossError(
        fmt::format("{} bytes: cut short", value.size()));
  }
  if (!value.starts_with(format.magic)) {
    return absl::DataLossError(fmt::format("no {}", format.what));
  }
  const auto version = static_cast<uint8_t>(value[format.magic.size()]);
  if (version != format.version) {
    return absl::DataLossError(
        fmt::format("version {}, want {}", version, format.version));
  }
  const std::string_view checked = value.substr(0, value.size() - kDigestSize);
  if (Sha256(checked) != value.substr(checked.size())) {
    return absl::DataLossError("damaged or cut short: the checksum is another");
  }
  return checked.substr(head_size);
}

}  // namespace lb
