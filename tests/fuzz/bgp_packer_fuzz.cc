// Any bytes as what is done to a Packer: routes that come and go, refreshes,
// next hops and sessions that change, and rooms of every size. A receiver that
// shares no code with the encoder finds each message right, and holds what is
// wanted once it was told all.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "lb/base/check.h"
#include "lb/bgp/adj_rib_out.h"
#include "lb/bgp/packer.h"
#include "lb/bgp/route.h"
#include "lb/bgp/testing/receiver.h"
#include "lb/net/byte_reader.h"
#include "lb/net/ip_address.h"

namespace lb::bgp {
namespace {

using net::IpAddress;
using net::IpFamily;

class Script {
 public:
  explicit Script(absl::Span<const uint8_t> bytes) : in_(bytes) { Start(); }

  void Run() {
    while (!in_.rest().empty()) Step();
    while (!packer_.idle()) Take(size_t{64} * 1024);
    CheckTable();
  }

 private:
  void Step() {
    switch (in_.Uint8() % 8) {
      case 0:
        return Take(in_.Uint16());
      case 1:
        return packer_.Refresh(in_.Uint8() % 2 == 0 ? IpFamily::kIpv4
                                                    : IpFamily::kIpv6);
      case 2:
        terms_.context.next_hops = NextHops(in_.Uint8());
        return packer_.SetNextHops(terms_.context.next_hops);
      case 3:
        packer_.Stop();
        return Start();
      case 4:
        return Erase(Prefix());
      case 5:
        return rib_.Replace(wanted_);  // changes nothing
      default:
        return Set({Prefix(), Attributes()});
    }
  }

  void Start() {
    const uint8_t bits = in_.Uint8();
    terms_ = {};
    terms_.context.own_as = {(bits & 1) != 0 ? 64512U : 70000U};
    terms_.context.internal = (bits & 2) != 0;
    terms_.context.four_octet_as = (bits & 4) != 0;
    terms_.enhanced_refresh = (bits & 8) != 0;
    terms_.families = {(bits & 16) != 0, (bits & 32) != 0};
    terms_.context.next_hops = NextHops(in_.Uint8());
    receiver_ = std::make_unique<Receiver>(ReceiverTerms());
    packer_.Start(terms_);
  }

  static wire::NextHops NextHops(uint8_t bits) {
    const auto global = IpAddress::Ipv6(absl::uint128(0x20010db8) << 96);
    const auto local = IpAddress::Ipv6(absl::uint128(0xfe80) << 112);
    wire::NextHops hops;
    if ((bits & 1) != 0) hops.ipv4 = {IpAddress::Ipv4(bits), {}};
    if ((bits & 2) != 0) hops.ipv4 = {global, {}};
    if ((bits & 4) != 0) hops.ipv6 = {global, {}};
    if ((bits & 8) != 0) hops.ipv6 = {global, local};
    return hops;
  }

  net::IpPrefix Prefix() {
    const uint8_t kind = in_.Uint8();
    if (kind < 128) {
      return {IpAddress::Ipv4(0x0a000000 | in_.Uint16()), kind % 33};
    }
    const auto number = absl::uint128(0x20010db8) << 96 | in_.Uint16();
    return {IpAddress::Ipv6(number), kind % 129};
  }

  PathAttributes Attributes() {
    PathAttributes attributes;
    const uint8_t bits = in_.Uint8();
    if ((bits & 1) != 0) attributes.med = in_.Uint8();
    if ((bits & 2) != 0) attributes.local_preference = in_.Uint8();
    if ((bits & 4) != 0) attributes.prepends = in_.Uint8() % 33;
    const size_t count = (bits & 8) != 0 ? in_.Uint8() % 64 : 0;
    for (uint32_t i = 0; i < count; ++i) {
      attributes.communities.push_back({i});
      attributes.large_communities.push_back({bits, i, 0});
    }
    if ((bits & 16) != 0)
      attributes.link_bandwidth = {{64512}, uint64_t{1024} * bits};
    return attributes;
  }

  void Set(const Route& route) {
    LB_CHECK(wanted_.Set(route).ok());
    rib_.Set(route);
  }

  void Erase(const net::IpPrefix& prefix) {
    wanted_.Erase(prefix);
    rib_.Erase(prefix);
  }

  void Take(size_t room) {
    const size_t before = receiver_->messages();
    const Packer::Packed packed = packer_.Take(room);
    LB_CHECK(packed.bytes.size() <= room);
    LB_CHECK(receiver_->Receive(packed.bytes).empty());
    LB_CHECK(receiver_->messages() - before == packed.messages());
  }

  Receiver::Terms ReceiverTerms() const {
    return {terms_.context.own_as, terms_.context.internal,
            terms_.context.four_octet_as};
  }

  void CheckTable() const {
    size_t expected = 0;
    for (const auto& [prefix, attributes] : wanted_) {
      const IpFamily family = prefix.address.family();
      if (packer_.hold_back(family) != HoldBack::kNone) continue;
      ++expected;
      const auto held = receiver_->table().find(prefix);
      LB_CHECK(held != receiver_->table().end());
      LB_CHECK(held->second.attributes ==
               Receiver::AsTold(ReceiverTerms(), attributes));
    }
    LB_CHECK(receiver_->table().size() == expected);
  }

  net::ByteReader in_;
  RouteSet wanted_;
  SessionTerms terms_;
  std::unique_ptr<Receiver> receiver_;
  AdjRibOut rib_;
  Packer packer_{&rib_};
};

}  // namespace
}  // namespace lb::bgp

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 1024) return 0;
  lb::bgp::Script({data, size}).Run();
  return 0;
}
