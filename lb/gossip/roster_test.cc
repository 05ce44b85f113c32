// One test for each rule by which claims of others change what we believe.
#include "lb/gossip/roster.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/net/ip_prefix.h"

namespace lb::gossip {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using wire::Bytes;
using wire::NodeState;

constexpr absl::Time kStart = absl::UnixEpoch() + absl::Seconds(1000);

Bytes Versions() { return Bytes(kOwnVersions, kOwnVersions + kVersionsSize); }

net::Endpoint Host(uint8_t number) {
  return {net::IpAddress::Ipv4(0x0a000000u + number), 7946};
}

// "joined b", "failed c", "conflict b", ...
std::string Text(const GossipEvent& event) {
  if (const auto* conflict = std::get_if<ConflictEvent>(&event)) {
    return "conflict " + conflict->existing.name;
  }
  const auto* change = std::get_if<MemberEvent>(&event);
  if (change == nullptr) return "?";
  switch (change->change) {
    case MemberChange::kJoined:
      return "joined " + change->member.name;
    case MemberChange::kUpdated:
      return "updated " + change->member.name;
    case MemberChange::kLeft:
      return "left " + change->member.name;
    case MemberChange::kFailed:
      return "failed " + change->member.name;
  }
  return "?";
}

// We are "self" at 10.0.0.1; b is at .2, c at .3, ...
class RosterTest : public testing::Test {
 protected:
  RosterTest() { Restart(LanProfile()); }

  void Restart(const GossipOptions& options) {
    options_ = options;
    counters_ = {};
    roster_ = std::make_unique<Roster>(
        options_, NodeIdentity{.name = "self", .endpoint = Host(1)}, Prng(1),
        kStart, &counters_);
  }

  wire::Alive Alive(const std::string& name, uint32_t incarnation) {
    return {.incarnation = incarnation,
            .node = name,
            .address = AddressOf(name).address.ToBytes(),
            .port = 7946,
            .versions = Versions()};
  }
  static net::Endpoint AddressOf(const std::string& name) {
    return name == "self" ? Host(1)
                          : Host(static_cast<uint8_t>(name[0] - 'a' + 1));
  }
  void HearAlive(const std::string& name, uint32_t incarnation) {
    roster_->OnAlive(now_, Alive(name, incarnation));
  }
  void HearSuspect(const std::string& name, uint32_t incarnation,
                   const std::string& from = "b") {
    roster_->OnSuspect(now_, {incarnation, name, from});
  }
  void HearDead(const std::string& name, uint32_t incarnation,
                const std::string& from = "b") {
    roster_->OnDead(now_, {incarnation, name, from});
  }

  const NodeRecord& Record(const std::string& name) {
    return *roster_->table().Find(name);
  }
  NodeState StateOf(const std::string& name) { return Record(name).state; }
  uint32_t IncarnationOf(const std::string& name) {
    return Record(name).incarnation;
  }
  bool Knows(const std::string& name) {
    return roster_->table().Find(name) != nullptr;
  }
  std::vector<std::string> Events() {
    std::vector<std::string> texts;
    for (const auto& event : roster_->TakeEvents()) {
      texts.push_back(Text(event));
    }
    return texts;
  }
  // Forgets what is queued.
  void Flush() {
    while (!roster_->broadcasts().empty()) {
      PacketRoom room{.bytes = 1 << 20, .parts = 1000};
      roster_->broadcasts().Take(room, 1);
    }
    roster_->TakeEvents();
    roster_->TakeDirect();
  }
  std::vector<Bytes> Queued() {
    PacketRoom room{.bytes = 1 << 20, .parts = 1000};
    return roster_->broadcasts().Take(room, 1);
  }
  bool Gossips(const std::string& name) {
    return roster_->broadcasts().Contains(name);
  }

