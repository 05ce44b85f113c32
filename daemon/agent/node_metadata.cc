#include "daemon/agent/node_metadata.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/types/span.h"
#include "lb/gossip/options.h"
#include "lb/net/byte_reader.h"
#include "lb/net/byte_writer.h"

namespace lb {
namespace {

constexpr uint8_t kMagic[] = {'l', 'b', 'd'};
constexpr uint8_t kVersion = 1;
constexpr uint8_t kDraining = 1;
constexpr uint8_t kHoldingDown = 2;
constexpr uint8_t kIncomplete = 4;
constexpr uint8_t kSilent = 8;
constexpr size_t kHeaderSize = sizeof(kMagic) + 2;
constexpr size_t kNameSizeMax = 15;  // IFNAMSIZ - 1
constexpr size_t kMacSize = 6;

size_t SizeOf(const AnnouncingInterface& interface) {
  return 1 + interface.name.size() + kMacSize;
}

// How many of them, from the first on, fit.
size_t CountThatFit(absl::Span<const AnnouncingInterface> interfaces) {
  size_t size = kHeaderSize + 1;  // The end of the list.
  size_t count = 0;
  for (const AnnouncingInterface& interface : interfaces) {
    size += SizeOf(interface);
    if (interface.name.empty() || interface.name.size() > kNameSizeMax ||
        size > gossip::kMetaSizeMax) {
      break;
    }
    ++count;
  }
  return count;
}

void Write(const AnnouncingInterface& interface, net::ByteWriter* out) {
  out->Uint8(static_cast<uint8_t>(interface.name.size()));
  out->Bytes(absl::MakeConstSpan(
      reinterpret_cast<const uint8_t*>(interface.name.data()),
      interface.name.size()));
  out->Bytes(interface.mac.bytes);
}

// Nullopt: damaged.
std::optional<std::vector<AnnouncingInterface>> ReadInterfaces(
    net::ByteReader* in) {
  std::vector<AnnouncingInterface> interfaces;
  while (const uint8_t size = in->Uint8()) {
    const auto name = in->Take(size);
    const auto mac = in->Take(kMacSize);
    if (!in->ok() || size > kNameSizeMax) return std::nullopt;
    AnnouncingInterface interface;
    interface.name.assign(name.begin(), name.end());
    std::copy(mac.begin(), mac.end(), interface.mac.bytes.begin());
    interfaces.push_back(std::move(interface));
  }
  if (!in->ok()) return std::nullopt;  // No end.
  return interfaces;
}

}  // namespace

gossip::wire::Bytes SerializeNodeMetadata(const NodeMetadata& metadata) {
  const std::vector<AnnouncingInterface> none;
  const auto& interfaces = metadata.interfaces ? *metadata.interfaces : none;
  const size_t count = CountThatFit(interfaces);
  const bool complete =
      metadata.interfaces.has_value() && count == interfaces.size();
  net::ByteWriter out;
  out.Bytes(kMagic);
  out.Uint8(kVersion);
  out.Uint8((metadata.draining ? kDraining : 0) |
            (metadata.holding_down ? kHoldingDown : 0) |
            (metadata.silent ? kSilent : 0) | (complete ? 0 : kIncomplete));
  for (size_t i = 0; i < count; ++i) Write(interfaces[i], &out);
  out.Uint8(0);
  return std::move(out).Finish();
}

std::optional<NodeMetadata> ParseNodeMetadata(
    const gossip::wire::Bytes& bytes) {
  net::ByteReader in(bytes);
  const auto magic = in.Take(sizeof(kMagic));
  const uint8_t version = in.Uint8();
  if (!in.ok() || version < 1 ||
      !std::equal(magic.begin(), magic.end(), std::begin(kMagic))) {
    return std::nullopt;
  }
  NodeMetadata metadata;
  if (in.rest().empty()) return metadata;  // The first lbds said no more.
  const uint8_t flags = in.Uint8();
  auto interfaces = ReadInterfaces(&in);
  if (!interfaces) return std::nullopt;
  metadata.draining = (flags & kDraining) != 0;
  metadata.holding_down = (flags & kHoldingDown) != 0;
  metadata.silent = (flags & kSilent) != 0;
  if ((flags & kIncomplete) == 0) metadata.interfaces = std::move(interfaces);
  return metadata;
}

}  // namespace lb
