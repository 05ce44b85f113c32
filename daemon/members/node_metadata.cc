#include "daemon/members/node_metadata.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

#include "absl/types/span.h"
#include "lb/base/bytes.h"
#include "lb/gossip/options.h"
#include "lb/net/byte_reader.h"
#include "lb/net/byte_writer.h"

namespace lb {
namespace {

using Interfaces = std::vector<AnnouncingInterface>;
using gossip::wire::Bytes;
using net::IpFamilies;

constexpr uint8_t kMagic[] = {'l', 'b', 'd'};
constexpr uint8_t kVersion = 1;
constexpr uint8_t kDraining = 1;
constexpr uint8_t kHoldingDown = 2;
constexpr uint8_t kIncomplete = 4;
constexpr uint8_t kSilent = 8;
constexpr uint8_t kIgnoresExcludeLabel = 16;
constexpr uint8_t kCannotDeliverIpv4 = 32;
constexpr uint8_t kCannotDeliverIpv6 = 64;
constexpr uint8_t kUnrouted = 128;
constexpr size_t kHeaderSize = sizeof(kMagic) + 2;
constexpr size_t kNameSizeMax = 15;              // IFNAMSIZ - 1
constexpr size_t kAlternativeNameSizeMax = 127;  // ALTIFNAMSIZ - 1
constexpr size_t kSharedMax = 63;
constexpr size_t kMacSize = 6;

constexpr uint8_t kFamiliesType = 1;
constexpr uint8_t kFurtherNamesType = 2;
constexpr uint8_t kFactsDigestType = 3;
constexpr size_t kFactsDigestSize = 8;
constexpr size_t kExtensionHeaderSize = 3;
constexpr uint8_t kMoreExist = 1;

// How a node's interfaces are written: older lbds read `listed` only, and newer
// ones also the extension `further`.
struct Layout {
  Interfaces listed;
  Interfaces further;
  bool older_read_all = true;
  bool complete = true;
};

uint8_t ToByte(const IpFamilies& families) {
  return (families.ipv4 ? 1 : 0) | (families.ipv6 ? 2 : 0);
}

IpFamilies ToFamilies(uint8_t byte) {
  return {.ipv4 = (byte & 1) != 0, .ipv6 = (byte & 2) != 0};
}

bool CanBeListed(const AnnouncingInterface& interface) {
  return interface.mac != net::MacAddress{} && !interface.name.empty() &&
         interface.name.size() <= kNameSizeMax;
}

bool CanBeFurther(const AnnouncingInterface& interface) {
  return !interface.name.empty() &&
         interface.name.size() <= kAlternativeNameSizeMax;
}

size_t SharedPrefix(std::string_view a, std::string_view b) {
  const auto [end, ignored] =
      std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  return std::min(static_cast<size_t>(end - a.begin()), kSharedMax);
}

size_t ListedSize(const AnnouncingInterface& interface) {
  return 1 + interface.name.size() + kMacSize + 1;  // With its families.
}

// The size of its name after a name `before` it.
size_t FurtherSize(const AnnouncingInterface& interface,
                   std::string_view before) {
  return 2 + interface.name.size() - SharedPrefix(before, interface.name);
}

// Bytes that the interfaces may take, with their extensions.
constexpr size_t kRoom = gossip::kMetaSizeMax - kHeaderSize - 1 -
                         kExtensionHeaderSize - kFactsDigestSize;

// Adds to layout.further what fits into `room`.
void AddFurther(const Interfaces& interfaces, size_t room, Layout* layout) {
  if (room < kExtensionHeaderSize + 1) {
    layout->complete &= interfaces.empty();
    return;
  }
  room -= kExtensionHeaderSize + 1;
  std::string_view before;
  for (const AnnouncingInterface& interface : interfaces) {
    const size_t size = FurtherSize(interface, before);
    if (!CanBeFurther(interface) || size > room) {
      layout->complete = false;
      continue;
    }
    room -= size;
    layout->further.push_back(interface);
    before = interface.name;
  }
}

// The usual layout: lists all interfaces that have a MAC.
Layout ListAll(const Interfaces& interfaces) {
  Layout layout;
  size_t room = kRoom - kExtensionHeaderSize;
  Interfaces further;
  for (const AnnouncingInterface& interface : interfaces) {
    if (!CanBeListed(interface)) {
      further.push_back(interface);
    } else if (ListedSize(interface) > room) {
      layout.complete = false;
      return layout;
    } else {
      room -= ListedSize(interface);
      layout.listed.push_back(interface);
    }
  }
  if (!further.empty()) AddFurther(further, room, &layout);
  return layout;
}

// The layout for many interfaces that mostly share a MAC: lists one interface
// for each MAC while there is room, and tells the others by name.
Layout ListOneOfEachMac(const Interfaces& interfaces,
                        const std::set<std::string>& wanted) {
  Layout layout = {.older_read_all = false};
  size_t room = kRoom - kExtensionHeaderSize;
  std::set<net::MacAddress> macs;
  Interfaces further;
  for (const AnnouncingInterface& interface : interfaces) {
    const size_t size = ListedSize(interface);
    if (CanBeListed(interface) && size <= room && room - size >= kRoom / 2 &&
        macs.insert(interface.mac).second) {
      room -= size;
      layout.listed.push_back(interface);
    } else {
      further.push_back(interface);
    }
  }
  std::stable_partition(further.begin(), further.end(),
                        [&](const AnnouncingInterface& interface) {
                          return wanted.contains(interface.name);
                        });
  AddFurther(further, room, &layout);
  return layout;
}

Layout LayOut(const NodeMetadata& metadata,
              const std::set<std::string>& wanted) {
  Layout layout = ListAll(*metadata.interfaces);
  if (!layout.complete) {
    layout = ListOneOfEachMac(*metadata.interfaces, wanted);
  }
  layout.complete &= metadata.complete;
  return layout;
}

void WriteExtension(uint8_t type, Bytes bytes, net::ByteWriter* out) {
  out->Uint8(type);
  out->Uint16(static_cast<uint16_t>(bytes.size()));
  out->Bytes(bytes);
}

Bytes FamiliesOf(const Interfaces& listed) {
  Bytes bytes;
  for (const AnnouncingInterface& interface : listed) {
    bytes.push_back(ToByte(interface.families));
  }
  return bytes;
}

Bytes FurtherNames(const Layout& layout) {
  net::ByteWriter out;
  out.Uint8(layout.complete ? 0 : kMoreExist);
  std::string_view before;
  for (const AnnouncingInterface& interface : layout.further) {
    const size_t shared = SharedPrefix(before, interface.name);
    out.Uint8(static_cast<uint8_t>(shared << 2 | ToByte(interface.families)));
    out.Uint8(static_cast<uint8_t>(interface.name.size() - shared));
    out.Bytes(AsBytes(std::string_view(interface.name).substr(shared)));
    before = interface.name;
  }
  return std::move(out).Finish();
}

uint8_t FlagsOf(const NodeMetadata& metadata, bool older_read_all) {
  return (metadata.draining ? kDraining : 0) |
         (metadata.holding_down ? kHoldingDown : 0) |
         (metadata.silent ? kSilent : 0) |
         (metadata.ignores_exclude_label ? kIgnoresExcludeLabel : 0) |
         (metadata.undeliverable.ipv4 ? kCannotDeliverIpv4 : 0) |
         (metadata.undeliverable.ipv6 ? kCannotDeliverIpv6 : 0) |
         (metadata.unrouted ? kUnrouted : 0) |
         (older_read_all ? 0 : kIncomplete);
}

// Nullopt: damaged.
std::optional<Interfaces> ReadListed(net::ByteReader* in) {
  Interfaces interfaces;
  while (const uint8_t size = in->Uint8()) {
    const auto name = in->Take(size);
    const auto mac = in->Take(kMacSize);
    if (!in->ok() || size > kNameSizeMax) return std::nullopt;
    AnnouncingInterface interface;
    interface.name.assign(name.begin(), name.end());
    std::copy(mac.begin(), mac.end(), interface.mac.bytes.begin());
    interfaces.push_back(std::move(interface));
  }
  if (!in->ok()) return std::nullopt;  // The list has no end.
  return interfaces;
}

// False: damaged.
bool ReadFamilies(absl::Span<const uint8_t> bytes, Interfaces* listed) {
  if (bytes.size() != listed->size()) return false;
  for (size_t i = 0; i < bytes.size(); ++i) {
    (*listed)[i].families = ToFamilies(bytes[i]);
  }
  return true;
}

// False: damaged.
bool ReadFurther(absl::Span<const uint8_t> bytes, Layout* layout) {
  net::ByteReader in(bytes);
  layout->complete = (in.Uint8() & kMoreExist) == 0;
  std::string before;
  while (in.ok() && !in.rest().empty()) {
    const uint8_t head = in.Uint8();
    const auto rest = in.Take(in.Uint8());
    const size_t shared = head >> 2;
    if (!in.ok() || shared > before.size()) return false;
    std::string name = before.substr(0, shared);
    name.append(rest.begin(), rest.end());
    if (name.empty() || name.size() > kAlternativeNameSizeMax) return false;
    layout->further.push_back({.name = name, .families = ToFamilies(head & 3)});
    before = std::move(name);
  }
  return in.ok();
}

// Reads what the extensions say about the interfaces in `layout`. Nullopt:
// damaged.
std::optional<bool> ReadExtensions(net::ByteReader* in, Layout* layout,
                                   std::optional<uint64_t>* facts_digest) {
  bool tells_families = false;
  while (in->ok() && !in->rest().empty()) {
    const uint8_t type = in->Uint8();
    const auto bytes = in->Take(in->Uint16());
    if (!in->ok()) return std::nullopt;
    if (type == kFamiliesType) {
      if (!ReadFamilies(bytes, &layout->listed)) return std::nullopt;
      tells_families = true;
    } else if (type == kFactsDigestType && bytes.size() == kFactsDigestSize) {
      *facts_digest = net::ByteReader(bytes).Uint64();
    } else if (type == kFurtherNamesType && !ReadFurther(bytes, layout)) {
      return std::nullopt;
    }
  }
  return tells_families;
}

void SetInterfaces(Layout layout, NodeMetadata* metadata) {
  metadata->older_read_all = layout.older_read_all;
  metadata->complete = layout.complete;
  if (!metadata->tells_families && !layout.older_read_all) return;
  Interfaces& all = metadata->interfaces.emplace(std::move(layout.listed));
  all.insert(all.end(), layout.further.begin(), layout.further.end());
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return a.name < b.name;
  });
}

}  // namespace

