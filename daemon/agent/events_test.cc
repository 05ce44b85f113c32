#include "daemon/agent/events.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/gossip/member.h"
#include "lb/io/sim/sim_loop.h"
#include "lb/net/endpoint.h"

namespace lb {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

ipam::ReplicatedAllocator::Entry Entry(const std::string& address,
                                       std::string reason = "",
                                       bool waiting = false) {
  ipam::ReplicatedAllocator::Entry entry;
  if (!address.empty()) {
    entry.assignment.addresses = {{*net::ParseIpAddress(address), "p"}};
  }
  entry.reason = std::move(reason);
  entry.waiting = waiting;
  return entry;
}

class EventsTest : public testing::Test {
 protected:
  io::Environment MakeEnvironment() {
    io::Environment environment;
    environment.loop = &loop_;
    environment.log = &log_;
    return environment;
  }
  // The events since the last call: "warning Reason object: message".
  std::vector<std::string> Told() {
    std::vector<std::string> told;
    for (const Event& event : log_.Since(seen_)) {
      told.push_back(fmt::format(
          "{}{} {}: {}", event.type == EventType::kWarning ? "warning " : "",
          event.reason, event.object.ToString(), event.message));
    }
    seen_ = log_.last_sequence();
    return told;
  }
  // What services have, which nodes announce them and what is wrong is this
  // now.
  void Publish(const AddressEntries& entries, const Placement& placement,
               const NodeHealth& health = {}) {
    Outcome::Services changed;
    for (const auto& [service, entry] : entries_) changed.insert(service);
    for (const auto& [service, entry] : entries) changed.insert(service);
    events_.OnOutcome({.at = loop_.Now(),
                       .before = {entries_, placement_, health_},
                       .after = {entries, placement, health},
                       .changed = changed,
                       .announces = true});
    entries_ = entries;
    placement_ = placement;
    health_ = health;
  }

