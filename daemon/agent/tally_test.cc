#include "daemon/agent/tally.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/net/ip_address.h"

namespace lb {
namespace {

using gossip::MemberChange;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

absl::Time At(double seconds) {
  return absl::UnixEpoch() + absl::Seconds(seconds);
}

class TallyTest : public testing::Test {
 protected:
  void Ping(double now, const std::string& member) {
    tally_.OnGossip(At(now), gossip::PingEvent{.member = member,
                                               .round_trip = absl::Seconds(1)});
  }
  void Change(double now, MemberChange change, const std::string& member) {
    tally_.OnGossip(At(now),
                    gossip::MemberEvent{.change = change, .member = {member}});
  }
  // The services a, b, ... are on these nodes now.
  void Place(double now, const Placement& placement, bool announces = true) {
    Outcome::Services services;
    for (const auto& [service, place] : placement_) services.insert(service);
    for (const auto& [service, place] : placement) services.insert(service);
    tally_.OnOutcome({.at = At(now),
                      .before = {entries_, placement_, health_},
                      .after = {entries_, placement, health_},
                      .changed = services,
                      .announces = announces});
    placement_ = placement;
  }
  void Enter(const AddressEntries& entries) {
    Outcome::Services services;
    for (const auto& [service, entry] : entries) services.insert(service);
    tally_.OnOutcome({.at = At(0),
                      .before = {entries_, placement_, health_},
                      .after = {entries, placement_, health_},
                      .changed = services,
                      .announces = true});
    entries_ = entries;
  }

  // Takeovers of services from a node that was lost.
  uint64_t Takeovers() const {
    uint64_t sum = 0;
    for (const uint64_t count : tally_.takeovers().counts) sum += count;
    return sum;
  }

