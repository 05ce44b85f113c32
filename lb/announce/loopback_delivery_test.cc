#include "lb/announce/loopback_delivery.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/io/address_installer.h"
#include "lb/io/sim/sim_world.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_families.h"

namespace lb::announce {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

class LoopbackDeliveryTest : public testing::Test {
 protected:
  std::vector<std::string> Events() {
    std::vector<std::string> messages;
    for (const Event& event : host_->log().Since(0)) {
      messages.push_back(event.message);
    }
    return messages;
  }

  // These are wanted from now on, and no others.
  bool Deliver(const std::set<net::IpAddress>& addresses) {
    for (const net::IpAddress& address : wanted_before_) {
      delivery_.Want(address, addresses.contains(address));
    }
    for (const net::IpAddress& address : addresses) {
      delivery_.Want(address, true);
    }
    wanted_before_ = addresses;
    return delivery_.Deliver();
  }

  std::set<net::IpAddress> wanted_before_;
  const net::IpAddress a_ = *net::ParseIpAddress("10.0.0.1");
  const net::IpAddress b_ = *net::ParseIpAddress("2001:db8::1");
  io::SimWorld world_{/*seed=*/1};
  io::SimHost* host_ = world_.AddHost("n1", "172.18.8.11/24");
  LoopbackDelivery delivery_{
      "n1", LoopbackDelivery::Ports::From(host_->environment())};
};

TEST_F(LoopbackDeliveryTest, PutsOnAndTakesOff) {
  Deliver({a_, b_});
  EXPECT_THAT(host_->installer().installed(),
              ElementsAre(Pair("lo", a_), Pair("lo", b_)));
  Deliver({b_});
  EXPECT_THAT(host_->installer().installed(), ElementsAre(Pair("lo", b_)));
  Deliver({});
  EXPECT_THAT(host_->installer().installed(), IsEmpty());
  EXPECT_THAT(Events(), IsEmpty());
}

TEST_F(LoopbackDeliveryTest, SaysWhatIsDeliveredAndWhatIsNoMore) {
  Deliver({a_, b_});
  EXPECT_THAT(delivery_.TakeChanged(), ElementsAre(a_, b_));
  EXPECT_TRUE(delivery_.Delivers(a_));
  Deliver({a_, b_});
  EXPECT_THAT(delivery_.TakeChanged(), IsEmpty());
  delivery_.Want(a_, false);
  EXPECT_THAT(delivery_.TakeChanged(), ElementsAre(a_));
  EXPECT_FALSE(delivery_.Delivers(a_)) << "it is about to go";
  // It is wanted again before it went.
  delivery_.Want(a_, true);
  EXPECT_THAT(delivery_.TakeChanged(), ElementsAre(a_));
  EXPECT_TRUE(delivery_.Delivers(a_));
  host_->installer().TakeOff("lo", b_);
  EXPECT_TRUE(delivery_.Follow());
  EXPECT_THAT(delivery_.TakeChanged(), ElementsAre(b_));
  EXPECT_FALSE(delivery_.Delivers(b_));
}

TEST_F(LoopbackDeliveryTest, RefusedIsOneEventAndTriedAgain) {
  host_->installer().SetError(absl::PermissionDeniedError("no CAP_NET_ADMIN"));
  for (int i = 0; i < 5; ++i) Deliver({a_});
  ASSERT_THAT(Events(), SizeIs(1));
  EXPECT_THAT(Events()[0], HasSubstr("10.0.0.1 cannot be put on lo: no CAP"));
  host_->installer().SetError(absl::UnavailableError("out of memory"));
  Deliver({a_});
  EXPECT_THAT(Events(), SizeIs(2));
  host_->installer().SetError(absl::OkStatus());
  Deliver({a_});
  EXPECT_THAT(host_->installer().installed(), SizeIs(1));
  // Refused once more after it went well: told once more.
  host_->installer().SetError(absl::UnavailableError("out of memory"));
  Deliver({});
  Deliver({});
  EXPECT_THAT(Events(), SizeIs(3));
  EXPECT_THAT(host_->installer().installed(), SizeIs(1));
  host_->installer().SetError(absl::OkStatus());
  Deliver({});
  EXPECT_THAT(host_->installer().installed(), IsEmpty());
}

// The kernel takes its time for each, and the loop has other things to do.
TEST_F(LoopbackDeliveryTest, OneCallChangesOnlySoMany) {
  constexpr size_t kMax = LoopbackDelivery::kChangesMax;
  std::set<net::IpAddress> many;
  for (uint32_t i = 0; i < 2 * kMax + 1; ++i) {
    many.insert(net::IpAddress::Ipv4(0x0a000000 + i));
  }
  const auto& installed = host_->installer().installed();
  EXPECT_FALSE(Deliver(many));
  EXPECT_THAT(installed, SizeIs(kMax));
  EXPECT_TRUE(delivery_.Delivers(*many.begin()));
  EXPECT_FALSE(delivery_.Delivers(*many.rbegin()));
  EXPECT_FALSE(Deliver(many));
  EXPECT_TRUE(Deliver(many));
  EXPECT_THAT(installed, SizeIs(many.size()));
  EXPECT_FALSE(Deliver({}));
  EXPECT_FALSE(Deliver({}));
  EXPECT_TRUE(Deliver({}));
  EXPECT_THAT(installed, IsEmpty());
}

// They are all tried, once; what can be done is not kept waiting by them.
TEST_F(LoopbackDeliveryTest, RefusalsEnd) {
  constexpr size_t kMax = LoopbackDelivery::kChangesMax;
  std::set<net::IpAddress> many;
  for (uint32_t i = 0; i < 2 * kMax; ++i) {
    many.insert(net::IpAddress::Ipv4(0x0a000000 + i));
  }
  host_->installer().SetError(absl::PermissionDeniedError("no CAP_NET_ADMIN"));
  EXPECT_FALSE(Deliver(many));
  EXPECT_TRUE(Deliver(many));
  EXPECT_TRUE(Deliver(many));
  EXPECT_THAT(Events(), SizeIs(2 * kMax));
  EXPECT_FALSE(delivery_.Delivers(*many.rbegin()));
  EXPECT_THAT(delivery_.Faults(), SizeIs(2 * kMax));
  host_->installer().SetError(absl::OkStatus());
  EXPECT_FALSE(Deliver(many));
  EXPECT_TRUE(Deliver(many));
  EXPECT_THAT(host_->installer().installed(), SizeIs(many.size()));
}

TEST_F(LoopbackDeliveryTest, RemovesWhatAKilledRunLeft) {
  Deliver({a_, b_});
  LoopbackDelivery next("n1",
                        LoopbackDelivery::Ports::From(host_->environment()));
  next.RemoveLeftovers();
  EXPECT_THAT(host_->installer().installed(), IsEmpty());
  EXPECT_THAT(Events(), IsEmpty());
}

TEST_F(LoopbackDeliveryTest, LeavesTheHostsOwnAddressesAlone) {
  const net::IpPrefix own = {a_, 32};
  host_->links().AddAddress("lo", own);
  EXPECT_TRUE(Deliver({a_, b_}));
  EXPECT_TRUE(Deliver({}));
  LoopbackDelivery next("n1",
                        LoopbackDelivery::Ports::From(host_->environment()));
  next.RemoveLeftovers();
  EXPECT_THAT(host_->links().Find("lo")->addresses, testing::Contains(own));
  EXPECT_THAT(host_->installer().installed(), IsEmpty());
  EXPECT_THAT(Events(), IsEmpty());
}

TEST_F(LoopbackDeliveryTest, LeftoversThatCannotBeReadAreAnEvent) {
  host_->installer().SetError(absl::UnavailableError("out of memory"));
  delivery_.RemoveLeftovers();
  EXPECT_THAT(Events(), ElementsAre("what an earlier run left on lo cannot be "
                                    "read: out of memory"));
}

// The kernel keeps what has the mark.
class StuckInstaller final : public io::AddressInstaller {
 public:
  absl::Status Install(const std::string&, const net::IpAddress&) override {
    return absl::OkStatus();
  }
  absl::Status Uninstall(const std::string&, const net::IpAddress&) override {
    return absl::PermissionDeniedError("no CAP_NET_ADMIN");
  }
  absl::StatusOr<std::vector<net::IpAddress>> Installed(
      const std::string&) override {
    return installed;
  }

