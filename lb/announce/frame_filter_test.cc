#include "lb/announce/frame_filter.h"

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/sim/frame_filter.h"
#include "lb/net/arp.h"
#include "lb/net/ethernet.h"
#include "lb/net/ndp.h"

namespace lb::announce {
namespace {

using net::IpAddress;
using testing::ElementsAre;
using testing::SizeIs;
using Addresses = absl::btree_set<IpAddress>;
using Bytes = std::vector<uint8_t>;

constexpr net::MacAddress kHost = {{0x02, 0x00, 0x5e, 0x00, 0x53, 0x0a}};

IpAddress Ip(std::string_view text) { return *net::ParseIpAddress(text); }

Bytes Arp(net::ArpOperation operation, const IpAddress& sender,
          const IpAddress& target) {
  return net::ArpFrame(net::kBroadcastMac, {.operation = operation,
                                            .sender_mac = kHost,
                                            .sender_ip = sender,
                                            .target_ip = target});
}
Bytes Solicitation(const IpAddress& source, const IpAddress& target) {
  const IpAddress group = net::SolicitedNodeGroup(target);
  return net::NdpFrame(net::MulticastMac(group), kHost,
                       {source, group, net::NeighborSolicitation{target, {}}});
}
Bytes Advertisement(const IpAddress& source, const IpAddress& target) {
  return net::NdpFrame(net::MulticastMac(net::AllNodesGroup()), kHost,
                       {source, net::AllNodesGroup(),
                        net::NeighborAdvertisement{.target = target}});
}

// With a tag of `vlan` and the highest priority before the type.
Bytes Tagged(uint16_t identifier, uint16_t vlan, Bytes frame) {
  const auto high = [](int value) { return static_cast<uint8_t>(value >> 8); };
  const auto low = [](int value) { return static_cast<uint8_t>(value); };
  frame.insert(frame.begin() + 12, {high(identifier), low(identifier),
                                    high(0xe000 | vlan), low(vlan)});
  return frame;
}

// Runs programs on libpcap's own machine.
class Machine {
 public:
  explicit Machine(const io::FrameProgram& program)
      : filter_(*io::FrameFilter::Load(program)) {}
  bool Passes(const Bytes& frame) const { return filter_.Matches(frame); }