  Tally tally_{"n1", At(0)};
  AddressEntries entries_;
  Placement placement_;
  NodeHealth health_;
};

TEST_F(TallyTest, ATakeoverCountsFromTheLastProofOfLife) {
  Place(0, {{"a", {.announcers = {{.node = "n2"}}}},
            {"b", {.announcers = {{.node = "n2"}}}}});
  Ping(1, "n2");
  Change(1.6, MemberChange::kFailed, "n2");
  Place(1.7, {{"a", {.announcers = {{.node = "n1"}}}},
              {"b", {.announcers = {{.node = "n3"}}}}});
  EXPECT_EQ(tally_.election_changes(), 2u);
  EXPECT_EQ(Takeovers(), 1u);                   // b is another's.
  EXPECT_EQ(tally_.takeovers().counts[4], 1u);  // Up to 1 s.
  EXPECT_EQ(tally_.takeovers().sum, absl::Milliseconds(700));
}

TEST_F(TallyTest, AGoodbyeIsAProofOfLife) {
  Place(0, {{"a", {.announcers = {{.node = "n2"}}}}});
  Change(5, MemberChange::kLeft, "n2");
  Place(5.25, {{"a", {.announcers = {{.node = "n1"}}}}});
  EXPECT_EQ(tally_.takeovers().sum, absl::Milliseconds(250));
}

TEST_F(TallyTest, AMoveFromALivingNodeIsNoTakeover) {
  Place(0, {{"a", {.announcers = {{.node = "n2"}}}}});
  Ping(1, "n2");
  Place(2, {{"a", {.announcers = {{.node = "n1"}}}}});
  EXPECT_EQ(tally_.election_changes(), 1u);
  // Nor is one from a node that was lost before, but was back since.
  Change(3, MemberChange::kFailed, "n3");
  Change(4, MemberChange::kJoined, "n3");
  Place(5, {{"a", {.announcers = {{.node = "n3"}}}}});
  Place(6, {{"a", {.announcers = {{.node = "n1"}}}}});
  // Nor one that this node is not ready to announce.
  Ping(7, "n2");
  Place(8, {{"a", {.announcers = {{.node = "n2"}}}}});
  Change(9, MemberChange::kFailed, "n2");
  Place(9, {{"a", {.announcers = {{.node = "n1"}}}}}, /*announcing=*/false);
  EXPECT_EQ(Takeovers(), 0u);
}

TEST_F(TallyTest, TheFirstNodeOfAServiceIsNoChange) {
  Place(0, {{"a", {.announcers = {{.node = "n2"}}}}});
  Place(1, {{"a", {}}});
  EXPECT_THAT(tally_.announced_since(), IsEmpty());
  Place(2, {{"a", {.announcers = {{.node = "n1"}}}}});
  EXPECT_EQ(tally_.election_changes(), 0u);
  EXPECT_THAT(tally_.announced_since(),
              ElementsAre(Pair("a", ElementsAre(Pair("n1", At(2))))));
  Place(3, {{"a", {.announcers = {{.node = "n1"}}}}});
  EXPECT_THAT(tally_.announced_since(),
              ElementsAre(Pair("a", ElementsAre(Pair("n1", At(2))))));
  Place(4, {});
  EXPECT_THAT(tally_.announced_since(), IsEmpty());
}

// Nodes that announce a service together: each counts from when it came, and
// none of them takes over from another.
TEST_F(TallyTest, NodesThatAnnounceTogetherComeAndGoByThemselves) {
  const auto by = [](const std::vector<std::string>& nodes) {
    ServicePlacement place;
    for (const std::string& node : nodes) {
      place.announcers.push_back(
          {.protocol = election::Protocol::kBgp, .node = node});
    }
    return Placement{{"a", place}};
  };
  Place(1, by({"n2", "n3"}));
  Ping(2, "n3");
  Change(3, MemberChange::kFailed, "n3");
  Place(4, by({"n1", "n2"}));
  EXPECT_THAT(tally_.announced_since(),
              ElementsAre(Pair(
                  "a", ElementsAre(Pair("n1", At(4)), Pair("n2", At(1))))));
  Place(5, by({"n1"}));
  EXPECT_THAT(tally_.announced_since(),
              ElementsAre(Pair("a", ElementsAre(Pair("n1", At(4))))));
  EXPECT_EQ(tally_.election_changes(), 0u);
  EXPECT_EQ(Takeovers(), 0u);
}

// Where one service has announcers of both protocols, only those of layer 2
// are elected.
TEST_F(TallyTest, AMoveOnLayer2CountsBesideAnotherProtocol) {
  const auto on = [](const std::string& node) {
    return Placement{
        {"a",
         {.announcers = {
              {.node = node},
              {.protocol = election::Protocol::kBgp, .node = "n1"},
              {.protocol = election::Protocol::kBgp, .node = "n2"}}}}};
  };
  Place(0, on("n2"));
  Ping(1, "n2");
  Change(1.5, MemberChange::kFailed, "n2");
  Place(2, on("n1"));
  EXPECT_EQ(tally_.election_changes(), 1u);
  EXPECT_EQ(tally_.takeovers().sum, absl::Seconds(1));
}

TEST_F(TallyTest, AnswersGoWithTheirMember) {
  Ping(1, "n2");
  Ping(2, "n3");
  EXPECT_EQ(tally_.answers().at("n2").round_trip, absl::Seconds(1));
  Change(3, MemberChange::kFailed, "n2");
  Change(3, MemberChange::kLeft, "n3");
  EXPECT_THAT(tally_.answers(), IsEmpty());
}

TEST_F(TallyTest, AFailureCountsOnce) {
  using absl::StatusCode;
  Enter({{"a", {.reason = "full", .code = StatusCode::kResourceExhausted}}});
  Enter({{"a", {.reason = "full!", .code = StatusCode::kResourceExhausted}},
         {"b", {.reason = "waiting", .waiting = true}}});
  EXPECT_THAT(tally_.allocation_failures(),
              ElementsAre(Pair(StatusCode::kResourceExhausted, 1)));
  Enter({{"a", {}}, {"b", {.reason = "x", .code = StatusCode::kNotFound}}});
  Enter({{"a", {.reason = "full", .code = StatusCode::kResourceExhausted}}});
  EXPECT_THAT(tally_.allocation_failures(),
              ElementsAre(Pair(StatusCode::kNotFound, 1),
                          Pair(StatusCode::kResourceExhausted, 2)));
}

TEST_F(TallyTest, AConflictIsOverWhenNothingIsHeardOfIt) {
  const announce::Conflict conflict = {
      .announcement = {*net::ParseIpAddress("10.0.0.1"), "eth0"}};
  tally_.OnConflict(At(0), conflict);
  tally_.OnConflict(At(10), conflict);
  EXPECT_EQ(tally_.ConflictsAt(At(39)).size(), 1u);
  EXPECT_EQ(tally_.ConflictsAt(At(40)).size(), 0u);
}

TEST_F(TallyTest, ManifestsWithFaultsCountTwice) {
  tally_.OnDesired(0);
  tally_.OnDesired(2);
  EXPECT_EQ(tally_.manifests_read(), 2u);
  EXPECT_EQ(tally_.manifests_refused(), 1u);
}

}  // namespace
}  // namespace lb
