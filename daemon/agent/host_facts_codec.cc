#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/status/status.h"
#include "daemon/agent/host_facts.h"
#include "lb/base/check.h"
#include "lb/net/byte_reader.h"
#include "lb/net/byte_writer.h"

namespace lb {
namespace {

constexpr uint8_t kLeftOut = 1;  // Of the facts.
constexpr uint8_t kIpv6 = 1;     // Of an address or a router.
constexpr uint8_t kByHand = 2;
constexpr uint8_t kAnnouncesIpv4 = 1;  // Of an interface.
constexpr uint8_t kAnnouncesIpv6 = 2;
constexpr size_t kNameSizeMax = 255;

size_t AddressSize(uint8_t flags) { return (flags & kIpv6) != 0 ? 16 : 4; }

absl::Span<const uint8_t> AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

void Write(const HostAddress& own, net::ByteWriter* out) {
  const net::IpAddress& address = own.prefix.address;
  out->Uint8((address.is_ipv6() ? kIpv6 : 0) | (own.by_hand ? kByHand : 0));
  out->Uint8(static_cast<uint8_t>(own.prefix.length));
  out->Bytes(address.ToBytes());
}

void Write(const HostInterface& interface, net::ByteWriter* out) {
  LB_CHECK(!interface.name.empty() && interface.name.size() <= kNameSizeMax);
  out->Uint8(static_cast<uint8_t>(interface.name.size()));
  out->Bytes(AsBytes(interface.name));
  out->Bytes(interface.mac.bytes);
  out->Uint8((interface.ipv4 ? kAnnouncesIpv4 : 0) |
             (interface.ipv6 ? kAnnouncesIpv6 : 0));
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

bool ReadInterfaces(net::ByteReader* in,
                    std::vector<HostInterface>* interfaces) {
  const size_t count = in->Uint8();
  if (count > kHostInterfacesMax) return false;
  for (size_t i = 0; i < count; ++i) {
    HostInterface interface;
    const auto name = in->Take(in->Uint8());
    const auto mac = in->Take(interface.mac.bytes.size());
    const uint8_t flags = in->Uint8();
    if (!in->ok() || name.empty()) return false;
    interface.name.assign(name.begin(), name.end());
    std::copy(mac.begin(), mac.end(), interface.mac.bytes.begin());
    interface.ipv4 = (flags & kAnnouncesIpv4) != 0;
    interface.ipv6 = (flags & kAnnouncesIpv6) != 0;
    interfaces->push_back(std::move(interface));
  }
  return in->ok();
}

}  // namespace

std::string SerializeHostFacts(const HostFacts& facts) {
  LB_CHECK(facts.addresses.size() <= kHostAddressesMax &&
           facts.routers.size() <= kHostRoutersMax &&
           facts.interfaces.size() <= kHostInterfacesMax);
  net::ByteWriter out;
  out.Uint8(facts.complete ? 0 : kLeftOut);
  out.Uint16(static_cast<uint16_t>(facts.addresses.size()));
  for (const HostAddress& address : facts.addresses) Write(address, &out);
  out.Uint8(static_cast<uint8_t>(facts.routers.size()));
  for (const net::IpAddress& router : facts.routers) {
    out.Uint8(router.is_ipv6() ? kIpv6 : 0);
    out.Bytes(router.ToBytes());
  }
  out.Uint8(static_cast<uint8_t>(facts.interfaces.size()));
  for (const HostInterface& interface : facts.interfaces) {
    Write(interface, &out);
  }
  const auto bytes = std::move(out).Finish();
  return {bytes.begin(), bytes.end()};
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
      !ReadRouters(&in, &facts.routers) ||
      !ReadInterfaces(&in, &facts.interfaces)) {
    return absl::InvalidArgumentError(fmt::format(
        "host facts: {} bytes, damaged or cut short", bytes.size()));
  }
  return facts;
}

uint64_t DigestOfFacts(std::string_view bytes) {
  std::array<uint8_t, EVP_MAX_MD_SIZE> digest = {};
  unsigned int size = 0;
  LB_CHECK(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size,
                      EVP_sha256(), nullptr) == 1);
  return net::ByteReader(digest).Uint64();
}

}  // namespace lb