 private:
  io::FrameFilter filter_;
};

TEST(FrameFilterTest, PassesWhatIsAboutAWatchedAddress) {
  const Machine machine(FilterFor({Ip("10.0.0.5"), Ip("2001:db8::5")}));
  const auto kRequest = net::ArpOperation::kRequest;
  const auto kReply = net::ArpOperation::kReply;
  Bytes echo = Solicitation(Ip("2001:db8::5"), Ip("2001:db8::5"));
  echo[54] = 128;
  Bytes udp = Solicitation(Ip("2001:db8::5"), Ip("2001:db8::5"));
  udp[20] = 17;
  Bytes ipv4 = Arp(kRequest, Ip("10.0.0.5"), Ip("10.0.0.5"));
  ipv4[13] = 0;
  const struct {
    const char* name;
    Bytes frame;
    bool passes;
  } kCases[] = {
      {"who has ours", Arp(kRequest, Ip("10.0.0.9"), Ip("10.0.0.5")), true},
      {"who has the next", Arp(kRequest, Ip("10.0.0.9"), Ip("10.0.0.6")),
       false},
      {"who has the last", Arp(kRequest, Ip("10.0.0.9"), Ip("10.0.0.4")),
       false},
      {"a probe for ours", Arp(kRequest, Ip("0.0.0.0"), Ip("10.0.0.5")), true},
      {"a claim", Arp(kReply, Ip("10.0.0.5"), Ip("10.0.0.5")), true},
      {"ours asks", Arp(kRequest, Ip("10.0.0.5"), Ip("10.0.0.9")), true},
      {"a reply to another", Arp(kReply, Ip("10.0.0.9"), Ip("10.0.0.8")),
       false},
      {"solicits ours", Solicitation(Ip("fe80::1"), Ip("2001:db8::5")), true},
      {"probes ours", Solicitation(Ip("::"), Ip("2001:db8::5")), true},
      {"solicits the next", Solicitation(Ip("fe80::1"), Ip("2001:db8::6")),
       false},
      {"of another prefix", Solicitation(Ip("fe80::1"), Ip("2001:db9::5")),
       false},
      {"ours solicits", Solicitation(Ip("2001:db8::5"), Ip("fe80::1")), true},
      {"claims ours", Advertisement(Ip("fe80::1"), Ip("2001:db8::5")), true},
      {"claims another", Advertisement(Ip("fe80::1"), Ip("fe80::1")), false},
      {"an echo request", echo, false},
      {"a UDP datagram", udp, false},
      {"not ARP", ipv4, false},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.name);
    EXPECT_EQ(machine.Passes(test.frame), test.passes);
  }
}

TEST(FrameFilterTest, PassesPriorityTagsAndNoVlan) {
  const Machine machine(FilterFor({Ip("10.0.0.5")}));
  const Machine all(FilterForAll());
  const Bytes arp =
      Arp(net::ArpOperation::kRequest, Ip("10.0.0.9"), Ip("10.0.0.5"));
  const Bytes ndp = Solicitation(Ip("fe80::1"), Ip("2001:db8::5"));
  Bytes ipv4 = arp;
  ipv4[13] = 0;
  for (const uint16_t identifier : {0x8100, 0x88a8}) {
    SCOPED_TRACE(identifier);
    for (const Bytes& frame :
         {arp, ndp, Tagged(0x8100, 0, arp), Tagged(0x88a8, 0, arp)}) {
      EXPECT_TRUE(machine.Passes(Tagged(identifier, 0, frame)));
      EXPECT_TRUE(all.Passes(Tagged(identifier, 0, frame)));
      for (const uint16_t vlan : {1, 5, 0x800, 0xfff}) {
        EXPECT_FALSE(machine.Passes(Tagged(identifier, vlan, frame)));
      }
    }
    EXPECT_FALSE(machine.Passes(Tagged(identifier, 0, ipv4)));
  }
  EXPECT_FALSE(machine.Passes(Tagged(0x9100, 0, arp)));
  EXPECT_FALSE(Machine(FilterFor({})).Passes(Tagged(0x8100, 0, arp)));
}

TEST(FrameFilterTest, RejectsEveryTruncation) {
  const Machine machine(FilterFor({Ip("10.0.0.5"), Ip("2001:db8::5")}));
  const Bytes arp =
      Arp(net::ArpOperation::kRequest, Ip("10.0.0.9"), Ip("10.0.0.5"));
  const Bytes ndp = Solicitation(Ip("fe80::1"), Ip("2001:db8::5"));
  for (size_t size = 0; size < 78; ++size) {
    SCOPED_TRACE(size);
    // The frame is whole once the target address is.
    EXPECT_EQ(machine.Passes(
                  {arp.begin(), arp.begin() + std::min<ptrdiff_t>(size, 60)}),
              size >= 42);
    EXPECT_FALSE(machine.Passes({ndp.begin(), ndp.begin() + size}));
  }
  EXPECT_TRUE(machine.Passes(ndp));
}

TEST(FrameFilterTest, NothingOrEverything) {
  const Bytes arp =
      Arp(net::ArpOperation::kReply, Ip("0.0.0.0"), Ip("255.255.255.255"));
  const Bytes ndp = Advertisement(Ip("fe80::1"), Ip("2001:db8::5"));
  const Machine none(FilterFor({}));
  EXPECT_FALSE(none.Passes(arp));
  EXPECT_FALSE(none.Passes(ndp));
  const Machine all(FilterForAll());
  EXPECT_TRUE(all.Passes(arp));
  EXPECT_TRUE(all.Passes(ndp));
  EXPECT_THAT(FilterForAll(), SizeIs(testing::Lt(50)));
  const Machine one_family(FilterFor({Ip("2001:db8::5")}));
  EXPECT_FALSE(one_family.Passes(arp));
  EXPECT_TRUE(one_family.Passes(ndp));
}

// The widest gaps stay open, whatever their order.
TEST(FrameFilterTest, MergesTheNearest) {
  const Machine machine(FilterFor(
      {Ip("10.0.0.0"), Ip("10.0.0.3"), Ip("10.0.1.0"), Ip("10.0.9.0")}, 3));
  const auto passes = [&](std::string_view address) {
    return machine.Passes(
        Arp(net::ArpOperation::kRequest, Ip("10.9.9.9"), Ip(address)));
  };
  EXPECT_TRUE(passes("10.0.0.2"));
  EXPECT_FALSE(passes("10.0.0.4"));
  EXPECT_FALSE(passes("10.0.8.0"));
  const Machine edges(FilterFor({Ip("0.0.0.0"), Ip("255.255.255.255")}, 2));
  EXPECT_TRUE(edges.Passes(
      Arp(net::ArpOperation::kRequest, Ip("10.9.9.9"), Ip("255.255.255.255"))));
  EXPECT_TRUE(edges.Passes(
      Arp(net::ArpOperation::kRequest, Ip("10.9.9.9"), Ip("0.0.0.0"))));
  EXPECT_FALSE(edges.Passes(
      Arp(net::ArpOperation::kRequest, Ip("10.9.9.9"), Ip("10.9.9.9"))));
}

// Up to ranges_max addresses that are apart are told apart exactly, and ties do
// not cost ranges.
TEST(FrameFilterTest, EverySizeIsExactUpToTheLimit) {
  for (size_t count = 1; count <= kFilterRangesMax; ++count) {
    SCOPED_TRACE(count);
    Addresses watched;
    for (uint32_t i = 0; i < count; ++i) {
      watched.insert(IpAddress::Ipv4(0xe0000000 + 4 * i));
      watched.insert(IpAddress::Ipv6(absl::MakeUint128(
          0x20010db800000000, uint64_t{0xfffffff0} + uint64_t{4} * i)));
    }
    const io::FrameProgram program = FilterFor(watched, count);
    EXPECT_LE(program.size(), 8 * count + 61);  // Ten of them for tags.
    const Machine machine(program);
    for (const IpAddress& address : watched) {
      for (const int delta : {-1, 0, 1}) {
        const absl::uint128 number = address.number() + delta;
        const IpAddress near =
            address.is_ipv4() ? IpAddress::Ipv4(static_cast<uint32_t>(number))
                              : IpAddress::Ipv6(number);
        const Bytes frame = near.is_ipv4() ? Arp(net::ArpOperation::kRequest,
                                                 Ip("0.0.0.0"), near)
                                           : Solicitation(Ip("::"), near);
        ASSERT_EQ(machine.Passes(frame), delta == 0) << near.ToString();
      }
    }
  }
}

// The slow and obvious one: parse, look up.
bool IsAbout(const Bytes& frame, const Addresses& watched) {
  const auto ethernet = net::ParseEthernet(frame);
  if (!ethernet.ok()) return false;
  if (ethernet->header.ether_type == net::kEtherTypeArp) {
    const auto arp = net::ParseArp(ethernet->payload);
    return arp.ok() && (watched.contains(arp->sender_ip) ||
                        watched.contains(arp->target_ip));
  }
  if (ethernet->header.ether_type != net::kEtherTypeIpv6) return false;
  const auto ndp = net::ParseNdp(ethernet->payload);
  if (!ndp.ok()) return false;
  const IpAddress target = std::visit(
      [](const auto& message) { return message.target; }, ndp->message);
  return watched.contains(ndp->source) || watched.contains(target);
}

class World {
 public:
  explicit World(uint64_t seed) : prng_(seed) {}

