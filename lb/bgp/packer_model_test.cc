// Packer and AdjRibOut against a model: a set of routes, and a receiver that
// shares no code with the encoder. Whatever was set, erased, replaced,
// refreshed, taken in parts or lost with a session, a peer that was told all it
// is owed holds exactly what is wanted.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "gtest/gtest.h"
#include "lb/base/check.h"
#include "lb/base/prng.h"
#include "lb/bgp/adj_rib_out.h"
#include "lb/bgp/packer.h"
#include "lb/bgp/route.h"
#include "lb/bgp/testing/receiver.h"
#include "lb/bgp/wire/message.h"

namespace lb::bgp {
namespace {

using net::IpAddress;
using net::IpFamily;
using net::IpPrefix;

constexpr size_t kRoom = size_t{64} * 1024;
constexpr IpFamily kFamilies[] = {IpFamily::kIpv4, IpFamily::kIpv6};

class World {
 public:
  explicit World(uint64_t seed) : prng_(seed) {
    MakePrefixes(seed % 8 == 0 ? 1500 : 24);
    MakeAttributes();
    Start();
  }

  void Step() {
    switch (prng_.Uniform(12)) {
      case 0:
        Replace();
        break;
      case 1:
        packer_.Refresh(kFamilies[prng_.Uniform(2)]);
        break;
      case 2:
        terms_.context.next_hops = SomeNextHops();
        packer_.SetNextHops(terms_.context.next_hops);
        break;
      case 3:
        if (prng_.Chance(20)) {
          packer_.Stop();
          Start();
        }
        break;
      case 4:
      case 5:
      case 6:
        Take(prng_.Uniform(4) * wire::kMessageSizeMax);
        break;
      case 7:
        TakeFull();
        break;
      default:
        ChangeSome();
    }
  }

  // The peer is told all, and must hold what is wanted.
  void Settle() {
    while (!packer_.idle()) {
      const size_t before = receiver_->messages();
      Take(kRoom);
      // An answer to a refresh of an empty table may have no message.
      ASSERT_TRUE(receiver_->messages() > before || packer_.idle());
    }
    EXPECT_EQ(FirstDifference(receiver_->table(), Expected()), "");
    for (const IpFamily family : kFamilies) {
      EXPECT_EQ(receiver_->ends_of_rib(family), Offers(family) ? 1U : 0U);
      EXPECT_EQ(rib_.counts(family).wanted, CountOf(family, wanted_));
      EXPECT_EQ(rib_.counts(family).told, CountOf(family, receiver_->table()));
    }
  }

 private:
  void MakePrefixes(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      const auto number = static_cast<uint32_t>(i);
      if (prng_.Chance(60)) {
        const int length = 8 + static_cast<int>(prng_.Uniform(25));
        prefixes_.push_back({IpAddress::Ipv4(0x0a000000 + 77 * number),
                             prng_.Chance(50) ? 32 : length});
      } else {
        const auto address = absl::uint128(0x20010db800000000) << 64 | number;
        const int length = static_cast<int>(prng_.Uniform(129));
        prefixes_.push_back(
            {IpAddress::Ipv6(address), prng_.Chance(50) ? 128 : length});
      }
    }
  }

  void MakeAttributes() {
    for (uint32_t i = 0; i < 6; ++i) {
      PathAttributes attributes;
      if (prng_.Chance(50)) attributes.local_preference = 50 * i;
      if (prng_.Chance(50)) attributes.med = i;
      attributes.prepends = static_cast<int>(prng_.Uniform(4));
      for (uint64_t n = prng_.Uniform(64); n > 0; --n) {
        attributes.communities.push_back({static_cast<uint32_t>(prng_.Next())});
      }
      for (uint64_t n = prng_.Uniform(64); n > 0; --n) {
        attributes.large_communities.push_back(
            {i, static_cast<uint32_t>(prng_.Next()), 1});
      }
      if (prng_.Chance(30))
        attributes.link_bandwidth = {{64512}, uint64_t{125000} * i};
      attributes.Normalize();
      attributes_.push_back(attributes);
    }
  }

  wire::NextHops SomeNextHops() {
    const auto global = IpAddress::Ipv6(absl::uint128(0x20010db8) << 96 | 1);
    const auto local = IpAddress::Ipv6(absl::uint128(0xfe80) << 112 | 1);
    const wire::NextHop both = {global, local};
    const wire::NextHop alone = {prng_.Chance(50) ? global : local, {}};
    wire::NextHops next_hops;
    if (prng_.Chance(70)) {
      next_hops.ipv4 = {
          IpAddress::Ipv4(0xc0000200 + static_cast<uint32_t>(prng_.Uniform(2))),
          {}};
    } else if (prng_.Chance(60)) {
      next_hops.ipv4 = prng_.Chance(50) ? both : alone;
    }
    if (prng_.Chance(80)) next_hops.ipv6 = prng_.Chance(50) ? both : alone;
    return next_hops;
  }

  void Start() {
    terms_ = {};
    terms_.context.own_as = {prng_.Chance(50) ? 64512U : 4200000000U};
    terms_.context.internal = prng_.Chance(30);
    terms_.context.four_octet_as = prng_.Chance(60);
    terms_.context.next_hops = SomeNextHops();
    terms_.families = {prng_.Chance(85), prng_.Chance(85)};
    terms_.enhanced_refresh = prng_.Chance(50);
    receiver_ = std::make_unique<Receiver>(ReceiverTerms());
    packer_.Start(terms_);
  }