  std::vector<net::IpAddress> installed;
};

// With `deliver: none` it is all that is done: elections do not go by it.
TEST_F(LoopbackDeliveryTest, LeftoversThatStayKeepNoNodeFromBeingElected) {
  StuckInstaller stuck;
  stuck.installed = {a_};
  LoopbackDelivery::Ports ports =
      LoopbackDelivery::Ports::From(host_->environment());
  ports.installer = &stuck;
  LoopbackDelivery delivery("n1", ports);
  for (int i = 0; i < 2; ++i) delivery.RemoveLeftovers();
  EXPECT_THAT(delivery.Faults(),
              ElementsAre("10.0.0.1 cannot be taken off lo: no CAP_NET_ADMIN"));
  EXPECT_EQ(delivery.Unable(), net::IpFamilies{});
  EXPECT_THAT(Events(), SizeIs(1));
  // Somebody took it off by hand.
  stuck.installed.clear();
  delivery.RemoveLeftovers();
  EXPECT_THAT(delivery.Faults(), IsEmpty());
}

// What is taken off "lo" by somebody else is put back.
class FollowLoopbackTest : public LoopbackDeliveryTest {
 protected:
  static constexpr net::IpFamilies kIpv4 = {.ipv4 = true};
  static constexpr net::IpFamilies kIpv6 = {.ipv6 = true};

