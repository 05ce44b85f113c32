#include "daemon/agent/gossip_presence.h"

#include <memory>
#include <string>
#include <vector>

#include "daemon/advertise/last_address.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/gossip/member.h"
#include "lb/io/sim/sim_world.h"

namespace lb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// n1 and n2, which have each other in their join lists. n1 chooses its address.
class GossipPresenceTest : public testing::Test {
 protected:
  GossipPresenceTest() {
    n1_ = Make(n1_host_, "0.0.0.0", "172.18.8.12");
    n2_ = Make(n2_host_, "172.18.8.12", "172.18.8.11");
  }
  ~GossipPresenceTest() override {
    n1_host_->Crash();
    n2_host_->Crash();
  }

  std::unique_ptr<GossipPresence> Make(io::SimHost* host,
                                       const std::string& advertise,
                                       const std::string& seed) {
    AgentOptions options;
    options.node = host->name();
    options.advertise = {*net::ParseIpAddress(advertise), 7946};
    options.join = {*net::ParseHostPort(seed, 7946)};
    auto presence = GossipPresence::Create(options, host->environment());
    EXPECT_TRUE(presence.ok()) << presence.status();
    (*presence)->SetPorts(
        {.record =
             [this, host](EventType, const std::string& reason,
                          const std::string& message) {
               if (host != n1_host_) return;
               events_.push_back(fmt::format("{}: {}", reason, message));
             },
         .on_address = [this, host] { changes_ += host == n1_host_ ? 1 : 0; }});
    (*presence)->gossip().SetObserver(
        [node = presence->get()](const gossip::GossipEvent& event) {
          node->OnEvent(event);
        });
    host->links().SetObserver([node = presence->get()] { node->OnLinks(); });
    return *std::move(presence);
  }
  void Start() {
    n1_->Start();
    n2_->Start();
    n1_->NoteAddress();
    EXPECT_TRUE(n1_->Join().ok());
    world_.loop().RunFor(absl::Seconds(3));
  }
  void Renumber() {
    n1_host_->Renumber(*net::ParseIpPrefix("172.18.8.111/24"));
    world_.loop().RunFor(absl::Seconds(3));
  }
  // Where n2 sees n1.
  std::string Seen() const {
    const auto member = n2_->gossip().Find("n1");
    return member ? member->endpoint.ToString() : "";
  }

  io::SimWorld world_{/*seed=*/1};
  io::SimHost* n1_host_ = world_.AddHost("n1", "172.18.8.11/24");
  io::SimHost* n2_host_ = world_.AddHost("n2", "172.18.8.12/24");
  std::unique_ptr<GossipPresence> n1_, n2_;
  std::vector<std::string> events_;
  int changes_ = 0;
};

TEST_F(GossipPresenceTest, JoinsThroughItsJoinList) {
  EXPECT_FALSE(n1_->KnowsOthers());
  EXPECT_FALSE(n1_->HearsOthers());
  Start();
  EXPECT_TRUE(n1_->KnowsOthers());
  EXPECT_TRUE(n1_->HearsOthers());
  EXPECT_TRUE(n1_->AllAnswered());
  EXPECT_TRUE(n1_->seeds().AllAnswered());
  EXPECT_EQ(Seen(), "172.18.8.11:7946");
  EXPECT_THAT(events_, IsEmpty());
}

TEST_F(GossipPresenceTest, AMemberThatFailedIsKnownAndNotHeard) {
  Start();
  n2_host_->Crash();
  world_.loop().RunFor(absl::Seconds(20));  // Before it is forgotten.
  EXPECT_TRUE(n1_->KnowsOthers());
  EXPECT_FALSE(n1_->HearsOthers());
}

TEST_F(GossipPresenceTest, SeesItsCarrier) {
  Start();
  EXPECT_EQ(n1_->HasCarrier(), true);
  n1_host_->SetCarrier(false);
  EXPECT_EQ(n1_->HasCarrier(), false);
}

TEST_F(GossipPresenceTest, TheGossipMovesWithTheAddress) {
  Start();
  Renumber();
  EXPECT_EQ(Seen(), "172.18.8.111:7946");
  EXPECT_THAT(
      events_,
      ElementsAre("GossipAddressChanged: gossip at 172.18.8.111:7946 (eth0, "
                  "towards 172.18.8.12), was 172.18.8.11:7946"));
  EXPECT_EQ(changes_, 1);
  EXPECT_EQ(ReadLastAddress(n1_host_->environment()),
            n1_->advertised().endpoint());
}

// Its goodbye comes from the address that the others know.
TEST_F(GossipPresenceTest, ANodeThatLeavesStaysWhereItIs) {
  Start();
  n1_->OnLeave();
  Renumber();
  EXPECT_EQ(n1_->gossip().self().endpoint.ToString(), "172.18.8.11:7946");
  EXPECT_THAT(events_, IsEmpty());
}

TEST_F(GossipPresenceTest, AFaultIsRecordedWhenItBeginsAndWhenItEnds) {
  Start();
  n1_host_->links().RemoveAddress("eth0",
                                  *net::ParseIpPrefix("172.18.8.11/24"));
  world_.loop().RunFor(absl::Seconds(60));
  ASSERT_EQ(events_.size(), 1u);
  EXPECT_TRUE(events_[0].starts_with("GossipAddressFault: ")) << events_[0];
  n1_host_->links().AddAddress("eth0", *net::ParseIpPrefix("172.18.8.11/24"));
  world_.loop().RunFor(absl::Seconds(60));
  ASSERT_GE(events_.size(), 2u);
  EXPECT_TRUE(events_.back().starts_with("GossipAddressFound: "))
      << events_.back();
}

// Else the others refuse the new address until they have forgotten the node.
TEST_F(GossipPresenceTest, ARestartElsewhereTellsTheFormerAddress) {
  Start();
  n1_host_->Crash();
  n1_.reset();
  n1_host_->Renumber(*net::ParseIpPrefix("172.18.8.111/24"));
  n1_host_->Restart();
  n1_ = Make(n1_host_, "0.0.0.0", "172.18.8.12");
  EXPECT_THAT(n1_->gossip().self().former,
              ElementsAre(*net::ParseEndpoint("172.18.8.11:7946", 0)));
  Start();
  EXPECT_EQ(Seen(), "172.18.8.111:7946");
}

TEST_F(GossipPresenceTest, OptionsOutOfRangeAreRefused) {
  AgentOptions options;
  options.node = "n1";
  options.advertise = n1_host_->endpoint();
  options.gossip.probe.interval = absl::ZeroDuration();
  EXPECT_EQ(
      GossipPresence::Create(options, n1_host_->environment()).status().code(),
      absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace lb
