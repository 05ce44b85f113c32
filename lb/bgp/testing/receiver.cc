#include "lb/bgp/testing/receiver.h"

#include <bit>
#include <optional>
#include <string_view>
#include <utility>

#include "fmt/format.h"
#include "lb/base/check.h"

namespace lb::bgp {

// A cursor. A read beyond the end gives zeros and clears `ok`.
struct Receiver::Bytes {
  absl::Span<const uint8_t> rest;
  bool ok = true;

  bool empty() const { return rest.empty(); }
  absl::uint128 Number(size_t size) {
    absl::uint128 number = 0;
    for (const uint8_t byte : Take(size).rest) number = number << 8 | byte;
    return number;
  }
  uint32_t Small(size_t size) { return static_cast<uint32_t>(Number(size)); }
  Bytes Take(size_t size) {
    if (size > rest.size()) {
      ok = false;
      size = rest.size();
    }
    const Bytes taken = {rest.subspan(0, size)};
    rest.remove_prefix(size);
    return taken;
  }
};

// One UPDATE.
struct Receiver::Parsed {
  std::vector<net::IpPrefix> withdrawn;
  std::vector<net::IpPrefix> announced;
  Held held;
  std::set<uint8_t> types;
  std::vector<uint32_t> path;
  std::vector<uint32_t> four_octet_path;
  std::optional<net::IpFamily> unreach;  // of MP_UNREACH_NLRI
};

namespace {

constexpr size_t kHeader = 19;

net::IpFamily FamilyOf(uint32_t afi) {
  LB_CHECK(afi == 1 || afi == 2);
  return afi == 1 ? net::IpFamily::kIpv4 : net::IpFamily::kIpv6;
}

template <typename Bytes>
std::string ReadPrefixes(Bytes in, net::IpFamily family,
                         std::vector<net::IpPrefix>& out) {
  const uint32_t bits = family == net::IpFamily::kIpv4 ? 32 : 128;
  while (!in.empty()) {
    const uint32_t length = in.Small(1);
    if (length > bits) return "a prefix is too long";
    const uint32_t size = (length + 7) / 8;
    absl::uint128 number = in.Number(size);
    if (!in.ok) return "a prefix is cut short";
    if (size > 0 && 8 * size < bits) number <<= bits - 8 * size;
    const auto address =
        bits == 32 ? net::IpAddress::Ipv4(static_cast<uint32_t>(number))
                   : net::IpAddress::Ipv6(number);
    const net::IpPrefix prefix = {address, static_cast<int>(length)};
    if (prefix.Range().first != address) return "a prefix has host bits";
    out.push_back(prefix);
  }
  return "";
}

// The flags of each attribute that the speaker may send; 0 for all others.
uint8_t FlagsOf(uint8_t type) {
  switch (type) {
    case 1:
    case 2:
    case 3:
    case 5:
      return 0x40;
    case 4:
    case 14:
    case 15:
      return 0x80;
    case 8:
    case 16:
    case 17:
    case 32:
      return 0xc0;
    default:
      return 0;
  }
}

}  // namespace

std::string Receiver::Receive(absl::Span<const uint8_t> messages) {
  Bytes in = {messages};
  while (!in.empty()) {
    Bytes header = {in.rest};
    if (header.Number(16) != absl::Uint128Max()) return "marker";
    const size_t size = header.Small(2);
    if (!header.ok || size < kHeader || size > 4096) return "message length";
    const Bytes message = in.Take(size);
    if (!in.ok) return "the last message is cut short";
    std::string error = ReceiveOne(message.rest);
    if (!error.empty()) return error;
    ++messages_;
  }
  return "";
}

size_t Receiver::ends_of_rib(net::IpFamily family) const {
  return families_[static_cast<size_t>(family)].ends_of_rib;
}

size_t Receiver::refreshes(net::IpFamily family) const {
  return families_[static_cast<size_t>(family)].refreshes;
}

PathAttributes Receiver::AsTold(const Terms& terms, PathAttributes attributes) {
  if (terms.internal) {
    attributes.prepends = 0;
    if (!attributes.local_preference) attributes.local_preference = 100;
  } else {
    attributes.local_preference.reset();
  }
  return attributes;
}

std::string Receiver::ReceiveOne(absl::Span<const uint8_t> message) {
  const absl::Span<const uint8_t> body = message.subspan(kHeader);
  switch (message[kHeader - 1]) {
    case 2:
      return ReceiveUpdate(body);
    case 5:
      return ReceiveRefresh(body);
    default:
      return "message type";
  }
}

std::string Receiver::ReceiveRefresh(absl::Span<const uint8_t> body) {
  Bytes in = {body};
  const uint32_t afi = in.Small(2);
  const uint32_t subtype = in.Small(1);
  if (in.Small(1) != 1 || !in.ok || !in.empty()) return "refresh";
  FamilyState& state = families_[static_cast<size_t>(FamilyOf(afi))];
  if (subtype == 1) {
    if (state.ends_of_rib == 0) return "BoRR before End-of-RIB";
    if (state.refreshing) return "BoRR after BoRR";
    state.refreshing = true;
    for (const auto& [prefix, held] : table_) {
      if (prefix.address.family() == FamilyOf(afi)) state.stale.insert(prefix);
    }
    return "";
  }
  if (subtype != 2) return "refresh subtype";
  if (!state.refreshing) return "EoRR before BoRR";
  state.refreshing = false;
  ++state.refreshes;
  for (const net::IpPrefix& prefix : std::exchange(state.stale, {})) {
    table_.erase(prefix);
  }
  return "";
}

std::string Receiver::ReceiveUpdate(absl::Span<const uint8_t> body) {
  Bytes in = {body};
  Parsed parsed;
  const Bytes withdrawn = in.Take(in.Small(2));
  const Bytes attributes = in.Take(in.Small(2));
  if (!in.ok) return "lengths of an UPDATE";
  std::string error =
      ReadPrefixes(withdrawn, net::IpFamily::kIpv4, parsed.withdrawn);
  if (!error.empty()) return error;
  const bool has_plain = !in.empty();
  error = ReadPrefixes(in, net::IpFamily::kIpv4, parsed.announced);
  if (!error.empty()) return error;
  error = ReadAttributes(attributes, parsed);
  if (!error.empty()) return error;
  if (has_plain && parsed.types.contains(14)) return "plain and MP_REACH_NLRI";
  if (has_plain != parsed.types.contains(3)) return "NEXT_HOP";
  error = CheckAttributes(parsed);
  return error.empty() ? Apply(parsed) : error;
}

std::string Receiver::ReadAttributes(Bytes in, Parsed& parsed) const {
  uint8_t before = 0;
  while (!in.empty()) {
    const auto flags = static_cast<uint8_t>(in.Small(1));
    const auto type = static_cast<uint8_t>(in.Small(1));
    const bool is_long = (flags & 0x10) != 0;
    const uint32_t size = in.Small(is_long ? 2 : 1);
    const Bytes value = in.Take(size);
    if (!in.ok) return "an attribute is cut short";
    if (is_long != (size > 255)) return "form of an attribute's length";
    if ((flags & ~0x10) != FlagsOf(type))
      return fmt::format("flags of {}", type);
    if (!parsed.types.insert(type).second) return "a repeated attribute";
    if (type <= before) return "order of attributes";
    if (type != 14) before = type;  // Only the first may be out of order.
    if (type == 14 && parsed.types.size() > 1) return "MP_REACH_NLRI not first";
    std::string error = ReadAttribute(type, value, parsed);
    if (!error.empty()) return error;
  }
  return "";
}

std::string Receiver::ReadAttribute(uint8_t type, Bytes value,
                                    Parsed& parsed) const {
  const size_t size = value.rest.size();
  PathAttributes& attributes = parsed.held.attributes;
  switch (type) {
    case 1:
      return size == 1 && value.Small(1) == 0 ? "" : "ORIGIN";
    case 2:
      return ReadPath(value, terms_.four_octet_as ? 4 : 2, parsed);
    case 3:
      parsed.held.next_hop.assign(value.rest.begin(), value.rest.end());
      return size == 4 ? "" : "NEXT_HOP";
    case 4:
      attributes.med = value.Small(4);
      return size == 4 ? "" : "MED";
    case 5:
      attributes.local_preference = value.Small(4);
      return size == 4 && terms_.internal ? "" : "LOCAL_PREF";
    case 14: {
      const net::IpFamily family = FamilyOf(value.Small(2));
      if (value.Small(1) != 1) return "SAFI";
      const auto next_hop = value.Take(value.Small(1)).rest;
      if (next_hop.size() != 16 && next_hop.size() != 32) return "next hop";
      parsed.held.next_hop.assign(next_hop.begin(), next_hop.end());
      if (value.Small(1) != 0 || !value.ok || value.empty()) return "MP_REACH";
      return ReadPrefixes(value, family, parsed.announced);
    }
    case 15:
      parsed.unreach = FamilyOf(value.Small(2));
      if (value.Small(1) != 1 || !value.ok) return "SAFI";
      return ReadPrefixes(value, *parsed.unreach, parsed.withdrawn);
    case 17:
      return ReadPath(value, 0, parsed);
    default:
      return ReadCommunities(type, value, parsed);
  }
}

std::string Receiver::ReadCommunities(uint8_t type, Bytes value,
                                      Parsed& parsed) const {
  PathAttributes& attributes = parsed.held.attributes;
  if (value.empty()) return "empty communities";
  if (type == 16) {
    if (value.Small(2) != 0x4004) return "type of extended community";
    const Asn asn = {value.Small(2)};
    const auto rate = std::bit_cast<float>(value.Small(4));
    attributes.link_bandwidth = {asn, static_cast<uint64_t>(rate)};
    return value.ok && value.empty() ? "" : "extended communities";
  }
  while (!value.empty()) {
    const uint32_t first = value.Small(4);
    if (type == 8) {
      attributes.communities.push_back({first});
    } else {
      const uint32_t second = value.Small(4);
      attributes.large_communities.push_back({first, second, value.Small(4)});
    }
  }
  PathAttributes sorted = attributes;
  sorted.Normalize();
  return value.ok && sorted == attributes ? "" : "communities";
}

// `as_size` 0: the path is AS4_PATH's.
std::string Receiver::ReadPath(Bytes value, size_t as_size,
                               Parsed& parsed) const {
  std::vector<uint32_t>& path =
      as_size == 0 ? parsed.four_octet_path : parsed.path;
  if (value.empty()) return "";
  if (value.Small(1) != 2) return "type of segment";
  const size_t count = value.Small(1);
  while (!value.empty()) path.push_back(value.Small(as_size == 2 ? 2 : 4));
  return value.ok && count == path.size() && count > 0 ? "" : "AS path";
}

std::string Receiver::CheckAttributes(const Parsed& parsed) const {
  const auto has = [&parsed](uint8_t type) {
    return parsed.types.contains(type);
  };
  if (parsed.announced.empty()) {
    return parsed.types.size() == (has(15) ? 1 : 0) ? ""
                                                    : "attributes of no route";
  }
  if (!parsed.withdrawn.empty() || has(15)) return "withdraws and announces";
  if (!has(1) || !has(2)) return "a mandatory attribute is missing";
  if (has(5) != terms_.internal) return "LOCAL_PREF";
  if (terms_.internal) return parsed.path.empty() ? "" : "AS path to internal";
  const uint32_t number = terms_.speaker_as.number;
  const bool is_substituted = !terms_.four_octet_as && number > 65535;
  if (has(17) != is_substituted) return "AS4_PATH";
  const uint32_t told = is_substituted ? 23456 : number;
  if (parsed.path.empty() ||
      parsed.path != std::vector<uint32_t>(parsed.path.size(), told)) {
    return "AS path";
  }
  if (is_substituted && parsed.four_octet_path !=
                            std::vector<uint32_t>(parsed.path.size(), number)) {
    return "numbers of AS4_PATH";
  }
  return "";
}

std::string Receiver::Apply(const Parsed& parsed) {
  if (parsed.announced.empty() && parsed.withdrawn.empty()) {
    return EndOfRib(parsed.unreach.value_or(net::IpFamily::kIpv4));
  }
  for (const net::IpPrefix& prefix : parsed.withdrawn) {
    if (table_.erase(prefix) == 0) return "withdraws what it never announced";
    families_[static_cast<size_t>(prefix.address.family())].stale.erase(prefix);
    ++withdrawn_;
  }
  Held held = parsed.held;
  if (!parsed.path.empty()) {
    held.attributes.prepends = static_cast<int>(parsed.path.size()) - 1;
  }
  std::set<net::IpPrefix> once;
  for (const net::IpPrefix& prefix : parsed.announced) {
    if (!once.insert(prefix).second) return "one prefix twice in a message";
    table_.insert_or_assign(prefix, held);
    ++announced_;
    families_[static_cast<size_t>(prefix.address.family())].stale.erase(prefix);
  }
  return "";
}

std::string Receiver::EndOfRib(net::IpFamily family) {
  const size_t ends = ++families_[static_cast<size_t>(family)].ends_of_rib;
  return ends == 1 ? "" : "End-of-RIB twice";
}

}  // namespace lb::bgp