  GossipOptions options_;
  GossipCounters counters_;
  std::unique_ptr<Roster> roster_;
  absl::Time now_ = kStart;
};

// Alive.

TEST_F(RosterTest, StartsWithItselfAtIncarnationOne) {
  EXPECT_EQ(IncarnationOf("self"), 1u);
  EXPECT_EQ(StateOf("self"), NodeState::kAlive);
  EXPECT_THAT(Queued(), ElementsAre(wire::EncodeMessage(Alive("self", 1))));
  EXPECT_THAT(Events(), IsEmpty());
}

TEST_F(RosterTest, AliveOfAnUnknownNodeAddsItAndIsPassedOn) {
  Flush();
  HearAlive("b", 1);
  EXPECT_EQ(StateOf("b"), NodeState::kAlive);
  EXPECT_THAT(Events(), ElementsAre("joined b"));
  EXPECT_THAT(Queued(), ElementsAre(wire::EncodeMessage(Alive("b", 1))));
}

TEST_F(RosterTest, AliveWithIncarnationZeroMakesNobodyAlive) {
  HearAlive("b", 0);
  EXPECT_FALSE(Knows("b"));
}

TEST_F(RosterTest, AliveNeedsAHigherIncarnation) {
  HearAlive("b", 5);
  Flush();
  HearAlive("b", 5);
  HearAlive("b", 4);
  EXPECT_FALSE(Gossips("b"));
  EXPECT_EQ(counters_.stale, 2u);
  HearAlive("b", 6);
  EXPECT_EQ(IncarnationOf("b"), 6u);
  EXPECT_TRUE(Gossips("b"));
  EXPECT_THAT(Events(), IsEmpty());
}

TEST_F(RosterTest, AliveWithOtherMetaIsAnUpdate) {
  HearAlive("b", 1);
  Flush();
  wire::Alive alive = Alive("b", 2);
  alive.meta = Bytes{'x'};
  roster_->OnAlive(now_, alive);
  EXPECT_THAT(Events(), ElementsAre("updated b"));
  EXPECT_EQ(*Record("b").meta, Bytes{'x'});
}

TEST_F(RosterTest, AliveEndsASuspicionWithoutAnEvent) {
  HearAlive("b", 1);
  HearSuspect("b", 1, "c");
  Flush();
  HearAlive("b", 1);
  EXPECT_EQ(StateOf("b"), NodeState::kSuspect);
  HearAlive("b", 2);
  EXPECT_EQ(StateOf("b"), NodeState::kAlive);
  EXPECT_EQ(roster_->NextDeadline(), absl::InfiniteFuture());
  EXPECT_THAT(Events(), IsEmpty());
}

TEST_F(RosterTest, RefusesWhatNoNodeSays) {
  const struct {
    const char* what;
    void (*spoil)(wire::Alive&);
    uint64_t GossipCounters::*counter;
  } cases[] = {
      {"no name", [](wire::Alive& a) { a.node.clear(); },
       &GossipCounters::refused_name},
      {"no versions", [](wire::Alive& a) { a.versions.reset(); },
       &GossipCounters::refused_version},
      {"few versions", [](wire::Alive& a) { a.versions->resize(5); },
       &GossipCounters::refused_version},
      {"version 0", [](wire::Alive& a) { (*a.versions)[0] = 0; },
       &GossipCounters::refused_version},
      {"versions reversed", [](wire::Alive& a) { (*a.versions)[0] = 6; },
       &GossipCounters::refused_version},
      {"address of 3 bytes", [](wire::Alive& a) { a.address.resize(3); },
       &GossipCounters::refused_address},
      {"no address",
       [](wire::Alive& a) {
         a.address = {0, 0, 0, 0};
       },
       &GossipCounters::refused_address},
      {"multicast",
       [](wire::Alive& a) {
         a.address = {224, 0, 0, 1};
       },
       &GossipCounters::refused_address},
  };
  for (const auto& [what, spoil, counter] : cases) {
    Restart(LanProfile());
    wire::Alive alive = Alive("b", 1);
    spoil(alive);
    roster_->OnAlive(now_, alive);
    EXPECT_EQ(counters_.*counter, 1u) << what;
    EXPECT_EQ(roster_->table().size(), 1u) << what;
  }
}

TEST_F(RosterTest, PortZeroIsOurOwnPort) {
  wire::Alive alive = Alive("b", 1);
  alive.port = 0;
  roster_->OnAlive(now_, alive);
  EXPECT_EQ(Record("b").endpoint, Host(2));
}

TEST_F(RosterTest, AdmitsAllowedAddressesOnly) {
  GossipOptions options;
  options.cidrs_allowed = {*net::ParseIpPrefix("10.0.0.0/30")};
  Restart(options);
  HearAlive("b", 1);  // .2
  HearAlive("d", 1);  // .4
  EXPECT_TRUE(Knows("b"));
  EXPECT_FALSE(Knows("d"));
  EXPECT_EQ(counters_.refused_address, 1u);
}

TEST_F(RosterTest, CountsMembersOverTheMaximum) {
  GossipOptions options;
  options.members_max = 2;
  Restart(options);
  HearAlive("b", 1);
  HearAlive("c", 1);
  EXPECT_TRUE(Knows("b"));
  EXPECT_FALSE(Knows("c"));
  EXPECT_EQ(counters_.members_overflow, 1u);
}

// Addresses and conflicts.

TEST_F(RosterTest, AnotherAddressForALivingNameIsAConflict) {
  HearAlive("b", 1);
  Flush();
  wire::Alive alive = Alive("b", 9);
  alive.port = 7000;
  roster_->OnAlive(now_, alive);
  EXPECT_THAT(Events(), ElementsAre("conflict b"));
  EXPECT_EQ(Record("b").endpoint, Host(2));
  EXPECT_EQ(IncarnationOf("b"), 1u);
  EXPECT_EQ(counters_.conflicts, 1u);
}

TEST_F(RosterTest, OurNameFromElsewhereIsAConflict) {
  wire::Alive alive = Alive("self", 9);
  alive.address = Host(9).address.ToBytes();
  roster_->OnAlive(now_, alive);
  EXPECT_THAT(Events(), ElementsAre("conflict self"));
  EXPECT_EQ(IncarnationOf("self"), 1u);
}

TEST_F(RosterTest, MappedAddressIsTheSameAddress) {
  HearAlive("b", 1);
  wire::Alive alive = Alive("b", 2);
  const auto mapped = Host(2).address.ToMappedBytes();
  alive.address.assign(mapped.begin(), mapped.end());
  roster_->OnAlive(now_, alive);
  EXPECT_EQ(counters_.conflicts, 0u);
  EXPECT_EQ(IncarnationOf("b"), 2u);
  EXPECT_EQ(Record("b").address.size(), 16u);  // Passed on as it came.
}

TEST_F(RosterTest, NameOfANodeThatLeftMoves) {
  HearAlive("b", 7);
  HearDead("b", 7, "b");
  Flush();
  wire::Alive alive = Alive("b", 1);
  alive.port = 7000;
  roster_->OnAlive(now_, alive);
  EXPECT_THAT(Events(), ElementsAre("joined b"));
  EXPECT_EQ(Record("b").endpoint.port, 7000);
  EXPECT_EQ(IncarnationOf("b"), 1u);  // Its count begins anew.
}

TEST_F(RosterTest, NameOfADeadNodeMovesAfterTheReclaimTime) {
  for (const bool reclaim : {false, true}) {
    GossipOptions options;
    if (reclaim) options.dead_node_reclaim_time = absl::Seconds(5);
    Restart(options);
    HearAlive("b", 7);
    HearDead("b", 7, "c");
    wire::Alive alive = Alive("b", 1);
    alive.port = 7000;
    now_ = kStart + absl::Seconds(5);
    roster_->OnAlive(now_, alive);
    EXPECT_FALSE(Record("b").is_up());
    now_ = kStart + absl::Seconds(6);
    roster_->OnAlive(now_, alive);
    EXPECT_EQ(Record("b").is_up(), reclaim);
    now_ = kStart;
  }
}

// Suspicion.

TEST_F(RosterTest, SuspectOfALivingNodeStartsATimerAndIsPassedOn) {
  HearAlive("b", 3);
  Flush();
  HearSuspect("b", 3, "c");
  EXPECT_EQ(StateOf("b"), NodeState::kSuspect);
  EXPECT_TRUE(Gossips("b"));
  EXPECT_EQ(roster_->NextDeadline(), kStart + absl::Seconds(4));
  EXPECT_THAT(Events(), IsEmpty());
}

TEST_F(RosterTest, SuspectOfAnUnknownOrOldIncarnationIsStale) {
  HearSuspect("b", 3, "c");
  EXPECT_FALSE(Knows("b"));
  HearAlive("b", 3);
  HearSuspect("b", 2, "c");
  EXPECT_EQ(StateOf("b"), NodeState::kAlive);
  EXPECT_EQ(counters_.stale, 2u);
}

TEST_F(RosterTest, SuspectAdvancesTheIncarnation) {
  HearAlive("b", 3);
  HearSuspect("b", 5, "c");
  EXPECT_EQ(IncarnationOf("b"), 5u);
  HearSuspect("b", 6, "c");
  EXPECT_EQ(IncarnationOf("b"), 6u);
}

TEST_F(RosterTest, FurtherAccusersShortenTheSuspicion) {
  for (const char* name : {"b", "c", "d", "e"}) HearAlive(name, 1);
  HearSuspect("b", 1, "c");
  EXPECT_EQ(roster_->NextDeadline(), kStart + absl::Seconds(24));
  Flush();
  HearSuspect("b", 1, "c");
  EXPECT_FALSE(Gossips("b"));
  HearSuspect("b", 1, "d");
  EXPECT_TRUE(Gossips("b"));
  HearSuspect("b", 1, "e");
  EXPECT_EQ(roster_->NextDeadline(), kStart + absl::Seconds(4));
}

TEST_F(RosterTest, ExpiredSuspicionIsAFailure) {
  HearAlive("b", 3);
  HearSuspect("b", 3, "c");
  Flush();
  roster_->OnTimer(kStart + absl::Milliseconds(3999));
  EXPECT_THAT(Events(), IsEmpty());
  roster_->OnTimer(kStart + absl::Seconds(4));
  EXPECT_THAT(Events(), ElementsAre("failed b"));
  EXPECT_EQ(StateOf("b"), NodeState::kDead);
  EXPECT_THAT(Queued(),
              ElementsAre(wire::EncodeMessage(wire::Dead{3, "b", "self"})));
  EXPECT_EQ(counters_.failures, 1u);
}

TEST_F(RosterTest, SuspectOfADeadNodeChangesNothing) {
  HearAlive("b", 3);
  HearDead("b", 3, "c");
  HearSuspect("b", 3, "d");
  EXPECT_EQ(StateOf("b"), NodeState::kDead);
  EXPECT_EQ(roster_->NextDeadline(), absl::InfiniteFuture());
}

// Dead and left.

TEST_F(RosterTest, DeadWinsAtAnEqualIncarnation) {
  HearAlive("b", 3);
  Flush();
  HearDead("b", 2, "c");
  EXPECT_EQ(StateOf("b"), NodeState::kAlive);
  HearDead("b", 3, "c");
  EXPECT_EQ(StateOf("b"), NodeState::kDead);
  EXPECT_TRUE(Gossips("b"));
  EXPECT_THAT(Events(), ElementsAre("failed b"));
}

TEST_F(RosterTest, DeadSaidByTheNodeItselfIsALeave) {
  HearAlive("b", 3);
  Flush();
  HearDead("b", 3, "b");
  EXPECT_EQ(StateOf("b"), NodeState::kLeft);
  EXPECT_THAT(Events(), ElementsAre("left b"));
}

TEST_F(RosterTest, DeadNeverBecomesLeft) {
  HearAlive("b", 3);
  HearDead("b", 3, "c");
  Flush();
  HearDead("b", 4, "b");
  EXPECT_EQ(StateOf("b"), NodeState::kDead);
  EXPECT_EQ(IncarnationOf("b"), 4u);  // Nevertheless.
  EXPECT_FALSE(Gossips("b"));
  EXPECT_THAT(Events(), IsEmpty());
}

TEST_F(RosterTest, DeadNodeComesBackWithAHigherIncarnation) {
  HearAlive("b", 3);
  HearDead("b", 3, "c");
  Flush();
  HearAlive("b", 4);
  EXPECT_EQ(StateOf("b"), NodeState::kAlive);
  EXPECT_THAT(Events(), ElementsAre("joined b"));
}

TEST_F(RosterTest, StaleAliveOfADeadNodeIsAnsweredWithTheAccusation) {
  HearAlive("b", 100);
  HearDead("b", 100, "c");
  Flush();
  HearAlive("b", 1);  // It restarted.
  HearAlive("b", 1);  // Not twice at once.
  const auto direct = roster_->TakeDirect();
  ASSERT_EQ(direct.size(), 1u);
  EXPECT_EQ(direct[0].to, Host(2));
  EXPECT_EQ(std::get<wire::Dead>(direct[0].message),
            (wire::Dead{100, "b", "self"}));
  now_ += options_.probe_interval;
  HearAlive("b", 1);
  EXPECT_EQ(roster_->TakeDirect().size(), 1u);
}

TEST_F(RosterTest, StaleAliveOfANodeThatLeftHearsOfItsLeave) {
  HearAlive("b", 100);
  HearDead("b", 100, "b");
  Flush();
  HearAlive("b", 1);
  const auto direct = roster_->TakeDirect();
  ASSERT_EQ(direct.size(), 1u);
  EXPECT_EQ(std::get<wire::Dead>(direct[0].message),
            (wire::Dead{100, "b", "b"}));
}

// About ourselves.

TEST_F(RosterTest, RefutesAccusations) {
  const struct {
    const char* what;
    void (RosterTest::*hear)(const std::string&, uint32_t, const std::string&);
    uint32_t accusation;
    uint32_t incarnation;
  } cases[] = {
      {"suspect", &RosterTest::HearSuspect, 1, 2},
      {"suspect ahead", &RosterTest::HearSuspect, 7, 8},
      {"suspect old", &RosterTest::HearSuspect, 0, 1},
      {"dead", &RosterTest::HearDead, 1, 2},
      {"dead ahead", &RosterTest::HearDead, 8, 9},
      {"dead old", &RosterTest::HearDead, 0, 1},
  };
  for (const auto& [what, hear, accusation, incarnation] : cases) {
    SCOPED_TRACE(what);
    Restart(LanProfile());
    HearAlive("b", 1);
    Flush();
    (this->*hear)("self", accusation, "b");
    EXPECT_EQ(IncarnationOf("self"), incarnation);
    EXPECT_EQ(StateOf("self"), NodeState::kAlive);
    EXPECT_EQ(Gossips("self"), incarnation > 1);
    EXPECT_EQ(roster_->awareness().score(), incarnation > 1 ? 1 : 0);
    // Its accuser hears of it in any case.
    const auto direct = roster_->TakeDirect();
    ASSERT_EQ(direct.size(), 1u);
    EXPECT_EQ(direct[0].to, Host(2));
    EXPECT_EQ(std::get<wire::Alive>(direct[0].message),
              Alive("self", incarnation));
  }
}

TEST_F(RosterTest, OurOwnAliveComingBackIsNothing) {
  Flush();
  HearAlive("self", 1);
  EXPECT_EQ(IncarnationOf("self"), 1u);
  EXPECT_FALSE(Gossips("self"));
}

TEST_F(RosterTest, AliveOfAnEarlierLifeIsOutdone) {
  HearAlive("self", 20);
  EXPECT_EQ(IncarnationOf("self"), 21u);
  EXPECT_EQ(counters_.refutations, 1u);
}

TEST_F(RosterTest, AliveOfUsWithOtherMetaIsOutdone) {
  wire::Alive alive = Alive("self", 1);
  alive.meta = Bytes{'x'};
  roster_->OnAlive(now_, alive);
  EXPECT_EQ(IncarnationOf("self"), 2u);
}

TEST_F(RosterTest, IncarnationsTooFarAheadAreRefused) {
  const uint32_t max = std::numeric_limits<uint32_t>::max();
  HearAlive("b", 1);
  HearSuspect("b", max, "c");
  HearDead("b", max, "c");
  HearAlive("b", max);
  HearSuspect("self", max, "c");
  HearDead("self", max, "c");
  EXPECT_EQ(counters_.refused_incarnation, 5u);
  EXPECT_EQ(StateOf("b"), NodeState::kAlive);
  EXPECT_EQ(IncarnationOf("b"), 1u);
  EXPECT_EQ(IncarnationOf("self"), 1u);
  HearDead("self", 1 + kIncarnationJumpMax, "c");
  EXPECT_EQ(IncarnationOf("self"), 2 + kIncarnationJumpMax);
}

TEST_F(RosterTest, IncarnationNeverWraps) {
  const uint32_t max = std::numeric_limits<uint32_t>::max();
  uint32_t incarnation = 1;
  while (incarnation < max) {  // In steps that are believed.
    incarnation += std::min(kIncarnationJumpMax, max - incarnation);
    HearDead("self", incarnation, "c");
    ASSERT_GE(IncarnationOf("self"), incarnation);
  }
  EXPECT_EQ(IncarnationOf("self"), max);
}

TEST_F(RosterTest, SetMetaRaisesTheIncarnation) {
  Flush();
  roster_->SetMeta({'x'});
  wire::Alive alive = Alive("self", 2);
  alive.meta = Bytes{'x'};
  EXPECT_THAT(Queued(), ElementsAre(wire::EncodeMessage(alive)));
  EXPECT_EQ(counters_.refutations, 0u);
}

TEST_F(RosterTest, LeaveIsSaidAndNotTakenBack) {
  Flush();
  roster_->Leave(now_);
  EXPECT_EQ(StateOf("self"), NodeState::kLeft);
  EXPECT_THAT(Queued(),
              ElementsAre(wire::EncodeMessage(wire::Dead{1, "self", "self"})));
  HearAlive("self", 20);
  HearSuspect("self", 20, "c");
  HearDead("self", 20, "self");
  EXPECT_EQ(StateOf("self"), NodeState::kLeft);
  EXPECT_EQ(counters_.refutations, 0u);
}

// Full exchanges.

class RosterMergeTest : public RosterTest {
 protected:
  wire::PushNodeState Entry(const std::string& name, uint32_t incarnation,
                            NodeState state) {
    return {.name = name,
            .address = AddressOf(name).address.ToBytes(),
            .port = 7946,
            .incarnation = incarnation,
            .state = state,
            .versions = Versions()};
  }
};

TEST_F(RosterMergeTest, TakesOverWhatThePeerKnows) {
  HearAlive("c", 1);
  HearAlive("d", 1);
  HearAlive("e", 1);
  Flush();
  EXPECT_THAT(
      roster_->Merge(now_, {.nodes = {Entry("b", 1, NodeState::kAlive),
                                      Entry("c", 1, NodeState::kLeft),
                                      Entry("d", 1, NodeState::kDead),
                                      Entry("e", 1, NodeState::kSuspect)}}),
      IsOk());
  EXPECT_THAT(Events(), ElementsAre("joined b", "left c"));
  // The dead are suspected only: they may yet answer.
  EXPECT_EQ(StateOf("d"), NodeState::kSuspect);
  EXPECT_EQ(StateOf("e"), NodeState::kSuspect);
}

TEST_F(RosterMergeTest, DoesNotLearnOfUnknownNodesThatAreGone) {
  EXPECT_THAT(
      roster_->Merge(now_, {.nodes = {Entry("b", 1, NodeState::kDead),
                                      Entry("c", 1, NodeState::kLeft),
                                      Entry("d", 1, NodeState::kSuspect)}}),
      IsOk());
  EXPECT_EQ(roster_->table().size(), 1u);
}

TEST_F(RosterMergeTest, OurselvesKnownAsDeadIsRefuted) {
  EXPECT_THAT(
      roster_->Merge(now_, {.nodes = {Entry("self", 8, NodeState::kDead)}}),
      IsOk());
  EXPECT_EQ(IncarnationOf("self"), 9u);
  EXPECT_THAT(
      roster_->Merge(now_, {.nodes = {Entry("self", 9, NodeState::kLeft)}}),
      IsOk());
  EXPECT_EQ(IncarnationOf("self"), 10u);
}

TEST_F(RosterMergeTest, RefusesPeersOfAnotherProtocolAltogether) {
  wire::PushNodeState strange = Entry("c", 1, NodeState::kAlive);
  strange.versions = Bytes{3, 5, 3, 0, 0, 0};  // We speak 2.
  EXPECT_THAT(
      roster_->Merge(now_,
                     {.nodes = {Entry("b", 1, NodeState::kAlive), strange}}),
      StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("want 3..5")));
  EXPECT_FALSE(Knows("b"));
  EXPECT_EQ(counters_.refused_merges, 1u);
}

