#include "tests/sim/chaos/bgp/altered_update.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace lb::chaos {
namespace {

constexpr size_t kHeader = 19;
constexpr uint8_t kOpen = 1;
constexpr uint8_t kUpdate = 2;
constexpr uint8_t kNextHop = 3;
constexpr uint8_t kCommunities = 8;
constexpr uint8_t kMpReach = 14;
constexpr uint8_t kMpUnreach = 15;
constexpr uint8_t kRestart = 64;

size_t Short(const BgpBytes& bytes, size_t at) {
  return static_cast<size_t>(bytes[at]) << 8 | bytes[at + 1];
}

void SetShort(BgpBytes& bytes, size_t at, size_t value) {
  bytes[at] = static_cast<uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<uint8_t>(value);
}

auto At(const BgpBytes& bytes, size_t at) {
  return bytes.begin() + static_cast<ptrdiff_t>(at);
}

bool IsUpdate(const BgpBytes& message) {
  return message.size() >= kHeader + 4 && message[kHeader - 1] == kUpdate;
}

// Where the parts of an UPDATE begin.
struct Layout {
  size_t withdrawn_size;
  size_t attributes;  // Behind their length.
  size_t nlri;
};

Layout LayoutOf(const BgpBytes& message) {
  Layout layout{};
  layout.withdrawn_size = Short(message, kHeader);
  layout.attributes = kHeader + 4 + layout.withdrawn_size;
  layout.nlri = layout.attributes + Short(message, layout.attributes - 2);
  return layout;
}

struct Attribute {
  size_t value = 0;  // Where it begins; 0: there is none.
  size_t size = 0;
};

Attribute Find(const BgpBytes& message, uint8_t type) {
  const Layout layout = LayoutOf(message);
  for (size_t at = layout.attributes; at + 3 <= layout.nlri;) {
    const bool is_long = (message[at] & 0x10) != 0;
    const size_t size = is_long ? Short(message, at + 2) : message[at + 2];
    const size_t value = at + (is_long ? 4 : 3);
    if (message[at + 1] == type) return {value, size};
    at = value + size;
  }
  return {};
}

BgpBytes Update(const BgpBytes& withdrawn, const BgpBytes& attributes) {
  BgpBytes message(kHeader, 0xff);
  message[kHeader - 1] = kUpdate;
  message.resize(kHeader + 2);
  SetShort(message, kHeader, withdrawn.size());
  message.insert(message.end(), withdrawn.begin(), withdrawn.end());
  message.resize(message.size() + 2);
  SetShort(message, message.size() - 2, attributes.size());
  message.insert(message.end(), attributes.begin(), attributes.end());
  SetShort(message, 16, message.size());
  return message;
}

}  // namespace

bool Withdraws(const BgpBytes& message) {
  if (!IsUpdate(message)) return false;
  constexpr size_t kFamily = 3;
  return LayoutOf(message).withdrawn_size > 0 ||
         Find(message, kMpUnreach).size > kFamily;
}

bool IsEndOfRib(const BgpBytes& message) {
  if (!IsUpdate(message)) return false;
  return message.size() == kHeader + 4 || Find(message, kMpUnreach).size == 3;
}

BgpBytes WithBothInOne(BgpBytes message) {
  if (!IsUpdate(message)) return message;
  const Layout layout = LayoutOf(message);
  if (layout.withdrawn_size > 0 || layout.nlri >= message.size()) {
    return message;
  }
  const size_t size = 1 + (message[layout.nlri] + 7U) / 8;
  const BgpBytes prefix(At(message, layout.nlri),
                        At(message, layout.nlri + size));
  SetShort(message, kHeader, size);
  message.insert(At(message, kHeader + 2), prefix.begin(), prefix.end());
  SetShort(message, 16, message.size());
  return message;
}

BgpBytes WithNextHop(BgpBytes message, uint32_t address) {
  if (!IsUpdate(message)) return message;
  const Attribute hop = Find(message, kNextHop);
  if (hop.size != 4) return message;
  SetShort(message, hop.value, address >> 16);
  SetShort(message, hop.value + 2, address & 0xffff);
  return message;
}

BgpBytes WithdrawnIfDraining(BgpBytes message) {
  if (!IsUpdate(message)) return message;
  const Attribute communities = Find(message, kCommunities);
  bool drains = false;
  for (size_t i = 0; i + 4 <= communities.size; i += 4) {
    drains |= Short(message, communities.value + i) == 0xffff &&
              Short(message, communities.value + i + 2) == 0;
  }
  if (!drains) return message;
  const Layout layout = LayoutOf(message);
  const BgpBytes plain(At(message, layout.nlri), message.cend());
  const Attribute reach = Find(message, kMpReach);
  if (reach.size == 0) return Update(plain, {});
  // AFI, SAFI, the next hop, a reserved byte, the prefixes.
  const size_t prefixes = reach.value + 5 + message[reach.value + 3];
  BgpBytes value(At(message, reach.value), At(message, reach.value + 3));
  value.insert(value.end(), At(message, prefixes),
               At(message, reach.value + reach.size));
  BgpBytes attribute = {0x80, kMpUnreach, static_cast<uint8_t>(value.size())};
  if (value.size() > 255) {
    attribute = {0x90, kMpUnreach, 0, 0};
    SetShort(attribute, 2, value.size());
  }
  attribute.insert(attribute.end(), value.begin(), value.end());
  return Update({}, attribute);
}

BgpBytes WithRestart(BgpBytes open, bool restarted) {
  constexpr size_t kParameters = kHeader + 10;
  if (open.size() <= kParameters || open[kHeader - 1] != kOpen) return open;
  for (size_t at = kParameters; at + 2 <= open.size();) {
    const size_t end = at + 2 + open[at + 1];
    for (size_t code = at + 2; code + 2 <= end; code += 2U + open[code + 1]) {
      const size_t size = open[code + 1];
      if (open[code] != kRestart || size < 6) continue;
      const uint8_t bit = restarted ? 0x80 : 0;
      open[code + 2] = static_cast<uint8_t>((open[code + 2] & 0x7f) | bit);
      for (size_t i = code + 7; i < code + 2 + size; i += 4) {
        open[i] = static_cast<uint8_t>((open[i] & 0x7f) | bit);
      }
    }
    at = end;
  }
  return open;
}

}  // namespace lb::chaos