  Receiver::Terms ReceiverTerms() const {
    return {terms_.context.own_as, terms_.context.internal,
            terms_.context.four_octet_as};
  }

  void ChangeSome() {
    for (uint64_t n = prng_.Uniform(prefixes_.size()); n > 0; --n) {
      const IpPrefix& prefix = prefixes_[prng_.Uniform(prefixes_.size())];
      if (prng_.Chance(40)) {
        wanted_.Erase(prefix);
        rib_.Erase(prefix);
        continue;
      }
      const Route route = {prefix, SomeAttributes()};
      LB_CHECK(wanted_.Set(route).ok());
      rib_.Set(route);
    }
  }

  void Replace() {
    RouteSet wanted;
    for (const IpPrefix& prefix : prefixes_) {
      if (prng_.Chance(50)) {
        LB_CHECK(wanted.Set({prefix, SomeAttributes()}).ok());
      }
    }
    wanted_ = std::move(wanted);
    rib_.Replace(wanted_);
  }

  const PathAttributes& SomeAttributes() {
    return attributes_[prng_.Uniform(attributes_.size())];
  }

  // Each message is full, but in a table that the peer waits for.
  void TakeFull() {
    const size_t messages = receiver_->messages();
    const Packer::Packed packed = packer_.Take(kRoom, Messages::kFull);
    ASSERT_EQ(receiver_->Receive(packed.bytes), "");
    ASSERT_EQ(receiver_->messages() - messages, packed.messages());
    ASSERT_TRUE(packed.waits || packer_.idle() ||
                packed.bytes.size() + wire::kMessageSizeMax > kRoom);
  }

  void Take(size_t room) {
    size_t withdrawals = 0;
    for (const IpFamily family : kFamilies) {
      withdrawals += rib_.counts(family).withdrawals;
    }
    const size_t announced = receiver_->announced();
    const size_t withdrawn = receiver_->withdrawn();
    const size_t messages = receiver_->messages();
    const Packer::Packed packed = packer_.Take(room);
    ASSERT_LE(packed.bytes.size(), room);
    ASSERT_EQ(receiver_->Receive(packed.bytes), "");
    ASSERT_EQ(receiver_->messages() - messages, packed.messages());
    // A withdrawal never waits behind an announcement.
    if (receiver_->withdrawn() - withdrawn < withdrawals) {
      ASSERT_EQ(receiver_->announced(), announced);
    }
  }

  bool Offers(IpFamily family) const {
    return family == IpFamily::kIpv4 ? terms_.families.ipv4
                                     : terms_.families.ipv6;
  }

  static std::vector<uint8_t> Bytes(const wire::NextHop& next_hop) {
    std::vector<uint8_t> bytes = next_hop.address.ToBytes();
    if (next_hop.link_local) {
      for (const uint8_t byte : next_hop.link_local->ToBytes()) {
        bytes.push_back(byte);
      }
    }
    return bytes;
  }

  Receiver::Table Expected() const {
    Receiver::Table table;
    for (const auto& [prefix, attributes] : wanted_) {
      const auto& next_hop =
          terms_.context.next_hops.of(prefix.address.family());
      if (!Offers(prefix.address.family()) || !next_hop) continue;
      table[prefix] = {Receiver::AsTold(ReceiverTerms(), attributes),
                       Bytes(*next_hop)};
    }
    return table;
  }

  // "held 192.0.2.1/32 MED 1 by c0000201, want ..."; "" if there is none.
  static std::string FirstDifference(const Receiver::Table& held,
                                     const Receiver::Table& wanted) {
    for (const auto& [prefix, route] : wanted) {
      const auto it = held.find(prefix);
      const std::string found =
          it == held.end() ? "nothing" : TextOf(it->second);
      if (found == TextOf(route)) continue;
      return fmt::format("{}: held {}, want {}", prefix.ToString(), found,
                         TextOf(route));
    }
    return held.size() == wanted.size() ? "" : "held is more than wanted";
  }
  static std::string TextOf(const Receiver::Held& held) {
    return fmt::format("{} by {:02x}", held.attributes.ToString(),
                       fmt::join(held.next_hop, ""));
  }

  template <typename Routes>
  static size_t CountOf(IpFamily family, const Routes& routes) {
    size_t count = 0;
    for (const auto& [prefix, rest] : routes) {
      if (prefix.address.family() == family) ++count;
    }
    return count;
  }

  Prng prng_;
  std::vector<IpPrefix> prefixes_;
  std::vector<PathAttributes> attributes_;
  RouteSet wanted_;
  SessionTerms terms_;
  std::unique_ptr<Receiver> receiver_;
  AdjRibOut rib_;
  Packer packer_{&rib_};
};

TEST(PackerModelTest, APeerThatWasToldAllHoldsWhatIsWanted) {
  for (uint64_t seed = 1; seed <= 120; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    World world(seed);
    for (int step = 1; step <= 60; ++step) {
      world.Step();
      if (step % 20 == 0) world.Settle();
      if (::testing::Test::HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace lb::bgp