  // In dense pools and far apart, as a seed has it.
  Addresses DrawWatched() {
    Addresses watched;
    const uint64_t count = 1 + prng_.Uniform(500);
    burst_ = uint64_t{1} << prng_.Uniform(24);
    while (watched.size() < count) watched.insert(DrawAddress());
    return watched;
  }
  IpAddress DrawAddress() {
    const uint64_t low = prng_.Uniform(1000 + burst_);
    if (prng_.Chance(50)) {
      return IpAddress::Ipv4(0x0a000000 + static_cast<uint32_t>(low));
    }
    return IpAddress::Ipv6(absl::MakeUint128(
        0x20010db800000000 + prng_.Uniform(3), 0xffffff00 + low));
  }
  Bytes DrawFrame(const Addresses& watched) {
    const IpAddress first = DrawEither(watched);
    IpAddress second = DrawEither(watched);
    while (second.family() != first.family()) second = DrawAddress();
    const bool coin = prng_.Chance(50);
    if (first.is_ipv4()) {
      return Arp(coin ? net::ArpOperation::kRequest : net::ArpOperation::kReply,
                 first, second);
    }
    return coin ? Solicitation(first, second) : Advertisement(first, second);
  }
  size_t DrawRangesMax() { return 1 + prng_.Uniform(kFilterRangesMax); }