TEST_F(RosterMergeTest, LeavesOutEntriesWithoutVersions) {
  wire::PushNodeState bare = Entry("c", 1, NodeState::kAlive);
  bare.versions.reset();
  EXPECT_THAT(
      roster_->Merge(now_, {.nodes = {bare, Entry("b", 1, NodeState::kAlive)}}),
      IsOk());
  EXPECT_TRUE(Knows("b"));
  EXPECT_FALSE(Knows("c"));
  EXPECT_EQ(counters_.refused_version, 1u);
}

TEST_F(RosterMergeTest, SnapshotHasEveryKnownNode) {
  HearAlive("b", 4);
  HearAlive("c", 5);
  HearDead("c", 5, "b");
  HearAlive("d", 6);
  HearDead("d", 6, "d");
  const wire::PushPull snapshot = roster_->Snapshot(/*join=*/true);
  EXPECT_TRUE(snapshot.join);
  EXPECT_THAT(snapshot.nodes, ElementsAre(Entry("b", 4, NodeState::kAlive),
                                          Entry("c", 5, NodeState::kDead),
                                          Entry("d", 6, NodeState::kLeft),
                                          Entry("self", 1, NodeState::kAlive)));
}

TEST_F(RosterTest, BroadcastsOverTheMaximumAreCounted) {
  GossipOptions options;
  options.broadcasts_max = 2;
  Restart(options);
  HearAlive("b", 1);
  HearAlive("c", 1);
  EXPECT_EQ(counters_.broadcasts_overflow, 1u);
  EXPECT_EQ(roster_->broadcasts().size(), 2u);
}

}  // namespace
}  // namespace lb::gossip
