// Two nodes on real sockets of this host: one dials, the other one listens.
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "gmock/gmock.h"
#include "lb/base/event_log.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/bgp/speaker_node.h"
#include "lb/io/posix/posix_loop.h"
#include "lb/io/posix/posix_sockets.h"

namespace lb::bgp {
namespace {

class FixedLinks final : public io::LinkMonitor {
 public:
  std::vector<io::Link> Links() const override {
    return {{.index = 1,
             .name = "lo",
             .addresses = {*net::ParseIpPrefix("127.0.0.1/8"),
                           *net::ParseIpPrefix("127.0.0.2/8")}}};
  }
  void SetObserver(absl::AnyInvocable<void()>) override {}
};

class SpeakerPosixTest : public testing::Test {
 protected:
  SpeakerPosixTest() {
    auto free = sockets_.Listen({second_, 0}, {});
    EXPECT_THAT(free, IsOk());
    listen_ = (*free)->local();
  }

  Ports PortsOf() {
    return {{.loop = &loop_, .links = &links_, .log = &log_, .prng = Prng(1)},
            &sockets_};
  }
  // The first node dials, from 127.0.0.1 to 127.0.0.2.
  void Start(const std::string& password) {
    dialler_ = std::make_unique<SpeakerNode>(
        SpeakerNodeOptions{.speaker = {.node_name = "one"}}, PortsOf());
    listener_ = std::make_unique<SpeakerNode>(
        SpeakerNodeOptions{.speaker = {.node_name = "two"}, .listen = listen_},
        PortsOf());
    two_ = {.name = "two",
            .address = second_,
            .port = listen_.port,
            .source = first_,
            .own_asn = {64512},
            .peer_as = {.asn = {65000}},
            .password = password};
    one_ = {.name = "one",
            .address = first_,
            .own_asn = {65000},
            .peer_as = {.asn = {64512}},
            .password = password,
            .opening = Opening::kListen};
    listener_->SetPeers({one_});
    dialler_->SetPeers({two_});
  }
  static PeerStatus StatusOf(const SpeakerNode& node) {
    return node.Snapshot().at(0);
  }
  bool WaitUntil(absl::FunctionRef<bool()> done) {
    return loop_.RunUntil(done, absl::Seconds(10));
  }
  bool WaitForRoutes(uint64_t count) {
    return WaitUntil([&] {
      return StatusOf(*listener_).counters.prefixes_received == count;
    });
  }

  io::PosixLoop loop_;
  io::PosixSockets sockets_{&loop_};
  FixedLinks links_;
  EventLog log_;
  const net::IpAddress first_ = *net::ParseIpAddress("127.0.0.1");
  const net::IpAddress second_ = *net::ParseIpAddress("127.0.0.2");
  net::Endpoint listen_;
  PeerOptions one_, two_;
  std::unique_ptr<SpeakerNode> dialler_;
  std::unique_ptr<SpeakerNode> listener_;
};

TEST_F(SpeakerPosixTest, RoutesArrive) {
  Start("");
  RouteSet routes;
  for (uint32_t n = 0; n < 20'000; ++n) {
    ASSERT_THAT(routes.Set({{net::IpAddress::Ipv4(0x64400000 + n), 32}, {}}),
                IsOk());
  }
  ASSERT_THAT(dialler_->SetRoutes("two", routes), IsOk());
  EXPECT_TRUE(WaitForRoutes(20'000));
  EXPECT_EQ(StatusOf(*dialler_).of_family[0].advertised, 20'000u);
  EXPECT_EQ(StatusOf(*dialler_).local, first_);
  listener_->Stop("enough");
  ASSERT_TRUE(WaitUntil(
      [&] { return StatusOf(*dialler_).state != SessionState::kEstablished; }));
  EXPECT_THAT(StatusOf(*dialler_).last_error->text,
              testing::HasSubstr("enough"));
}

TEST_F(SpeakerPosixTest, APasswordIsAskedForAndChanges) {
  if (absl::IsUnimplemented(
          sockets_.Listen({second_, 0}, {.md5_keys = {{first_, "key"}}})
              .status())) {
    GTEST_SKIP() << "SKIPPED: the kernel has no MD5 keys";
  }
  Start("old");
  ASSERT_TRUE(WaitUntil([&] {
    return StatusOf(*listener_).state == SessionState::kEstablished;
  }));
  two_.password = one_.password = "new";
  EXPECT_THAT(dialler_->SetPeers({two_}).rekeyed, testing::SizeIs(1));
  EXPECT_THAT(listener_->SetPeers({one_}).rekeyed, testing::SizeIs(1));
  RouteSet routes;
  ASSERT_THAT(routes.Set({*net::ParseIpPrefix("192.0.2.10/32"), {}}), IsOk());
  ASSERT_THAT(dialler_->SetRoutes("two", routes), IsOk());
  EXPECT_TRUE(WaitForRoutes(1));
  EXPECT_EQ(StatusOf(*dialler_).counters.times_established, 1u);
}

}  // namespace
}  // namespace lb::bgp
