#include "lb/gossip/wire/label.h"

#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lb/base/bytes.h"
#include "lb/base/check.h"
#include "lb/net/byte_reader.h"

namespace lb::gossip::wire {
namespace {

constexpr auto kLabelType = static_cast<uint8_t>(MessageType::kLabel);

}  // namespace

Bytes LabelHeader(std::string_view label) {
  LB_CHECK(label.size() <= kLabelSizeMax);
  if (label.empty()) return {};
  Bytes header = {kLabelType, static_cast<uint8_t>(label.size())};
  header.insert(header.end(), label.begin(), label.end());
  return header;
}

absl::StatusOr<Labelled> SplitLabel(absl::Span<const uint8_t> bytes) {
  if (bytes.empty() || bytes.front() != kLabelType) {
    return Labelled{.rest = bytes};
  }
  net::ByteReader in(bytes.subspan(1));
  const absl::Span<const uint8_t> label = in.Take(in.Uint8());
  if (!in.ok()) return absl::UnavailableError("label: cut short");
  if (label.empty()) {
    return absl::InvalidArgumentError("label: 0 bytes, want 1..255");
  }
  return Labelled{.label = AsText(label), .rest = in.rest()};
}

}  // namespace lb::gossip::wire
