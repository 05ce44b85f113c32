#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "daemon/hosts/host_facts.h"
#include "lb/base/bytes.h"
#include "lb/base/check.h"
#include "lb/base/sha256.h"
#include "lb/net/byte_reader.h"
#include "lb/net/byte_writer.h"

namespace lb {
namespace {

constexpr uint8_t kLeftOut = 1;  // Of the facts.
constexpr uint8_t kIpv6 = 1;     // Of an address or a router.
constexpr uint8_t kByHand = 2;
constexpr uint8_t kWithheld = 1;  // Type of an extension.

size_t AddressSize(uint8_t flags) { return (flags & kIpv6) != 0 ? 16 : 4; }

void Write(const HostAddress& own, net::ByteWriter* out) {
  const net::IpAddress& address = own.prefix.address;
  out->Uint8((address.is_ipv6() ? kIpv6 : 0) | (own.by_hand ? kByHand : 0));
  out->Uint8(static_cast<uint8_t>(own.prefix.length));
  out->Bytes(address.ToBytes());
}

bool ReadAddresses(net::ByteReader* in, std::vector<HostAddress>* addresses) {
  const size_t count = in->Uint16();
  if (count > kHostAddressesMax) return false;
  for (size_t i = 0; i < count; ++i) {
    const uint8_t flags = in->Uint8();
    const int length = in->Uint8();
    const auto address =
        net::IpAddress::FromBytes(in->Take(AddressSize(flags)));
    if (!in->ok() || !address.ok()) return false;
    if (length > net::BitCount(address->family())) return false;
    addresses->push_back({{*address, length}, (flags & kByHand) != 0});
  }
  return in->ok();
}

bool ReadRouters(net::ByteReader* in, std::vector<net::IpAddress>* routers) {
  const size_t count = in->Uint8();
  if (count > kHostRoutersMax) return false;
  for (size_t i = 0; i < count; ++i) {
    const auto router =
        net::IpAddress::FromBytes(in->Take(AddressSize(in->Uint8())));
    if (!in->ok() || !router.ok()) return false;
    routers->push_back(*router);
  }
  return in->ok();
}

bool ReadExtensions(net::ByteReader* in, HostFacts* facts) {
  while (!in->rest().empty()) {
    const uint8_t type = in->Uint8();
    const auto bytes = in->Take(in->Uint16());
    if (!in->ok()) return false;
    if (type != kWithheld) continue;
    auto withheld = ParseWithheld(AsText(bytes));
    if (!withheld) return false;
    facts->withheld = *std::move(withheld);
  }
  return true;
}

}  // namespace

std::string SerializeHostFacts(const HostFacts& facts) {
  LB_CHECK(facts.addresses.size() <= kHostAddressesMax &&
           facts.routers.size() <= kHostRoutersMax);
  net::ByteWriter out;
  out.Uint8(facts.complete ? 0 : kLeftOut);
  out.Uint16(static_cast<uint16_t>(facts.addresses.size()));
  for (const HostAddress& address : facts.addresses) Write(address, &out);
  out.Uint8(static_cast<uint8_t>(facts.routers.size()));
  for (const net::IpAddress& router : facts.routers) {
    out.Uint8(router.is_ipv6() ? kIpv6 : 0);
    out.Bytes(router.ToBytes());
  }
  if (!facts.withheld.empty()) {
    const std::string withheld = SerializeWithheld(facts.withheld);
    out.Uint8(kWithheld);
    out.Uint16(static_cast<uint16_t>(withheld.size()));
    out.Bytes(AsBytes(withheld));
  }
  return std::string(AsText(out.bytes()));
}

absl::StatusOr<HostFacts> ParseHostFacts(std::string_view bytes) {
  if (bytes.size() > kHostFactsSizeMax) {
    return absl::InvalidArgumentError(
        fmt::format("host facts: {} bytes, want {} at most", bytes.size(),
                    kHostFactsSizeMax));
  }
  net::ByteReader in(AsBytes(bytes));
  HostFacts facts;
  facts.complete = (in.Uint8() & kLeftOut) == 0;
  if (!ReadAddresses(&in, &facts.addresses) ||
      !ReadRouters(&in, &facts.routers) || !ReadExtensions(&in, &facts)) {
    return absl::InvalidArgumentError(fmt::format(
        "host facts: {} bytes, damaged or cut short", bytes.size()));
  }
  return facts;
}

uint64_t DigestOfFacts(std::string_view bytes) {
  return net::ByteReader(Sha256::Of(bytes)).Uint64();
}

}  // namespace lb
