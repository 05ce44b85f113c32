#include "lb/gossip/contact_checks.h"

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/gossip/testing/part_fixture.h"

namespace lb::gossip {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ContactChecksTest : public PartTest {
 protected:
  ContactChecksTest() { Use(true); }

  void Use(bool checks) {
    GossipOptions options = FastProfile();
    options.probe.contact_checks = checks;
    Restart(options);
    contacts_ = std::make_unique<ContactChecks>(*state_);
  }
  void Begin(const std::string& name) {
    contacts_->Begin(now_, {.name = name, .endpoint = AddressOf(name)});
  }
  void RunFor(absl::Duration duration) {
    const absl::Time end = now_ + duration;
    while (contacts_->NextDeadline() <= end) {
      now_ = contacts_->NextDeadline();
      contacts_->OnTimer(now_);
    }
    now_ = end;
  }
  // "lost b", "back b".
  std::vector<std::string> Events() {
    std::vector<std::string> texts;
    for (const GossipEvent& event : state_->events) {
      const auto& contact = std::get<ContactEvent>(event);
      texts.push_back(fmt::format("{} {}", contact.is_back ? "back" : "lost",
                                  contact.member));
    }
    state_->events.clear();
    return texts;
  }

  std::unique_ptr<ContactChecks> contacts_;
};

TEST_F(ContactChecksTest, AMemberThatAcksNoPingIsLost) {
  Begin("b");
  RunFor(absl::Milliseconds(199));
  EXPECT_THAT(Sent(), ElementsAre("b: ping b", "b: ping b", "b: ping b"));
  EXPECT_THAT(contacts_->lost(), IsEmpty());
  RunFor(absl::Milliseconds(1));
  EXPECT_THAT(contacts_->lost(), ElementsAre("b"));
  EXPECT_THAT(Events(), ElementsAre("lost b"));
  EXPECT_EQ(contacts_->NextDeadline(), absl::InfiniteFuture());
}

TEST_F(ContactChecksTest, AnAckOfAnyPingEndsTheCheck) {
  for (uint32_t acked = 1; acked <= ContactChecks::kPings; ++acked) {
    SCOPED_TRACE(acked);
    Use(true);
    Begin("b");
    RunFor(absl::Milliseconds(150));
    EXPECT_FALSE(contacts_->OnAck(99));
    EXPECT_TRUE(contacts_->OnAck(acked));
    RunFor(absl::Seconds(1));
    EXPECT_THAT(contacts_->lost(), IsEmpty());
    EXPECT_THAT(Events(), IsEmpty());
  }
}

TEST_F(ContactChecksTest, OneThatComesBackIsNotLostAnyMore) {
  Begin("b");
  Begin("c");
  RunFor(absl::Milliseconds(60));
  contacts_->End("c");  // Before it is known to be lost.
  RunFor(absl::Seconds(1));
  EXPECT_THAT(contacts_->lost(), ElementsAre("b"));
  contacts_->End("b");
  EXPECT_THAT(contacts_->lost(), IsEmpty());
  EXPECT_THAT(Events(), ElementsAre("lost b", "back b"));
}

TEST_F(ContactChecksTest, TimeThatThisProcessSleptThroughIsForgiven) {
  Begin("b");
  RunFor(absl::Milliseconds(150));
  contacts_->Shift(absl::Seconds(5));
  RunFor(absl::Seconds(5));
  EXPECT_THAT(contacts_->lost(), IsEmpty());
  EXPECT_TRUE(contacts_->OnAck(2));
}

TEST_F(ContactChecksTest, DoesNothingUnlessItIsWanted) {
  Use(false);
  Begin("b");
  RunFor(absl::Seconds(1));
  EXPECT_THAT(Sent(), IsEmpty());
  EXPECT_THAT(contacts_->lost(), IsEmpty());
}

TEST_F(ContactChecksTest, MembersBeyondTheMaximumAreNotChecked) {
  for (size_t i = 0; i < ContactChecks::kMax + 10; ++i) {
    contacts_->Begin(now_, {.name = fmt::format("m{}", i), .endpoint = At(2)});
  }
  RunFor(absl::Seconds(1));
  EXPECT_EQ(contacts_->lost().size(), ContactChecks::kMax);
}

}  // namespace
}  // namespace lb::gossip
