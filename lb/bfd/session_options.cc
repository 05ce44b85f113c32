#include "lb/bfd/session_options.h"

#include <string_view>

#include "fmt/format.h"

namespace lb::bfd {
namespace {

constexpr int kMultiplierMax = 255;
constexpr int kTtlMax = 255;
// What Linux takes as the name of an interface.
constexpr size_t kInterfaceSizeMax = 15;

absl::Status Invalid(const SessionKey& key, std::string_view problem) {
  return absl::InvalidArgumentError(
      fmt::format("bfd session {}: {}", key.ToString(), problem));
}

absl::Status ValidateKey(const SessionKey& key) {
  if (key.remote.is_unspecified() || key.remote.is_multicast()) {
    return Invalid(key, "want the address of one peer");
  }
  if (key.local && (key.local->is_unspecified() || key.local->is_multicast())) {
    return Invalid(key, "local: want an address of this host, or none");
  }
  if (key.local && key.local->family() != key.remote.family()) {
    return Invalid(key, fmt::format("local {}: want the family of the peer",
                                    key.local->ToString()));
  }
  if (key.interface.size() > kInterfaceSizeMax) {
    return Invalid(key, fmt::format("interface: {} bytes, want at most {}",
                                    key.interface.size(), kInterfaceSizeMax));
  }
  if (key.remote.is_ipv6() && key.remote.is_link_local() &&
      key.interface.empty()) {
    return Invalid(key, "a link-local peer: want its interface");
  }
  return absl::OkStatus();
}

bool IsInterval(absl::Duration interval) {
  return interval >= kSessionIntervalMin && interval <= kSessionIntervalMax;
}

std::string IntervalProblem(std::string_view field, absl::Duration interval) {
  return fmt::format("{}: {}, want {} to {}", field,
                     absl::FormatDuration(interval),
                     absl::FormatDuration(kSessionIntervalMin),
                     absl::FormatDuration(kSessionIntervalMax));
}

std::string NumberProblem(std::string_view field, int number, int most) {
  return fmt::format("{}: {}, want 1 to {}", field, number, most);
}

}  // namespace

std::string SessionKey::ToString() const {
  std::string text = hops == Hops::kMulti ? "multihop " : "";
  text += remote.ToString();
  if (local) text += " from " + local->ToString();
  if (!interface.empty()) text += " on " + interface;
  return text;
}

absl::Status Validate(const SessionKey& key, const SessionOptions& options) {
  if (absl::Status status = ValidateKey(key); !status.ok()) return status;
  if (!IsInterval(options.desired_min_tx)) {
    return Invalid(key,
                   IntervalProblem("desired_min_tx", options.desired_min_tx));
  }
  if (!IsInterval(options.required_min_rx)) {
    return Invalid(key,
                   IntervalProblem("required_min_rx", options.required_min_rx));
  }
  const int multiplier = options.detect_multiplier;
  if (multiplier < 1 || multiplier > kMultiplierMax) {
    return Invalid(
        key, NumberProblem("detect_multiplier", multiplier, kMultiplierMax));
  }
  if (options.minimum_ttl < 1 || options.minimum_ttl > kTtlMax) {
    return Invalid(key,
                   NumberProblem("minimum_ttl", options.minimum_ttl, kTtlMax));
  }
  return absl::OkStatus();
}

}  // namespace lb::bfd
