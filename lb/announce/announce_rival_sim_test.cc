// Two nodes and a client on a simulated segment, and what goes wrong there: a
// split cluster, a foreign host with our address, a stopped node; and a planned
// move, where nothing must.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/announce/announce_node.h"
#include "lb/announce/announcement_plan.h"
#include "lb/announce/announcer.h"
#include "lb/announce/claim.h"
#include "lb/announce/testing/announce_sim_fixture.h"
#include "lb/io/sim/sim_paths.h"
#include "lb/io/sim/sim_segment.h"
#include "lb/net/arp.h"
#include "lb/net/ethernet.h"
#include "lb/net/ndp.h"

namespace lb::announce {
namespace {

using net::IpAddress;
using net::MacAddress;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Two nodes that know each other's MAC, and agree on who goes first.
class AnnounceRivalSimTest : public AnnounceSimFixture {
 protected:
  void StartMembers(int first, absl::Duration stall_max = {}) {
    StartNodes(OptionsOf(n2_->mac(), first == 1, stall_max),
               OptionsOf(n1_->mac(), first == 2, stall_max));
    JoinAllNodes();
  }

  static AnnounceNodeOptions OptionsOf(const MacAddress& other, bool is_first,
                                       absl::Duration stall_max) {
    AnnounceNodeOptions options;
    options.announcer.stall_max = stall_max;
    options.announcer.precedence_of = [=](const Announcement&,
                                          const MacAddress& rival) {
      if (rival != other) return Precedence::kForeign;
      return is_first ? Precedence::kOurs : Precedence::kTheirs;
    };
    return options;
  }

  AnnounceNode& node(int number) { return number == 1 ? *node1_ : *node2_; }
  io::SimHost* host(int number) { return number == 1 ? n1_ : n2_; }

  // Which of the nodes answer the client's question: "", "1", "2" or "12".
  std::string Answering(const IpAddress& vip) {
    const std::vector<std::string> heard = Resolve(vip);
    std::string nodes;
    for (const int number : {1, 2}) {
      const std::string mac = host(number)->mac().ToString();
      const bool answers =
          std::any_of(heard.begin(), heard.end(), [&](const std::string& line) {
            return line.ends_with(mac) &&
                   (line.starts_with("reply") || line.starts_with("solicited"));
          });
      if (answers) nodes += std::to_string(number);
    }
    return nodes;
  }

  // How many frames `number` sends in `duration`.
  int Sends(int number, absl::Duration duration) {
    int count = 0;
    world_.segment().SetTap([&](int sender, absl::Span<const uint8_t>) {
      if (sender == number) ++count;
    });
    Run(duration);
    world_.segment().SetTap(nullptr);
    return count;
  }

  size_t Conflicts(int number) {
    return Events(host(number), "AddressConflict").size();
  }
};

// By who goes first, and the address.
class SplitBrainTest
    : public AnnounceRivalSimTest,
      public ::testing::WithParamInterface<std::tuple<int, IpAddress>> {
 protected:
  SplitBrainTest() { StartMembers(first_); }

  void ExpectOnlyTheFirst() {
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(Answering(vip_), std::to_string(first_));
      Run(absl::Milliseconds(990));
    }
  }

