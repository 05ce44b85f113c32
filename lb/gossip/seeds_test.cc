// The join list: names, which change, and seeds that never answer.
#include "lb/gossip/seeds.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/gossip/ports.h"
#include "lb/gossip/testing/cluster_fixture.h"
#include "lb/gossip/wire/keyring.h"
#include "lb/net/host_port.h"

namespace lb::gossip {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using wire::KeyDerivation;

class SeedsTest : public GossipNodeTest {
 protected:
  SeedsTest() { options_.gossip = FastProfile(); }
  ~SeedsTest() override { seeds_.clear(); }

  // A node that joins through `list`, comma-separated.
  void Start(int number, const std::vector<std::string>& list) {
    while (static_cast<int>(nodes_.size()) < number) AddNode();
    StartNode(number, /*join=*/false);
    std::vector<net::HostPort> seeds;
    for (const std::string& text : list) {
      seeds.push_back(*net::ParseHostPort(text, 7946));
    }
    seeds_[number] = std::make_unique<gossip::Seeds>(
        seeds, Ports::From(At(number).host->environment()),
        At(number).gossip.get());
    Gossip(number).SetObserver([this, number](const GossipEvent& event) {
      At(number).events.push_back(event);
      seeds_[number]->OnEvent(event);
    });
    EXPECT_THAT(seeds_[number]->Join(), IsOk());
  }
  void Stop(int number) {
    seeds_.erase(number);
    Crash(number);
  }
  io::SimResolver& Names(int number) { return At(number).host->resolver(); }
  net::IpAddress Address(int number) { return At(number).host->address(); }

  // "n9 (10.0.0.9:7946): why"
  std::vector<std::string> Unanswered(int number) {
    std::vector<std::string> texts;
    for (const auto& one : seeds_[number]->ListUnanswered()) {
      std::string endpoints;
      for (const auto& at : one.endpoints) endpoints += at.ToString() + " ";
      texts.push_back(
          fmt::format("{} ({}): {}", one.seed.text, endpoints, one.why));
    }
    return texts;
  }
  void Run(absl::Duration time) { world_->loop().RunFor(time); }