  // Follows the kernel, as its news have it done.
  void Follow() {
    if (delivery_.Follow()) Deliver(wanted_);
  }
  void Wait(absl::Duration duration) { world_.loop().RunFor(duration); }
  // Goes to the next deadline.
  void Retry() {
    Wait(delivery_.NextDeadline() - host_->environment().loop->Now());
    Deliver(wanted_);
  }
  void SetUp(bool up) {
    io::Link lo = *host_->links().Find("lo");
    lo.up = up;
    host_->links().SetLink(lo);
  }

  std::set<net::IpAddress> wanted_ = {a_, b_};
};

TEST_F(FollowLoopbackTest, PutsBackWhatSomebodyTakesOff) {
  Deliver(wanted_);
  EXPECT_FALSE(delivery_.Follow());
  host_->installer().TakeOff("lo", a_);
  host_->installer().TakeOff("lo", b_);
  Follow();
  EXPECT_THAT(host_->installer().installed(), SizeIs(2));
  EXPECT_THAT(Events(), ElementsAre("10.0.0.1, 2001:db8::1: taken off lo by "
                                    "another program, and put back"));
  EXPECT_EQ(delivery_.Unable(), net::IpFamilies{});
  EXPECT_THAT(delivery_.Faults(), IsEmpty());
  EXPECT_FALSE(delivery_.Follow());
}

TEST_F(FollowLoopbackTest, DoesNotTakeTurnsWithAnotherProgram) {
  Deliver(wanted_);
  for (int i = 0; i < 10; ++i) {
    host_->installer().TakeOff("lo", a_);
    Follow();
    Wait(LoopbackDelivery::kSweep);
  }
  EXPECT_THAT(Events(), SizeIs(2));
  EXPECT_THAT(delivery_.Faults(),
              ElementsAre("10.0.0.1 cannot be kept on lo: another program "
                          "takes it off each time; meanwhile this node is not "
                          "elected for IPv4 addresses"));
  EXPECT_FALSE(delivery_.Delivers(a_));
  EXPECT_TRUE(delivery_.Delivers(b_));
  EXPECT_EQ(delivery_.Unable(), kIpv4);
  Wait(LoopbackDelivery::kRetry);
  EXPECT_LE(delivery_.NextDeadline(), host_->environment().loop->Now());
  Deliver(wanted_);
  EXPECT_TRUE(delivery_.Delivers(a_));
  EXPECT_THAT(delivery_.Faults(), IsEmpty());
}

// `ip address flush` looks again whether anything is left, and finds what was
// put back.
TEST_F(FollowLoopbackTest, OneSweepIsNoFight) {
  Deliver(wanted_);
  for (int i = 0; i < 10; ++i) {
    host_->installer().TakeOff("lo", a_);
    Follow();
  }
  EXPECT_FALSE(delivery_.Delivers(a_));
  EXPECT_EQ(delivery_.Unable(), net::IpFamilies{});
  EXPECT_EQ(delivery_.NextDeadline(),
            host_->environment().loop->Now() + LoopbackDelivery::kSweep);
  Retry();
  EXPECT_TRUE(delivery_.Delivers(a_));
  EXPECT_THAT(Events(), SizeIs(1));
  EXPECT_THAT(delivery_.Faults(), IsEmpty());
  EXPECT_EQ(delivery_.NextDeadline(), absl::InfiniteFuture());
  // An address that is taken off a second time is another matter.
  host_->installer().TakeOff("lo", a_);
  Follow();
  EXPECT_THAT(delivery_.Faults(), SizeIs(1));
}

TEST_F(FollowLoopbackTest, AFamilyThatIsRefusedIsUnableAndSoForAWhile) {
  host_->installer().SetError(net::IpFamily::kIpv6,
                              absl::PermissionDeniedError("IPv6 is off"));
  Deliver(wanted_);
  EXPECT_TRUE(delivery_.Delivers(a_));
  EXPECT_EQ(delivery_.Unable(), kIpv6);
  // Another node has it now: the family is tried all the same.
  wanted_ = {a_};
  Deliver(wanted_);
  for (int i = 0; i < 3; ++i) {
    Retry();
    EXPECT_EQ(delivery_.Unable(), kIpv6);
    EXPECT_THAT(delivery_.Faults(),
                ElementsAre("2001:db8::1 cannot be put on lo: IPv6 is off; "
                            "meanwhile this node is not elected for IPv6 "
                            "addresses"));
    EXPECT_EQ(delivery_.HeldUntil(kIpv6), std::nullopt);
  }
  host_->installer().SetError(net::IpFamily::kIpv6, absl::OkStatus());
  Retry();
  EXPECT_THAT(delivery_.Faults(), IsEmpty());
  EXPECT_THAT(host_->installer().installed(), ElementsAre(Pair("lo", a_)));
  const absl::Time well_since = host_->environment().loop->Now();
  EXPECT_EQ(delivery_.HeldUntil(kIpv6), well_since + LoopbackDelivery::kHold);
  EXPECT_EQ(delivery_.HeldUntil(kIpv4), std::nullopt);
  while (delivery_.Unable() == kIpv6) Retry();
  EXPECT_EQ(host_->environment().loop->Now(),
            well_since + LoopbackDelivery::kHold);
  EXPECT_EQ(delivery_.NextDeadline(), absl::InfiniteFuture());
  EXPECT_EQ(delivery_.HeldUntil(kIpv6), std::nullopt);
}

// An address that came back to this node each time would move to and fro.
TEST_F(FollowLoopbackTest, AFaultThatComesBackSoonIsHeldForLonger) {
  const auto hold = [this] {
    host_->installer().SetError(net::IpFamily::kIpv6,
                                absl::UnavailableError("out of memory"));
    Deliver(wanted_);
    host_->installer().SetError(net::IpFamily::kIpv6, absl::OkStatus());
    Deliver(wanted_);
    Deliver({});
    const absl::Time since = host_->environment().loop->Now();
    while (delivery_.Unable() == kIpv6) Wait(absl::Seconds(1));
    return host_->environment().loop->Now() - since;
  };
  EXPECT_EQ(hold(), LoopbackDelivery::kHold);
  EXPECT_EQ(hold(), 2 * LoopbackDelivery::kHold);
  EXPECT_EQ(hold(), 4 * LoopbackDelivery::kHold);
  for (int i = 0; i < 10; ++i) hold();
  EXPECT_EQ(hold(), LoopbackDelivery::kHoldMax);
  Wait(LoopbackDelivery::kHoldMax);
  EXPECT_EQ(hold(), LoopbackDelivery::kHold);
}

// "lo" is switched off, or its IPv6 is: the kernel takes the IPv6 addresses
// off.
TEST_F(FollowLoopbackTest, AChangeOfTheLinkIsAReasonToTryAgain) {
  host_->installer().SetError(net::IpFamily::kIpv6,
                              absl::PermissionDeniedError("IPv6 is off"));
  delivery_.Follow();
  Deliver(wanted_);
  EXPECT_FALSE(delivery_.Follow());
  host_->installer().SetError(net::IpFamily::kIpv6, absl::OkStatus());
  SetUp(false);
  Follow();
  EXPECT_TRUE(delivery_.Delivers(b_));
  EXPECT_THAT(delivery_.Faults(), IsEmpty());
}

}  // namespace
}  // namespace lb::announce