  io::SimLoop loop_;
  EventLog log_;
  Events events_{"n1", MakeEnvironment()};
  AddressEntries entries_;
  Placement placement_;
  NodeHealth health_;
  uint64_t seen_ = 0;
};

TEST_F(EventsTest, AServicesLife) {
  Publish({{"a", Entry("10.0.0.1")}},
          {{"a", {.announcers = {{.node = "n2"}}}}});
  EXPECT_THAT(Told(), ElementsAre("IPAllocated Service/a: 10.0.0.1 (pool p)",
                                  "nodeAssigned Service/a: announced by n2"));
  Publish({{"a", Entry("10.0.0.1")}},
          {{"a", {.announcers = {{.node = "n2"}}}}});
  EXPECT_THAT(Told(), IsEmpty());
  Publish({{"a", Entry("10.0.0.2")}},
          {{"a", {.announcers = {{.node = "n3"}}}}});
  EXPECT_THAT(Told(), ElementsAre("IPAllocated Service/a: 10.0.0.2 (pool p)",
                                  "nodeAssigned Service/a: announced by n3"));
  Publish({{"a", Entry("10.0.0.2")}}, {{"a", {.reason = "no node may"}}});
  EXPECT_THAT(Told(),
              ElementsAre("warning announceFailed Service/a: no node may"));
  // Its pods are being replaced.
  Publish({{"a", Entry("10.0.0.2")}},
          {{"a", {.reason = "no endpoint", .lacks_endpoints = true}}});
  EXPECT_THAT(Told(), ElementsAre("announceFailed Service/a: no endpoint"));
  Publish({{"a", Entry("", "no pool has it")}}, {});
  EXPECT_THAT(Told(), ElementsAre("ClearAssignment Service/a: no pool has it"));
  Publish({}, {});
  EXPECT_THAT(Told(), ElementsAre("ServiceRemoved Service/a: no manifest asks "
                                  "for it any more"));
}

// Speakers said that a Service gives its address up for the state folder.
TEST_F(EventsTest, AnAddressThatIsBeingWrittenToDiskIsNotGivenUp) {
  Publish({{"a", Entry("10.0.0.1")}}, {});
  Told();
  auto written = Entry("", "being written", /*waiting=*/true);
  written.being_written = true;
  Publish({{"a", written}}, {});
  EXPECT_THAT(Told(), IsEmpty());
  Publish({{"a", Entry("10.0.0.2")}}, {});
  EXPECT_THAT(Told(), ElementsAre("IPAllocated Service/a: 10.0.0.2 (pool p)"));
}

TEST_F(EventsTest, EachAnnouncerThatComesOrGoesIsNews) {
  const auto by = [](const std::vector<std::string>& nodes) {
    ServicePlacement place;
    for (const std::string& node : nodes) {
      place.announcers.push_back(
          {.protocol = election::Protocol::kBgp, .node = node});
    }
    return Placement{{"a", place}};
  };
  Publish({{"a", Entry("10.0.0.1")}}, {});
  Told();
  Publish({{"a", Entry("10.0.0.1")}}, by({"n1", "n2"}));
  EXPECT_THAT(Told(), ElementsAre("nodeAssigned Service/a: announced by n1",
                                  "nodeAssigned Service/a: announced by n2"));
  Publish({{"a", Entry("10.0.0.1")}}, by({"n2", "n3"}));
  EXPECT_THAT(
      Told(),
      ElementsAre("nodeAssigned Service/a: announced by n3",
                  "nodeWithdrawn Service/a: no longer announced by n1"));
  Publish({{"a", Entry("10.0.0.1")}}, by({"n3"}));
  EXPECT_THAT(Told(),
              ElementsAre("nodeWithdrawn Service/a: no longer announced "
                          "by n2"));
}

TEST_F(EventsTest, AFailureCountsUnlessItEndsByItself) {
  Publish({{"a", Entry("", "the author is not known", true)}}, {});
  EXPECT_THAT(Told(), IsEmpty());
  Publish({{"a", Entry("", "pool p is used up")}}, {});
  EXPECT_THAT(Told(), ElementsAre("warning AllocationFailed Service/a: pool p "
                                  "is used up"));
  Publish({{"a", Entry("10.0.0.1", "has no IPv6 address")}}, {});
  EXPECT_THAT(Told(), ElementsAre("IPAllocated Service/a: 10.0.0.1 (pool p)",
                                  "warning AllocationFailed Service/a: has no "
                                  "IPv6 address"));
}

TEST_F(EventsTest, ServicesThatNeverWereAreNoNews) {
  Publish({{"a", Entry("10.0.0.1")}}, {});
  Told();
  events_.OnOutcome({.at = loop_.Now(),
                     .before = {entries_, placement_, health_},
                     .after = {entries_, placement_, health_},
                     .changed = {"b"},
                     .announces = true});
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_F(EventsTest, WhatIsWrongHereIsToldOnce) {
  const NodeHealth two{.strict_arp_faults = {"eth0: arp_ignore is 0"},
                       .covered = {"pool p covers 10.0.0.9 of n2"}};
  Publish({}, {}, two);
  EXPECT_THAT(
      Told(),
      ElementsAre("PoolCoversHosts Node/n1: pool p covers 10.0.0.9 of n2",
                  "warning StrictArp Node/n1: eth0: arp_ignore is 0"));
  Publish({}, {}, two);
  EXPECT_THAT(Told(), IsEmpty());
  NodeHealth more = two;
  more.strict_arp_faults.push_back("eth1: arp_ignore is 0");
  more.covered.clear();
  Publish({}, {}, more);
  EXPECT_THAT(Told(),
              ElementsAre("warning StrictArp Node/n1: eth1: arp_ignore is 0"));
  Publish({}, {}, two);
  EXPECT_THAT(Told(),
              ElementsAre("PoolCoversHosts Node/n1: pool p covers 10.0.0.9 of "
                          "n2"));
}

TEST_F(EventsTest, RefusedMessagesDoNotFillTheLog) {
  events_.RecordRefusal(absl::InvalidArgumentError("first"));
  EXPECT_THAT(Told(), ElementsAre("warning LedgerMessageRefused Node/n1: "
                                  "first"));
  for (int i = 0; i < 3; ++i) {
    events_.RecordRefusal(absl::InvalidArgumentError("more"));
  }
  EXPECT_THAT(Told(), IsEmpty());
  loop_.RunFor(Events::kRefusalReportInterval);
  events_.RecordRefusal(absl::InvalidArgumentError("last"));
  EXPECT_THAT(Told(), ElementsAre("warning LedgerMessageRefused Node/n1: last; "
                                  "and 3 before"));
}

TEST_F(EventsTest, UntoldStateIsToldWhenItBeginsAndEnds) {
  const struct {
    const char* untold;
    const char* before;
    std::vector<std::string> told;
  } kRows[] = {
      {"", "", {}},
      {"too long", "", {"warning StateUntold Node/n1: too long"}},
      {"even longer", "too long", {}},
      {"",
       "even longer",
       {"StateTold Node/n1: full exchanges have room for the ledger again"}},
  };
  for (const auto& row : kRows) {
    events_.RecordUntold(row.untold, row.before);
    EXPECT_EQ(Told(), row.told) << row.untold;
  }
}

TEST_F(EventsTest, ProblemsOfManifestsThatAreNew) {
  const config::Problem old{
      .origin = {"a.yaml", 1}, .object = "Service/a", .message = "old"};
  config::Problem with_reason = old;
  with_reason.message = "other";
  with_reason.reason = "InvalidConfig";
  config::Problem plain = old;
  plain.message = "plain";
  events_.RecordProblems(config::NewProblems({old, with_reason, plain}, {old}));
  EXPECT_THAT(Told(), ElementsAre("warning InvalidConfig Service/a: a.yaml:1: "
                                  "Service/a: other",
                                  "warning ObjectRefused Service/a: a.yaml:1: "
                                  "Service/a: plain"));
}

TEST_F(EventsTest, ANameThatTwoNodesHave) {
  events_.RecordNameConflict(
      {.existing = {.name = "n2",
                    .endpoint = {*net::ParseIpAddress("10.0.0.2"), 7946}},
       .other = {*net::ParseIpAddress("10.0.0.3"), 7946}});
  EXPECT_THAT(Told(), ElementsAre("warning NameConflict Member/n2: "
                                  "10.0.0.3:7946 claims the name of "
                                  "10.0.0.2:7946"));
}

class GossipEventsTest : public EventsTest {
 protected:
  void Hear(const gossip::GossipEvent& event) {
    events_.OnGossip(event, [](const net::IpAddress& address) {
      return address.ToString() == "172.18.8.12" ? "n2.example.org" : "";
    });
  }
  void Change(gossip::MemberChange change) {
    Hear(gossip::MemberEvent{
        .change = change,
        .member = {.name = "n2",
                   .endpoint = *net::ParseEndpoint("172.18.8.12:7946", 0)},
        .moved_from = *net::ParseEndpoint("172.18.8.2:7946", 0)});
  }
};

TEST_F(GossipEventsTest, TellsEachChangeOfAMember) {
  using enum gossip::MemberChange;
  for (const auto change : {kJoined, kVerified, kUpdated, kMoved, kLeft}) {
    Change(change);
  }
  EXPECT_THAT(
      Told(),
      ElementsAre(
          "MemberJoined Member/n2: 172.18.8.12:7946",
          "MemberVerified Member/n2: 172.18.8.12:7946",
          "MemberUpdated Member/n2: 172.18.8.12:7946",
          "MemberMoved Member/n2: 172.18.8.12:7946, was 172.18.8.2:7946",
          "MemberLeft Member/n2: 172.18.8.12:7946"));
}

TEST_F(GossipEventsTest, WarnsOfAMemberThatFailed) {
  Change(gossip::MemberChange::kFailed);
  EXPECT_THAT(Told(),
              ElementsAre("warning MemberFailed Member/n2: 172.18.8.12:7946"));
}

TEST_F(GossipEventsTest, NamesAPeerItCannotReadAsTheJoinListDoes) {
  Hear(gossip::UndecryptableEvent{.address =
                                      *net::ParseIpAddress("172.18.8.12")});
  Hear(gossip::UndecryptableEvent{.address =
                                      *net::ParseIpAddress("172.18.8.13")});
  const auto told = Told();
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_THAT(told[0], StartsWith("warning GossipUndecryptable "
                                  "Peer/172.18.8.12: "));
  EXPECT_THAT(told[0], HasSubstr("n2.example.org"));
  EXPECT_THAT(told[1], Not(HasSubstr("n2.example.org")));
}

TEST_F(GossipEventsTest, WarnsOfAMemberThatAnswersOverTcpOnly) {
  Hear(gossip::StreamOnlyEvent{
      .member = {.name = "n2",
                 .endpoint = *net::ParseEndpoint("172.18.8.12:7946", 0)}});
  const auto told = Told();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_THAT(told[0], StartsWith("warning GossipOverTcpOnly Peer/n2: "));
  EXPECT_THAT(told[0], HasSubstr("172.18.8.12:7946"));
}

// Each second there are pings.
TEST_F(GossipEventsTest, APingIsNoEvent) {
  Hear(gossip::PingEvent{.member = "n2"});
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_F(EventsTest, WarnsOfAStateThatWasRefused) {
  events_.RecordRestored(absl::OkStatus());
  EXPECT_THAT(Told(), IsEmpty());
  events_.RecordRestored(absl::DataLossError("history.03: damaged"));
  EXPECT_THAT(Told(), ElementsAre("warning StateRefused Node/n1: history.03: "
                                  "damaged"));
}

TEST_F(EventsTest, PartsRecordEventsOfThisNode) {
  events_.SelfRecorder()(EventType::kNormal, "GossipAddressFound", "at last");
  EXPECT_THAT(Told(), ElementsAre("GossipAddressFound Node/n1: at last"));
}

}  // namespace
}  // namespace lb