  const int first_ = std::get<0>(GetParam());
  const int second_ = 3 - first_;
  const IpAddress vip_ = std::get<1>(GetParam());
};

INSTANTIATE_TEST_SUITE_P(Precedence, SplitBrainTest,
                         ::testing::Combine(::testing::Values(1, 2),
                                            ::testing::Values(kVip, kVip6)),
                         [](const auto& test) {
                           return fmt::format(
                               "First{}Ipv{}", std::get<0>(test.param),
                               std::get<1>(test.param).is_ipv4() ? 4 : 6);
                         });

// Gossip breaks, the segment does not: node 2 begins to announce what node 1
// has.
TEST_P(SplitBrainTest, OneGoesOnAndBothSaySo) {
  node1_->SetAnnouncements({{vip_, {}}});
  Run(absl::Seconds(70));
  node2_->SetAnnouncements({{vip_, {}}});
  Run(absl::Milliseconds(5));
  EXPECT_EQ(Answering(vip_), std::to_string(first_));  // Within 20 ms.
  Run(absl::Milliseconds(985));
  EXPECT_EQ(Conflicts(1), 1u);
  EXPECT_EQ(Conflicts(2), 1u);
  EXPECT_THAT(Events(host(second_), "AddressConflict"),
              ElementsAre(HasSubstr("goes before us: left to it")));
  ExpectOnlyTheFirst();
  // Once per 10 s while it lasts, and from the one that goes on.
  EXPECT_EQ(Conflicts(second_), 1u);
  EXPECT_LE(Conflicts(first_), 4u);

  // The gossip heals, the election keeps the same node: nothing moves.
  const size_t before = Conflicts(first_);
  node(second_).SetAnnouncements({});
  ExpectOnlyTheFirst();
  EXPECT_EQ(Conflicts(first_), before);
  EXPECT_EQ(Conflicts(second_), 1u);
}

// Both announce, and all rounds have passed, when they come to hear each other.
TEST_P(SplitBrainTest, ARefreshShowsWhatWasHiddenByAPartition) {
  world_.segment().paths().Partition({n1_}, {n2_});
  node1_->SetAnnouncements({{vip_, {}}});
  node2_->SetAnnouncements({{vip_, {}}});
  Run(absl::Seconds(70));
  world_.segment().paths().Heal();
  node1_->Refresh({vip_});
  node2_->Refresh({vip_});
  Run(absl::Seconds(1));
  EXPECT_EQ(Conflicts(1), 1u);
  EXPECT_EQ(Conflicts(2), 1u);
  ExpectOnlyTheFirst();
}

// One side's word is enough.
TEST_P(SplitBrainTest, ARefreshOfEitherSideIsEnough) {
  world_.segment().paths().Partition({n1_}, {n2_});
  node1_->SetAnnouncements({{vip_, {}}});
  node2_->SetAnnouncements({{vip_, {}}});
  Run(absl::Seconds(70));
  world_.segment().paths().Heal();
  node1_->Refresh({vip_});
  Run(absl::Seconds(1));
  EXPECT_EQ(Conflicts(1), 1u);
  EXPECT_EQ(Conflicts(2), 1u);
  ExpectOnlyTheFirst();
}

TEST_P(SplitBrainTest, TheRivalIsGoneAndTheAddressTakenBack) {
  node1_->SetAnnouncements({{vip_, {}}});
  node2_->SetAnnouncements({{vip_, {}}});
  Run(absl::Seconds(10));
  host(first_)->Crash();
  Run(absl::Milliseconds(2100));
  EXPECT_EQ(Answering(vip_), std::to_string(second_));
  EXPECT_THAT(Events(host(second_), "AddressTakenBack"), SizeIs(1));
}

TEST_P(SplitBrainTest, BothProbeAtOnceAndOneGetsIt) {
  const Announcements probed = {{vip_, {.role = Role::kProbeFirst}}};
  node1_->SetAnnouncements(probed);
  node2_->SetAnnouncements(probed);
  Run(absl::Milliseconds(250));
  ExpectOnlyTheFirst();
}

// By the address.
class AnnounceFamilySimTest : public AnnounceRivalSimTest,
                              public ::testing::WithParamInterface<IpAddress> {
 protected:
  const IpAddress vip_ = GetParam();
};

INSTANTIATE_TEST_SUITE_P(Families, AnnounceFamilySimTest,
                         ::testing::Values(kVip, kVip6), [](const auto& test) {
                           return test.param.is_ipv4() ? "Ipv4" : "Ipv6";
                         });

TEST_P(AnnounceFamilySimTest, AForeignOwnerIsFoundAtProbe) {
  StartMembers(1);
  // The client has the address, and answers every question for it.
  port_->SetReceiver([this](absl::Span<const uint8_t> bytes) {
    const auto frame = net::ParseEthernet(bytes);
    const auto arp = net::ParseArp(frame->payload);
    const auto ndp = net::ParseNdp(frame->payload);
    const bool asks =
        arp.ok()
            ? arp->target_ip == vip_ && arp->sender_ip != vip_
            : std::holds_alternative<net::NeighborSolicitation>(ndp->message);
    if (!asks) return;
    ASSERT_TRUE(port_->Send(Claim(vip_)).ok());
  });
  if (vip_.is_ipv6()) {
    ASSERT_TRUE(port_->JoinGroup(net::SolicitedNodeGroup(vip_)).ok());
  }
  node1_->SetAnnouncements({{vip_, {.role = Role::kProbeFirst}}});
  Run(absl::Seconds(1));
  EXPECT_THAT(
      Events(n1_, "AddressConflict"),
      ElementsAre(fmt::format("Vip/{} eth0: {} has it: not announced, "
                              "tried again later",
                              vip_.ToString(), client_->mac().ToString())));
  EXPECT_EQ(node1_->announcer().counters().at(vip_).gratuitous_sent, 0u);
  Run(absl::Seconds(60));
  EXPECT_EQ(Conflicts(1), 6u + 1u);
  port_->SetReceiver(nullptr);  // It gives it up.
  Run(absl::Seconds(11));
  EXPECT_EQ(node1_->announcer().StateOf({vip_, "eth0"}),
            ClaimState::kAnnouncing);
}

TEST_P(AnnounceFamilySimTest, AForeignThiefIsMetOncePerTenSeconds) {
  StartMembers(1);
  node1_->SetAnnouncements({{vip_, {}}});
  Run(absl::Seconds(6));
  const size_t round = vip_.is_ipv4() ? 2 : 1;
  EXPECT_THAT(Send(Claim(vip_)), SizeIs(round));
  EXPECT_EQ(Conflicts(1), 1u);
  for (int i = 0; i < 9; ++i) {
    Run(absl::Milliseconds(990));
    EXPECT_THAT(Send(Claim(vip_)), IsEmpty());
  }
  EXPECT_THAT(Run(absl::Seconds(1)), SizeIs(round));  // The last word.
  EXPECT_THAT(Send(Claim(vip_)), IsEmpty());
  EXPECT_EQ(Conflicts(1), 2u);
  EXPECT_THAT(Resolve(vip_), SizeIs(1));
}

// The client asks every 5 ms, and each question must be answered.
class HandoverTest : public AnnounceFamilySimTest {
 protected:
  void AskFor(absl::Duration duration) {
    for (int i = 0; i < duration / absl::Milliseconds(5); ++i) {
      ASSERT_TRUE(port_->Send(Question(vip_)).ok());
      answers_.push_back(Run(absl::Milliseconds(5)));
      EXPECT_THAT(answers_.back(), testing::Not(IsEmpty())) << "question " << i;
    }
  }