 private:
  IpAddress DrawEither(const Addresses& watched) {
    if (prng_.Chance(80)) return DrawAddress();
    const auto skip = static_cast<ptrdiff_t>(prng_.Uniform(watched.size()));
    return *std::next(watched.begin(), skip);
  }

  Prng prng_;
  uint64_t burst_ = 1;
};

TEST(FrameFilterTest, NeverDropsWhatTheSlowOnePasses) {
  int about_count = 0;
  int dropped_count = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    World world(seed);
    const Addresses watched = world.DrawWatched();
    const Machine machine(FilterFor(watched, world.DrawRangesMax()));
    for (int i = 0; i < 100; ++i) {
      Bytes frame = world.DrawFrame(watched);
      if (i % 10 == 0) frame = Tagged(0x8100, 0, std::move(frame));
      const bool passes = machine.Passes(frame);
      const bool is_about = IsAbout(frame, watched);
      ASSERT_TRUE(passes || !is_about) << "seed " << seed << ", frame " << i;
      about_count += is_about;
      dropped_count += !passes;
    }
  }
  EXPECT_GT(about_count, 5000);
  EXPECT_GT(dropped_count, 5000);
}

TEST(FrameFilterTest, TenThousandAddressesFitTheKernelsLimit) {
  Prng prng(1);
  Addresses watched;
  while (watched.size() < 10000) {
    const auto low = static_cast<uint32_t>(prng.Next());
    watched.insert(IpAddress::Ipv4(low));
    watched.insert(IpAddress::Ipv6(absl::MakeUint128(prng.Next(), low)));
  }
  const io::FrameProgram program = FilterFor(watched);
  EXPECT_THAT(program, SizeIs(testing::Le(io::kFrameProgramSizeMax)));
  const Machine machine(program);
  for (const IpAddress& address : watched) {
    if (!address.is_ipv4()) continue;
    ASSERT_TRUE(machine.Passes(
        Arp(net::ArpOperation::kRequest, Ip("0.0.0.0"), address)));
  }
}

// A port whose kernel takes programs of `size_max` instructions.
class SmallPort final : public io::FramePort {
 public:
  explicit SmallPort(size_t size_max) : size_max_(size_max) {}

  absl::Status SetFilter(const io::FrameProgram& program) override {
    tried.push_back(program.size());
    if (program.size() <= size_max_) return absl::OkStatus();
    return absl::ResourceExhaustedError("too large");
  }
  absl::Status Send(absl::Span<const uint8_t>) override { return {}; }
  void SetReceiver(Receiver) override {}
  absl::Status JoinGroup(const IpAddress&) override { return {}; }
  absl::Status LeaveGroup(const IpAddress&) override { return {}; }

  std::vector<size_t> tried;

 private:
  const size_t size_max_;
};

TEST(WatchTest, TakesALooserFilterWhereTheKernelHasLittleRoom) {
  Addresses watched;
  for (uint32_t i = 0; i < kFilterRangesMax; ++i) {
    watched.insert(IpAddress::Ipv4(2 * i));
  }
  const size_t whole = FilterFor(watched).size();
  const size_t few = FilterFor(watched, kFilterRangesFew).size();
  const size_t all = FilterForAll().size();
  SmallPort roomy(whole);
  EXPECT_THAT(Watch(roomy, watched), IsOk());
  EXPECT_THAT(roomy.tried, ElementsAre(whole));
  SmallPort tight(few);
  EXPECT_THAT(Watch(tight, watched), IsOk());
  EXPECT_THAT(tight.tried, ElementsAre(whole, few));
  SmallPort tiny(all);
  EXPECT_THAT(Watch(tiny, watched), IsOk());
  EXPECT_THAT(tiny.tried, ElementsAre(whole, few, all));
  SmallPort none(0);
  EXPECT_THAT(Watch(none, watched),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

}  // namespace
}  // namespace lb::announce
