// What an application may decide, and what it is told of pings.
#include "lb/gossip/delegates.h"

#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/gossip/membership.h"
#include "lb/gossip/testing/membership_fixture.h"

namespace lb::gossip {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using wire::Bytes;

class DelegatesTest : public MembershipTest {
 protected:
  // Lets time pass to the next ping.
  wire::Ping NextPing() {
    while (SentOf<wire::Ping>().empty()) {
      RunFor(core_->NextDeadline() - now_);
    }
    return SentOf<wire::Ping>().back();
  }
};

absl::Status Veto() { return absl::PermissionDeniedError("no"); }

TEST_F(DelegatesTest, MembersMayBeRefused) {
  core_->SetDelegates({.admit_member = [](const Member& member) {
    return member.name == "c" && member.endpoint == At(3) ? Veto()
                                                          : absl::OkStatus();
  }});
  Hear("b", Alive("b"));
  Hear("c", Alive("c"));
  EXPECT_TRUE(core_->Find("b"));
  EXPECT_FALSE(core_->Find("c"));
  EXPECT_EQ(core_->counters().refused.vetoed, 1u);
}

TEST_F(DelegatesTest, NobodyIsAskedAboutOurselves) {
  core_->SetDelegates({.admit_member = [](const Member&) { return Veto(); }});
  Hear("b", Alive("self", 20));
  EXPECT_EQ(core_->counters().refused.vetoed, 0u);
  EXPECT_EQ(core_->counters().detection.refutations, 1u);
}

TEST_F(DelegatesTest, JoiningMayBeRefusedAndExchangesMayNot) {
  std::vector<std::string> asked;
  core_->SetDelegates({.admit_merge = [&](absl::Span<const Member> members) {
    for (const Member& member : members) asked.push_back(member.name);
    return Veto();
  }});
  // The peer gets our members, and we none of its.
  EXPECT_TRUE(core_->OnStreamRequest(
      now_, At(2),
      wire::PushPull{.join = true, .nodes = {Entry("b"), Entry("c")}}));
  EXPECT_THAT(asked, ElementsAre("b", "c"));
  EXPECT_THAT(core_->Members(), SizeIs(1));
  EXPECT_EQ(core_->counters().refused.vetoed, 1u);
  EXPECT_EQ(core_->counters().exchanges.failed, 1u);
  core_->OnStreamRequest(now_, At(2), wire::PushPull{.nodes = {Entry("b")}});
  EXPECT_THAT(core_->Members(), SizeIs(2));
}

TEST_F(DelegatesTest, AcksCarryAPayload) {
  Bytes payload(kAckPayloadSizeMax, 'p');
  core_->SetDelegates({.ack_payload = [&payload] { return payload; }});
  const auto ping = [](uint32_t sequence) {
    return wire::Ping{
        .sequence = sequence, .node = "self", .source = SourceOf("b")};
  };
  Hear("b", ping(0));  // Of one that is not verified yet: without.
  KnowMembers({"b"});
  Hear("b", ping(1));
  payload.push_back('p');  // Too much.
  Hear("b", ping(2));
  EXPECT_THAT(SentOf<wire::Ack>(),
              ElementsAre(wire::Ack{1, Bytes(kAckPayloadSizeMax, 'p')},
                          wire::Ack{2, std::nullopt}));
  EXPECT_EQ(core_->counters().overflow.ack_payload, 1u);
}

TEST_F(DelegatesTest, PingsTellTheirRoundTrip) {
  KnowMembers({"b"});
  const wire::Ack ack{NextPing().sequence, Bytes{'p'}};
  now_ += absl::Milliseconds(7);
  Hear("b", ack);
  Hear("b", ack);  // Once is enough.
  const auto events = EventsOf<PingEvent>();
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].member, "b");
  EXPECT_EQ(events[0].round_trip, absl::Milliseconds(7));
  EXPECT_EQ(events[0].payload, Bytes{'p'});
}

TEST_F(DelegatesTest, AcksAfterTheTimeoutTellNoRoundTrip) {
  KnowMembers({"b"});
  const wire::Ack ack{NextPing().sequence, {}};
  RunFor(options_.probe.timeout);
  Hear("b", ack);
  EXPECT_THAT(EventsOf<PingEvent>(), IsEmpty());
}

}  // namespace
}  // namespace lb::gossip