  std::vector<std::vector<std::string>> answers_;
};

INSTANTIATE_TEST_SUITE_P(Families, HandoverTest, ::testing::Values(kVip, kVip6),
                         [](const auto& test) {
                           return test.param.is_ipv4() ? "Ipv4" : "Ipv6";
                         });

TEST_P(HandoverTest, LosesNoQuestion) {
  StartMembers(2);
  std::vector<Announcement> handed_over;
  node1_->SetHandedOverObserver(
      [&](const Announcement& done) { handed_over.push_back(done); });
  node1_->SetAnnouncements({{vip_, {}}});
  Run(absl::Seconds(6));
  AskFor(absl::Milliseconds(100));
  node1_->SetAnnouncements({{vip_, {.role = Role::kHandOver}}});
  AskFor(absl::Milliseconds(100));
  EXPECT_THAT(handed_over, IsEmpty());
  node2_->SetAnnouncements({{vip_, {}}});
  AskFor(absl::Milliseconds(100));
  EXPECT_THAT(handed_over, ElementsAre(Announcement{vip_, "eth0"}));
  node1_->SetAnnouncements({});
  AskFor(absl::Milliseconds(500));
  EXPECT_EQ(Answering(vip_), "2");
  EXPECT_EQ(Conflicts(1) + Conflicts(2), 0u);
}

// The old owner hears of the move last: it yields first, or insists a while.
TEST_P(HandoverTest, LosesNoQuestionIfTheNewOwnerIsTheFirstToKnow) {
  for (const int first : {2, 1}) {
    StartMembers(first);
    node1_->SetAnnouncements({{vip_, {}}});
    Run(absl::Seconds(6));
    node2_->SetAnnouncements({{vip_, {}}});
    AskFor(absl::Milliseconds(300));
    node1_->SetAnnouncements({{vip_, {.role = Role::kHandOver}}});
    if (first == 1) node2_->Reclaim(vip_);  // It learned that node 1 leaves.
    AskFor(absl::Milliseconds(700));
    node1_->SetAnnouncements({});
    AskFor(absl::Milliseconds(100));
    EXPECT_EQ(Answering(vip_), "2");
    EXPECT_EQ(Conflicts(1) + Conflicts(2), 0u);
  }
}

TEST_P(AnnounceFamilySimTest, AWokenNodeSaysNothingForWhatItLost) {
  StartMembers(1, /*stall_max=*/absl::Milliseconds(400));
  absl::Duration stall;
  node1_->SetStallObserver([&](absl::Duration pause) { stall = pause; });
  node1_->SetAnnouncements({{vip_, {}}});
  Run(absl::Seconds(6));
  n1_->Pause();
  Run(absl::Milliseconds(500));
  node2_->SetAnnouncements({{vip_, {}}});
  for (int i = 0; i < 200; ++i) EXPECT_EQ(Answering(vip_), "2");
  n1_->Resume();  // With 200 questions in its queue.
  EXPECT_EQ(Sends(1, absl::Seconds(10)), 0);
  EXPECT_GT(stall, absl::Milliseconds(2400));
  EXPECT_LT(stall, absl::Milliseconds(2700));
  EXPECT_GE(node1_->announcer().verdicts()[Verdict::kFenced], 200u);
  // It hears from the cluster, and what it has to announce now.
  node1_->SetAnnouncements({});
  node1_->Unfence();
  EXPECT_EQ(Sends(1, absl::Seconds(10)), 0);
  EXPECT_EQ(Answering(vip_), "2");
  EXPECT_EQ(Conflicts(1) + Conflicts(2), 0u);
}

// What the fence is for.
TEST_P(AnnounceFamilySimTest, AWokenNodeWithoutAFenceAnswersOldQuestions) {
  StartMembers(1);
  node1_->SetAnnouncements({{vip_, {}}});
  Run(absl::Seconds(6));
  n1_->Pause();
  Resolve(vip_);
  n1_->Resume();
  EXPECT_GE(Sends(1, absl::Milliseconds(10)), 1);
}

TEST_P(AnnounceFamilySimTest, ALoopThatRunsIsNeverFenced) {
  StartMembers(1, /*stall_max=*/absl::Milliseconds(100));
  node1_->SetAnnouncements({{vip_, {}}});
  Run(absl::Minutes(10));
  EXPECT_FALSE(node1_->announcer().fenced());
  n1_->Pause();
  Run(absl::Milliseconds(70));
  n1_->Resume();
  EXPECT_EQ(Answering(vip_), "1");
}

class ThousandAddressesTest : public AnnounceRivalSimTest {
 protected:
  static Announcements Thousand(Role role) {
    Announcements announcements;
    for (uint32_t i = 0; i < 1000; ++i) {
      announcements[IpAddress::Ipv4(0x0a010000 + i)] = {.role = role};
    }
    return announcements;
  }

