// What the kernel passes follows what is announced and watched, change by
// change.
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "lb/announce/announce_node.h"
#include "lb/announce/frame_filter.h"
#include "lb/base/prng.h"
#include "lb/io/frame_program.h"
#include "lb/io/frame_transport.h"
#include "lb/io/sim/sim_world.h"
#include "lb/net/ip_address.h"

namespace lb::announce {
namespace {

constexpr uint64_t kVips = 8;

net::IpAddress Vip(uint64_t number) {
  return *net::ParseIpAddress(number % 2 == 0
                                  ? fmt::format("10.0.0.{}", 2 * number)
                                  : fmt::format("2001:db8::{}", 2 * number));
}

// Keeps the filter of the port that is open, and refuses some.
class FilterKeeper final : public io::FrameTransport {
 public:
  class Port final : public io::FramePort {
   public:
    explicit Port(FilterKeeper* keeper) : keeper_(keeper) {}
    absl::Status Send(absl::Span<const uint8_t>) override { return {}; }
    void SetReceiver(Receiver) override {}
    absl::Status SetFilter(const io::FrameProgram& program) override {
      ++keeper_->set;
      if (keeper_->refuses) return absl::UnavailableError("no");
      keeper_->filter = program;
      return absl::OkStatus();
    }
    absl::Status JoinGroup(const net::IpAddress&) override { return {}; }
    absl::Status LeaveGroup(const net::IpAddress&) override { return {}; }

   private:
    FilterKeeper* const keeper_;
  };

  absl::StatusOr<std::unique_ptr<io::FramePort>> Open(
      const std::string&, const std::string&) override {
    return std::make_unique<Port>(this);
  }

  io::FrameProgram filter = FilterFor({});  // Until one is set.
  bool refuses = false;
  int set = 0;
};

class AnnounceNodeFilterTest : public testing::Test {
 protected:
  AnnounceNodeFilterTest() {
    Ports ports =
        Ports::From(world_.AddHost("n1", "10.0.0.1/24")->environment());
    ports.frames = &keeper_;
    node_ = std::make_unique<AnnounceNode>(AnnounceNodeOptions{}, ports);
    node_->Start();
  }

  void Change(const AnnouncementChanges& changes,
              const AnnounceNode::WatchedChanges& watched) {
    node_->ChangeAnnouncements(changes, watched);
  }
  io::FrameProgram Wanted() const {
    return FilterFor(node_->announcer().HeardOn("eth0"));
  }

  io::SimWorld world_{/*seed=*/1};
  FilterKeeper keeper_;
  std::unique_ptr<AnnounceNode> node_;
};

TEST_F(AnnounceNodeFilterTest, FollowsEachChange) {
  Prng prng(1);
  for (int step = 0; step < 500; ++step) {
    SCOPED_TRACE(step);
    AnnouncementChanges changes;
    AnnounceNode::WatchedChanges watched;
    while (prng.Chance(60)) {
      auto& terms = changes[Vip(prng.Uniform(kVips))];
      if (prng.Chance(60)) terms.emplace();
    }
    while (prng.Chance(40)) watched[Vip(prng.Uniform(kVips))] = prng.Chance(50);
    Change(changes, watched);
    ASSERT_EQ(keeper_.filter, Wanted());
  }
}

TEST_F(AnnounceNodeFilterTest, IsNotSetAgainIfItIsTheSame) {
  Change({{Vip(0), Terms{}}}, {});
  const int set = keeper_.set;
  Change({{Vip(0), Terms{.refresh = absl::Seconds(10)}}}, {{Vip(0), true}});
  EXPECT_EQ(keeper_.set, set);
}

TEST_F(AnnounceNodeFilterTest, ARefusedOneIsSetWithTheNextChange) {
  keeper_.refuses = true;
  Change({{Vip(0), Terms{}}}, {});
  keeper_.refuses = false;
  Change({{Vip(2), Terms{}}}, {});
  EXPECT_EQ(keeper_.filter, Wanted());
}

}  // namespace
}  // namespace lb::announce