Bytes SerializeNodeMetadata(const NodeMetadata& metadata,
                            const std::set<std::string>& wanted) {
  Layout layout = {.older_read_all = false};
  if (metadata.interfaces) layout = LayOut(metadata, wanted);
  net::ByteWriter out;
  out.Bytes(kMagic);
  out.Uint8(kVersion);
  out.Uint8(FlagsOf(metadata, layout.older_read_all));
  for (const AnnouncingInterface& interface : layout.listed) {
    out.Uint8(static_cast<uint8_t>(interface.name.size()));
    out.Bytes(AsBytes(interface.name));
    out.Bytes(interface.mac.bytes);
  }
  out.Uint8(0);
  if (metadata.interfaces) {
    WriteExtension(kFamiliesType, FamiliesOf(layout.listed), &out);
    if (!layout.further.empty() || !layout.complete) {
      WriteExtension(kFurtherNamesType, FurtherNames(layout), &out);
    }
  }
  if (metadata.facts_digest) {
    net::ByteWriter digest;
    digest.Uint64(*metadata.facts_digest);
    WriteExtension(kFactsDigestType, std::move(digest).Finish(), &out);
  }
  return std::move(out).Finish();
}

std::optional<NodeMetadata> ParseNodeMetadata(const Bytes& bytes) {
  net::ByteReader in(bytes);
  const auto magic = in.Take(sizeof(kMagic));
  const uint8_t version = in.Uint8();
  if (!in.ok() || version < 1 ||
      !std::equal(magic.begin(), magic.end(), std::begin(kMagic))) {
    return std::nullopt;
  }
  NodeMetadata metadata;
  metadata.tells_families = false;
  if (in.rest().empty()) return metadata;  // The first lbds sent no more.
  const uint8_t flags = in.Uint8();
  Layout layout = {.older_read_all = (flags & kIncomplete) == 0};
  auto listed = ReadListed(&in);
  if (!listed) return std::nullopt;
  layout.listed = *std::move(listed);
  const auto tells_families =
      ReadExtensions(&in, &layout, &metadata.facts_digest);
  if (!tells_families) return std::nullopt;
  metadata.draining = (flags & kDraining) != 0;
  metadata.holding_down = (flags & kHoldingDown) != 0;
  metadata.silent = (flags & kSilent) != 0;
  metadata.unrouted = (flags & kUnrouted) != 0;
  metadata.ignores_exclude_label = (flags & kIgnoresExcludeLabel) != 0;
  metadata.undeliverable = {.ipv4 = (flags & kCannotDeliverIpv4) != 0,
                            .ipv6 = (flags & kCannotDeliverIpv6) != 0};
  metadata.tells_families = *tells_families;
  SetInterfaces(std::move(layout), &metadata);
  return metadata;
}

}  // namespace lb