  int CountIn(AnnounceNode& node, ClaimState state) {
    int count = 0;
    for (const auto& [announcement, post] : node.announcer().current()) {
      if (node.announcer().StateOf(announcement) == state) ++count;
    }
    return count;
  }
};

TEST_F(ThousandAddressesTest, AreProbedAndAnnouncedWithin1500Milliseconds) {
  StartMembers(1);
  node1_->SetAnnouncements(Thousand(Role::kProbeFirst));
  std::map<std::string, int> heard;
  for (const std::string& line : Run(absl::Milliseconds(1500))) {
    if (line.starts_with("gratuitous request")) ++heard[line];
  }
  EXPECT_THAT(heard, SizeIs(1000));
}

TEST_F(ThousandAddressesTest, AreSettledWithinTwoSecondsOfASplit) {
  StartMembers(2);
  node1_->SetAnnouncements(Thousand(Role::kAnnounce));
  Run(absl::Seconds(70));
  node2_->SetAnnouncements(Thousand(Role::kAnnounce));
  Run(absl::Seconds(1));
  EXPECT_EQ(Conflicts(1), 1000u);
  Run(absl::Seconds(1));
  EXPECT_EQ(Conflicts(2), 1000u);
  EXPECT_EQ(CountIn(*node1_, ClaimState::kYielded), 1000);
  EXPECT_EQ(CountIn(*node2_, ClaimState::kAnnouncing), 1000);
  Run(absl::Seconds(10));
  EXPECT_EQ(CountIn(*node1_, ClaimState::kYielded), 1000);
}

}  // namespace
}  // namespace lb::announce
