// The contract suite of frame filters on libpcap, and that a filter changes
// while frames come. Needs CAP_SYS_ADMIN; skipped without.
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "gmock/gmock.h"
#include "lb/base/check.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/posix/pcap_frames.h"
#include "lb/io/posix/testing/test_links.h"
#include "lb/io/testing/frame_contract.h"

namespace lb::io {
namespace {

class PosixFrames final : public FrameHarness {
 public:
  explicit PosixFrames(TestLinks links) : links_(std::move(links)) {
    LB_CHECK(links_.AddVethPair("fa", "fb").ok());
    LB_CHECK(links_.SetUp("fa", true).ok() && links_.SetUp("fb", true).ok());
  }
  ~PosixFrames() override { links_.Delete("fa"); }

  std::unique_ptr<FramePort> OpenSender(const std::string& filter) override {
    return *frames_.Open("fa", filter);
  }
  std::unique_ptr<FramePort> OpenReceiver(const std::string& filter) override {
    return *frames_.Open("fb", filter);
  }
  bool RunUntil(absl::FunctionRef<bool()> done, absl::Duration limit) override {
    return loop_.RunUntil(done, limit);
  }

 private:
  TestLinks links_;
  PosixLoop loop_;
  PcapFrames frames_{&loop_};
};

std::unique_ptr<FrameHarness> MakePosixFrames() {
  if (!HaveNamespace()) return nullptr;
  return std::make_unique<PosixFrames>(*TestLinks::Create());
}

INSTANTIATE_TEST_SUITE_P(Posix, FrameContractTest,
                         testing::Values(&MakePosixFrames));

// By pcap_setfilter() it would lose frames: that has the kernel drop all for a
// moment.
TEST(PosixFramesTest, FiltersChangeUnderFireWithoutLoss) {
  constexpr int kFrames = 20000;
  constexpr int kUnreadMax = 200;  // Fewer than fit the capture's ring.
  const auto harness = MakePosixFrames();
  if (harness == nullptr) {
    GTEST_SKIP() << "SKIPPED: no network namespace, want CAP_SYS_ADMIN";
  }
  const auto from = harness->OpenSender("arp");
  const auto to = harness->OpenReceiver("ether proto 0x88b5");
  std::atomic<int> heard = 0;
  std::atomic<bool> stopped = false;
  to->SetReceiver([&](auto) { ++heard; });
  std::thread sender([&] {
    const std::vector<uint8_t> frame = MarkedFrame(9);
    for (int sent = 0; sent < kFrames && !stopped;) {
      if (sent - heard < kUnreadMax && from->Send(frame).ok()) ++sent;
    }
  });
  int changes = 0;
  const bool all_heard = harness->RunUntil(
      [&] {
        EXPECT_THAT(to->SetFilter(MarksFrom(++changes % 8)), IsOk());
        return heard == kFrames;
      },
      absl::Seconds(20));
  stopped = true;
  sender.join();
  EXPECT_TRUE(all_heard) << heard << " of " << kFrames;
  EXPECT_GT(changes, 10);
}

}  // namespace
}  // namespace lb::io
