#include "lb/bgp/unnumbered/router_search.h"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/check.h"
#include "lb/net/ethernet.h"
#include "lb/net/ndp.h"

namespace lb::bgp {
namespace {

using testing::ElementsAre;
using testing::Eq;
using testing::IsEmpty;
using testing::Optional;
using testing::SizeIs;

constexpr net::MacAddress kOwnMac = {{2, 0, 0, 0, 0, 1}};
constexpr net::MacAddress kMacA = {{2, 0, 0, 0, 0, 0xa}};

net::IpAddress Ip(std::string_view text) { return *net::ParseIpAddress(text); }

const net::IpAddress kOwn = Ip("fe80::1");
const net::IpAddress kA = Ip("fe80::a");
const net::IpAddress kB = Ip("fe80::b");
const net::IpAddress kC = Ip("fe80::c");

std::vector<uint8_t> Advertisement(const net::IpAddress& router,
                                   uint16_t lifetime = 1800) {
  return net::RouterFrame(
      kMacA, {.source = router,
              .destination = net::AllNodesGroup(),
              .message = net::RouterAdvertisement{.lifetime_seconds = lifetime,
                                                  .source_mac = kMacA}});
}

std::vector<uint8_t> Solicitation(const net::IpAddress& source,
                                  const net::MacAddress& mac = kMacA) {
  return net::RouterFrame(mac, {.source = source,
                                .destination = net::AllRoutersGroup(),
                                .message = net::RouterSolicitation{}});
}

// Runs a search on a clock of its own, and keeps what it sends.
class RouterSearchTest : public testing::Test {
 protected:
  RouterSearchTest() { Collect(); }

  RouterVerdict Hear(const std::vector<uint8_t>& frame) {
    const RouterVerdict verdict = search_.OnFrame(now_, frame);
    Collect();
    return verdict;
  }
  void RunFor(absl::Duration time) {
    const absl::Time end = now_ + time;
    while (search_.NextDeadline() <= end) {
      ASSERT_GE(search_.NextDeadline(), now_);
      now_ = search_.NextDeadline();
      search_.OnTimer(now_);
      LB_CHECK(search_.NextDeadline() > now_);
      Collect();
    }
    now_ = end;
  }
  // Routers that live: each advertises as often as FRR does, and when asked.
  void RunWith(const std::vector<net::IpAddress>& routers,
               absl::Duration time) {
    for (const absl::Time end = now_ + time; now_ < end;) {
      const size_t before = solicited_.size();
      RunFor(absl::Seconds(1));
      const bool is_due = (now_ - absl::UnixEpoch()) % absl::Seconds(10) ==
                          absl::ZeroDuration();
      if (!is_due && solicited_.size() == before) continue;
      for (const net::IpAddress& router : routers) Hear(Advertisement(router));
    }
  }
  // Until the next one; returns when that is.
  absl::Time WaitForAdvertisement() {
    const size_t before = advertised_.size();
    while (advertised_.size() == before) RunFor(search_.NextDeadline() - now_);
    return now_;
  }
  void Restart() {
    search_.Restart(now_, {kOwn, kOwnMac});
    Collect();
  }
  double Seconds(absl::Time time) const {
    return absl::ToDoubleSeconds(time - begin_);
  }

  void Collect() {
    for (const auto& frame : search_.TakeFrames()) {
      const auto ethernet = net::ParseEthernet(frame);
      const auto packet = net::ParseRouterPacket(ethernet->payload);
      ASSERT_TRUE(packet.ok());
      EXPECT_EQ(ethernet->header.source, kOwnMac);
      EXPECT_EQ(packet->source, kOwn);
      const bool asks =
          std::holds_alternative<net::RouterSolicitation>(packet->message);
      EXPECT_EQ(packet->destination,
                asks ? net::AllRoutersGroup() : net::AllNodesGroup());
      (asks ? solicited_ : advertised_).push_back(now_);
      if (!asks) {
        EXPECT_EQ(std::get<net::RouterAdvertisement>(packet->message),
                  (net::RouterAdvertisement{.source_mac = kOwnMac}));
      }
    }
  }

