// A host that was cloned with its state folder, and starts at another address.
//
// It took itself for the host that it was cloned from, said that it had moved,
// and took the name from that host, which went on running.
#include <memory>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/gossip/membership.h"
#include "lb/gossip/testing/membership_fixture.h"

namespace lb::gossip {
namespace {

using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class NameCheckTest : public MembershipTest {
 protected:
  // We are at .1, and were at .9 before; b has us there, under incarnation 57.
  NameCheckTest() {
    core_ = std::make_unique<Membership>(
        options_,
        NodeIdentity{.name = "self", .endpoint = At(1), .former = {At(9)}},
        Prng(1), now_, /*first_number=*/0);
    Hear("b", Alive("b"));
    wire::Alive before = Alive("self", 57);
    before.address = At(9).address.ToBytes();
    Hear("b", before);
  }
  bool HasMoved() { return core_->Find("self")->incarnation > 57; }
  // To where we were before.
  std::vector<wire::Ping> ChecksSent() { return SentOf<wire::Ping>("i"); }
};

TEST_F(NameCheckTest, WhoFindsNobodyThereHasMoved) {
  RunFor(absl::Milliseconds(10), {"b"});
  ASSERT_THAT(ChecksSent(), SizeIs(1));
  EXPECT_EQ(ChecksSent()[0].node, "self");
  EXPECT_FALSE(HasMoved());
  RunFor(absl::Seconds(1), {"b"});
  EXPECT_TRUE(HasMoved());
  EXPECT_EQ(core_->Find("self")->incarnation, 59u);
  EXPECT_THAT(EventsOf<ConflictEvent>(), IsEmpty());
  RunFor(absl::Minutes(1), {"b"});
  EXPECT_THAT(ChecksSent(), SizeIs(NameCheck::kPings));
}

TEST_F(NameCheckTest, WhoIsThereKeepsTheName) {
  RunFor(absl::Minutes(1), {"b", "self"});
  EXPECT_FALSE(HasMoved());
  ASSERT_THAT(EventsOf<ConflictEvent>(), Not(IsEmpty()));
  EXPECT_EQ(EventsOf<ConflictEvent>()[0].existing.name, "self");
  EXPECT_EQ(EventsOf<ConflictEvent>()[0].other, At(9));
  // Until it is there no more.
  RunFor(NameCheck::kAgain + absl::Seconds(2), {"b"});
  EXPECT_TRUE(HasMoved());
}

// An accusation is refuted, and no goodbye is said with it.
TEST_F(NameCheckTest, AnAccusationIsNoMove) {
  RunFor(absl::Milliseconds(10), {"b", "self"});
  Hear("b", wire::Suspect{.incarnation = 57, .node = "self", .from = "b"});
  EXPECT_EQ(core_->Find("self")->incarnation, 58u);
  RunFor(absl::Seconds(30), {"b", "self"});
  EXPECT_EQ(core_->Find("self")->incarnation, 58u);
}

// The host has kept its old address, and gossips at another one.
TEST_F(NameCheckTest, OurOwnAnswerIsNobodyElses) {
  RunFor(absl::Milliseconds(10), {"b"});
  ASSERT_THAT(ChecksSent(), SizeIs(1));
  Hear("self", ChecksSent()[0]);
  EXPECT_TRUE(HasMoved());
  EXPECT_THAT(SentOf<wire::Ack>(), IsEmpty());
  EXPECT_THAT(EventsOf<ConflictEvent>(), IsEmpty());
}

TEST_F(MembershipTest, ANamesakeIsAnsweredAndNamed) {
  Hear("i", wire::Ping{.sequence = 5,
                       .node = "self",
                       .source = {.address = At(9).address.ToBytes(),
                                  .port = 7946,
                                  .node = "self"}});
  EXPECT_THAT(SentOf<wire::Ack>("i"), SizeIs(1));
  ASSERT_THAT(EventsOf<ConflictEvent>(), SizeIs(1));
  EXPECT_EQ(EventsOf<ConflictEvent>()[0].existing.endpoint, At(1));
  EXPECT_EQ(EventsOf<ConflictEvent>()[0].other, At(9));
}

}  // namespace
}  // namespace lb::gossip