  std::map<int, std::unique_ptr<gossip::Seeds>> seeds_;
};

TEST_F(SeedsTest, NodesFindEachOtherByNames) {
  for (int i = 1; i <= 3; ++i) AddNode();
  for (int i = 1; i <= 3; ++i) {
    for (int j = 1; j <= 3; ++j) {
      Names(i).Set(fmt::format("n{}", j), {Address(j)});
    }
  }
  for (int i = 1; i <= 3; ++i) Start(i, {"n1", "n2:7946", "n3"});
  EXPECT_TRUE(RunUntilAll(absl::Seconds(5),
                          [&](int number) { return UpCount(number) == 3; }));
  Run(absl::Minutes(10));
  for (int i = 1; i <= 3; ++i) EXPECT_THAT(Unanswered(i), IsEmpty());
  // All are there: hardly a lookup any more.
  EXPECT_LT(Names(1).lookups(), 30u);
}

TEST_F(SeedsTest, ANameMayHaveManyAddressesThisNodesOwnToo) {
  for (int i = 1; i <= 3; ++i) AddNode();
  for (int i = 1; i <= 3; ++i) {
    Names(i).Set("lbd.svc", {Address(1), Address(2), Address(3)});
    Start(i, {"lbd.svc"});
  }
  EXPECT_TRUE(RunUntilAll(absl::Seconds(5),
                          [&](int number) { return UpCount(number) == 3; }));
}

TEST_F(SeedsTest, ANameThatResolvesLaterIsJoinedThen) {
  for (int i = 1; i <= 2; ++i) AddNode();
  Start(1, {});
  Names(2).Fail("n1", absl::UnavailableError("n1: no name server answers"));
  Start(2, {"n1"});
  Run(absl::Seconds(9));
  EXPECT_THAT(Unanswered(2), IsEmpty());  // Grace.
  Run(absl::Seconds(2));
  EXPECT_THAT(Unanswered(2), ElementsAre("n1 (): its name does not resolve: "
                                         "n1: no name server answers"));
  Names(2).Set("n1", {Address(1)});
  EXPECT_TRUE(RunUntilAll(absl::Seconds(60),
                          [&](int number) { return UpCount(number) == 2; }));
  EXPECT_THAT(Unanswered(2), IsEmpty());
}

// A pod: it comes back at another address by the same name.
TEST_F(SeedsTest, ANameThatChangesIsFollowed) {
  for (int i = 1; i <= 3; ++i) AddNode();
  Start(1, {});
  Names(2).Set("peer", {Address(1)});
  Start(2, {"peer"});
  ASSERT_TRUE(RunUntilAll(absl::Seconds(5),
                          [&](int number) { return UpCount(number) == 2; }));
  Stop(1);
  Start(3, {});
  Names(2).Set("peer", {Address(3)});
  EXPECT_TRUE(RunUntilAll(absl::Seconds(30),
                          [&](int number) { return UpCount(number) == 2; }));
  EXPECT_THAT(Unanswered(2), IsEmpty());
}

// Nothing is sent any more to an address that the name had before.
TEST_F(SeedsTest, AnOldAddressIsTriedNoLonger) {
  for (int i = 1; i <= 2; ++i) AddNode();
  Names(2).Set("peer", {*net::ParseIpAddress("10.0.0.77")});
  Start(2, {"peer"});
  Run(absl::Seconds(5));
  Names(2).Set("peer", {Address(1)});
  Run(absl::Minutes(2));
  At(2).events.clear();
  Run(absl::Minutes(10));
  const auto failed = EventsOf<ExchangeFailedEvent>(2);
  EXPECT_FALSE(failed.empty());
  for (const auto& event : failed) {
    EXPECT_EQ(event.peer, At(1).host->endpoint());
  }
  Start(1, {});
  Run(absl::Minutes(2));
  EXPECT_EQ(UpCount(2), 2);
  EXPECT_EQ(seeds_[2]->NameOf(*net::ParseIpAddress("10.0.0.77")), "");
  EXPECT_EQ(seeds_[2]->NameOf(Address(1)), "peer");
}

TEST_F(SeedsTest, SaysWhatIsWrongWithEachSeed) {
  for (int i = 1; i <= 3; ++i) AddNode();
  ASSERT_THAT(options_.keyring.AddSecret("a", KeyDerivation::kSha256), IsOk());
  Start(1, {});
  At(2).host->Kill();  // Its kernel lives, and refuses.
  options_.keyring = {};
  ASSERT_THAT(options_.keyring.AddSecret("b", KeyDerivation::kSha256), IsOk());
  Start(3, {"10.0.0.1", "10.0.0.2", "10.0.0.3", "nobody", "10.0.0.99:9"});
  Run(absl::Seconds(30));
  EXPECT_THAT(
      Unanswered(3),
      ElementsAre(
          HasSubstr("10.0.0.1 (10.0.0.1:7946 ): its answer does not decrypt"),
          HasSubstr("10.0.0.2 (10.0.0.2:7946 ): "),
          HasSubstr("nobody (): its name does not resolve: nobody: no such"),
          HasSubstr("10.0.0.99:9 (10.0.0.99:9 ): ")));
}

// A seed that was there once and is down now is a member's matter.
TEST_F(SeedsTest, ASeedThatAnsweredOnceIsNotListed) {
  for (int i = 1; i <= 2; ++i) AddNode();
  Start(1, {});
  Start(2, {"10.0.0.1"});
  Run(absl::Seconds(5));
  ASSERT_EQ(UpCount(2), 2);
  Stop(1);
  Run(absl::Minutes(5));
  EXPECT_EQ(UpCount(2), 1);
  EXPECT_THAT(Unanswered(2), IsEmpty());
}

// Seeds are tried for ever.
TEST_F(SeedsTest, ASeedThatAnswersLaterIsNotListedAnyMore) {
  for (int i = 1; i <= 2; ++i) AddNode();
  Start(2, {"10.0.0.1", "10.0.0.2"});
  Run(absl::Minutes(30));
  EXPECT_THAT(Unanswered(2), ElementsAre(HasSubstr("10.0.0.1 (")));
  Start(1, {});
  EXPECT_TRUE(RunUntilAll(absl::Minutes(2),
                          [&](int number) { return UpCount(number) == 2; }));
  EXPECT_THAT(Unanswered(2), IsEmpty());
}

TEST_F(SeedsTest, ALookupThatEndsAfterItsNodeHasNoEffect) {
  AddNode();
  Names(1).Set("n2", {*net::ParseIpAddress("10.0.0.2")});
  Names(1).SetDelay(absl::Seconds(20));
  Start(1, {"n2"});
  Run(absl::Seconds(12));
  EXPECT_THAT(Unanswered(1), ElementsAre("n2 (): it was not tried yet"));
  seeds_.clear();
  Gossip(1).SetObserver([](const GossipEvent&) {});
  Run(absl::Seconds(30));
  EXPECT_EQ(Names(1).lookups(), 1u);
}

}  // namespace
}  // namespace lb::gossip