  absl::Time now_ = absl::UnixEpoch() + absl::Hours(1);
  const absl::Time begin_ = now_;
  RouterSearch search_{{kOwn, kOwnMac}, now_, Prng(1)};
  std::vector<absl::Time> solicited_;
  std::vector<absl::Time> advertised_;
};

TEST_F(RouterSearchTest, SolicitsAndAdvertisesAtOnce) {
  EXPECT_THAT(solicited_, ElementsAre(begin_));
  EXPECT_THAT(advertised_, ElementsAre(begin_));
  EXPECT_THAT(search_.router(), Eq(std::nullopt));
}

TEST_F(RouterSearchTest, SolicitsEverMoreSeldomUntilARouterIsHeard) {
  RunFor(absl::Seconds(200));
  std::vector<double> times;
  for (const absl::Time time : solicited_) times.push_back(Seconds(time));
  EXPECT_THAT(times, ElementsAre(0, 4, 12, 28, 60, 120, 180));
  EXPECT_EQ(Hear(Advertisement(kA)), RouterVerdict::kAdvertised);
  EXPECT_THAT(search_.router(), Optional(kA));
  RunFor(absl::Hours(1));
  EXPECT_THAT(solicited_, SizeIs(7));
}

TEST_F(RouterSearchTest, AdvertisesAsOftenAsIsAllowed) {
  RunFor(absl::Minutes(10));
  for (size_t i = 1; i < advertised_.size(); ++i) {
    const absl::Duration gap = advertised_[i] - advertised_[i - 1];
    EXPECT_GE(gap, absl::Seconds(3));
    EXPECT_LE(gap, absl::Seconds(4));
  }
  EXPECT_GE(advertised_.size(), 150);
}

TEST_F(RouterSearchTest, AnswersASolicitationAsSoonAsItMay) {
  for (int i = 0; i < 20; ++i) {
    const absl::Time last = WaitForAdvertisement();
    RunFor(absl::Milliseconds(100) * i);
    EXPECT_EQ(Hear(Solicitation(kA)), RouterVerdict::kSolicited);
    EXPECT_EQ(WaitForAdvertisement() - last, absl::Seconds(3));
  }
}

// The router's own table of neighbours is empty when it has just begun.
TEST_F(RouterSearchTest, AdvertisesSoonToANewRouter) {
  const absl::Time last = WaitForAdvertisement();
  Hear(Advertisement(kA));
  const absl::Time answer = WaitForAdvertisement();
  EXPECT_EQ(answer - last, absl::Seconds(3));
  Hear(Advertisement(kA));  // It is not new now.
  EXPECT_GT(WaitForAdvertisement() - answer, absl::Seconds(3));
}

TEST_F(RouterSearchTest, IgnoresWhatIsNotARouters) {
  EXPECT_EQ(Hear({}), RouterVerdict::kMalformed);
  EXPECT_EQ(Hear(Advertisement(kOwn)), RouterVerdict::kOwn);
  EXPECT_EQ(Hear(Solicitation(kA, kOwnMac)), RouterVerdict::kOwn);
  EXPECT_EQ(Hear(net::NdpFrame(kOwnMac, kMacA,
                               {.source = kA,
                                .destination = kOwn,
                                .message = net::NeighborSolicitation{kOwn}})),
            RouterVerdict::kOther);
  std::vector<uint8_t> far = Advertisement(kA);
  far[net::kEthernetHeaderSize + 7] = 254;  // The hop limit.
  EXPECT_EQ(Hear(far), RouterVerdict::kMalformed);
  std::vector<uint8_t> ipv4 = Advertisement(kA);
  ipv4[12] = 0x08;
  ipv4[13] = 0x00;
  EXPECT_EQ(Hear(ipv4), RouterVerdict::kOther);
  EXPECT_THAT(search_.routers(), IsEmpty());
  EXPECT_THAT(search_.router(), Eq(std::nullopt));
}

// BGP and BFD say whether it lives. A lifetime of 0 is what FRR's and our own
// advertisements may have.
TEST_F(RouterSearchTest, ARouterThatIsSilentStaysFound) {
  Hear(Advertisement(kA, /*lifetime=*/0));
  RunFor(absl::Hours(10));
  EXPECT_THAT(search_.router(), Optional(kA));
  EXPECT_THAT(solicited_, SizeIs(1));
}

TEST_F(RouterSearchTest, TheFirstOfTwoIsTheOne) {
  Hear(Advertisement(kB));
  Hear(Advertisement(kA));
  EXPECT_THAT(search_.router(), Optional(kB));
  EXPECT_THAT(search_.routers(), ElementsAre(kA, kB));
}

TEST_F(RouterSearchTest, ASecondRouterChangesNothingWhileTheFirstAnswers) {
  RunWith({kA}, absl::Minutes(1));
  RunWith({kA, kB}, absl::Minutes(10));
  EXPECT_THAT(search_.router(), Optional(kA));
  EXPECT_THAT(search_.routers(), ElementsAre(kA, kB));
  RunWith({kA}, absl::Minutes(3));
  EXPECT_THAT(search_.routers(), ElementsAre(kA));
  const size_t before = solicited_.size();
  RunWith({kA}, absl::Minutes(10));
  EXPECT_THAT(solicited_, SizeIs(before));
}

TEST_F(RouterSearchTest, ARouterThatIsReplacedIsDroppedAfterTwoQuestions) {
  RunWith({kA}, absl::Minutes(1));
  RunWith({kB}, absl::Seconds(11));  // From here on A is gone.
  EXPECT_THAT(search_.router(), Optional(kA));
  RunWith({kB}, absl::Seconds(14));
  EXPECT_THAT(search_.router(), Optional(kB));
  EXPECT_THAT(search_.routers(), ElementsAre(kB));
}

TEST_F(RouterSearchTest, OfTwoOthersNoneIsChosen) {
  RunWith({kA}, absl::Minutes(1));
  RunWith({kB, kC}, absl::Seconds(30));
  EXPECT_THAT(search_.router(), Eq(std::nullopt));
  EXPECT_THAT(search_.routers(), ElementsAre(kB, kC));
  RunWith({kC}, absl::Minutes(3));
  EXPECT_THAT(search_.router(), Optional(kC));
}

TEST_F(RouterSearchTest, AfterTheLinkWasDownAnotherRouterCountsAtOnce) {
  RunWith({kA}, absl::Minutes(1));
  Restart();
  EXPECT_THAT(search_.router(), Optional(kA));  // It is dialled meanwhile.
  EXPECT_EQ(solicited_.back(), now_);
  Hear(Advertisement(kB));
  EXPECT_THAT(search_.router(), Optional(kB));
}

TEST_F(RouterSearchTest, ALinkThatFlapsMakesItAdvertiseNoMoreOften) {
  for (int i = 0; i < 200; ++i) {
    RunFor(absl::Milliseconds(37 * i % 500));
    Restart();
  }
  for (size_t i = 1; i < advertised_.size(); ++i) {
    EXPECT_GE(advertised_[i] - advertised_[i - 1], absl::Seconds(3));
  }
}

TEST_F(RouterSearchTest, KeepsAFewRoutersOnly) {
  for (size_t i = 0; i < 2 * RouterSearch::kRoutersMax; ++i) {
    EXPECT_EQ(Hear(Advertisement(Ip(fmt::format("fe80::aa:{}", i)))),
              i < RouterSearch::kRoutersMax ? RouterVerdict::kAdvertised
                                            : RouterVerdict::kTooMany);
  }
  EXPECT_THAT(search_.routers(), SizeIs(RouterSearch::kRoutersMax));
  // Those that are gone make room.
  RunFor(absl::Minutes(1));
  EXPECT_THAT(search_.routers(), IsEmpty());
  EXPECT_EQ(Hear(Advertisement(kB)), RouterVerdict::kAdvertised);
}

}  // namespace
}  // namespace lb::bgp
