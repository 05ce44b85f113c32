#include "lb/base/state_value.h"

#include <fmt/format.h>

#include <utility>

#include "absl/status/status.h"
#include "lb/base/bytes.h"

namespace lb {

StateValueSealer::StateValueSealer(const StateFormat& format) {
  Add(format.magic);
  const char version = static_cast<char>(format.version);
  Add({&version, 1});
}

void StateValueSealer::Add(std::string_view bytes) {
  digest_.Add(bytes);
  value_ += bytes;
}

std::string StateValueSealer::Finish() && {
  value_ += AsText(digest_.Finish());
  return std::move(value_);
}

std::string SealStateValue(const StateFormat& format, std::string_view body) {
  StateValueSealer sealer(format);
  sealer.Add(body);
  return std::move(sealer).Finish();
}

absl::StatusOr<std::string_view> OpenStateValue(const StateFormat& format,
                                                std::string_view value) {
  const size_t head_size = format.magic.size() + 1;
  if (value.size() < head_size + Sha256::kSize) {
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
  const std::string_view checked =
      value.substr(0, value.size() - Sha256::kSize);
  if (AsText(Sha256::Of(checked)) != value.substr(checked.size())) {
    return absl::DataLossError(
        "checksum differs: the value is damaged or cut short");
  }
  return checked.substr(head_size);
}

}  // namespace lb
