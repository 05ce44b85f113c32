// The contract suite of socket options on lb/io/posix, over loopback, and what
// Linux alone has: sockets of both families.
#include "lb/io/posix/posix_sockets.h"

#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/testing/socket_contract.h"

namespace lb::io {
namespace {

// Any interface of this host but lo.
std::string OtherInterface() {
  std::string name;
  struct if_nameindex* const all = if_nameindex();
  if (all == nullptr) return name;
  for (const auto* each = all; each->if_index != 0; ++each) {
    if (std::string(each->if_name) != "lo") name = each->if_name;
  }
  if_freenameindex(all);
  return name;
}

class PosixSocketHarness final : public SocketHarness {
 public:
  PosixSocketHarness(std::string_view first, std::string_view second)
      : first_(*net::ParseIpAddress(first)),
        second_(*net::ParseIpAddress(second)) {}

  Loop* loop() override { return &loop_; }
  bool RunUntil(absl::FunctionRef<bool()> done, absl::Duration limit) override {
    return loop_.RunUntil(done, limit);
  }
  SocketNode first() override { return {&sockets_, &sockets_, first_}; }
  SocketNode second() override { return {&sockets_, &sockets_, second_}; }
  std::string interface() override { return "lo"; }
  std::string other_interface() override { return OtherInterface(); }

 private:
  PosixLoop loop_;
  PosixSockets sockets_{&loop_};
  const net::IpAddress first_;
  const net::IpAddress second_;
};

std::unique_ptr<SocketHarness> MakeIpv4Sockets() {
  return std::make_unique<PosixSocketHarness>("127.0.0.1", "127.0.0.2");
}

INSTANTIATE_TEST_SUITE_P(Posix, SocketContractTest,
                         testing::Values(&MakeIpv4Sockets));

// One address: peers of a kernel with IPv6 have no second one on loopback.
std::unique_ptr<SocketHarness> MakeIpv6Sockets() {
  return std::make_unique<PosixSocketHarness>("::1", "::1");
}

INSTANTIATE_TEST_SUITE_P(PosixIpv6, SocketContractTest,
                         testing::Values(&MakeIpv6Sockets));

// A socket at [::] has IPv4 peers, with the same options.
class BothFamiliesTest : public testing::Test {
 protected:
  bool RunUntil(absl::FunctionRef<bool()> done) {
    return loop_.RunUntil(done, absl::Seconds(10));
  }
  // Dials from 127.0.0.1 to a listener at [::] that has TTL security and a key.
  absl::Status Dial(const StreamOptions& options) {
    auto listener = sockets_.Listen(
        {any_, 0}, {.socket = {.ttl = 255, .min_ttl = 255},
                    .md5_keys = {{.peer = loopback_, .key = "key"}}});
    if (!listener.ok()) return listener.status();
    const auto dialer = sockets_.MakeDialer(loopback_, options);
    std::optional<absl::Status> answer;
    (*dialer)->Connect({loopback_, (*listener)->local().port},
                       loop_.Now() + absl::Milliseconds(150),
                       [&](auto stream) { answer = stream.status(); });
    EXPECT_TRUE(RunUntil([&] { return answer.has_value(); }));
    return *answer;
  }

  PosixLoop loop_;
  PosixSockets sockets_{&loop_};
  const net::IpAddress any_ = net::IpAddress::Ipv6(0);
  const net::IpAddress loopback_ = net::IpAddress::Ipv4(0x7f000001);
};

TEST_F(BothFamiliesTest, AnIpv4PeerHasItsKeyAndItsTtl) {
  StreamOptions right = {.socket = {.ttl = 255, .min_ttl = 255},
                         .md5_keys = {{.peer = loopback_, .key = "key"}}};
  const absl::Status dialed = Dial(right);
  if (absl::IsUnimplemented(dialed)) {
    GTEST_SKIP() << "SKIPPED: the kernel has no MD5 keys";
  }
  EXPECT_THAT(dialed, IsOk());
  StreamOptions wrong = right;
  wrong.md5_keys[0].key = "other";
  EXPECT_THAT(Dial(wrong), StatusIs(absl::StatusCode::kDeadlineExceeded));
  wrong = right;
  wrong.socket.ttl = 254;
  EXPECT_THAT(Dial(wrong), StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(BothFamiliesTest, ADialerAtAnyAddressSignsToAnIpv4Peer) {
  const auto listener = sockets_.Listen(
      {loopback_, 0}, {.md5_keys = {{.peer = loopback_, .key = "key"}}});
  if (absl::IsUnimplemented(listener.status())) {
    GTEST_SKIP() << "SKIPPED: the kernel has no MD5 keys";
  }
  ASSERT_THAT(listener, IsOk());
  const auto dialer = sockets_.MakeDialer(
      any_, {.md5_keys = {{.peer = loopback_, .key = "key"}}});
  ASSERT_THAT(dialer, IsOk());
  std::optional<absl::Status> answer;
  (*dialer)->Connect((*listener)->local(), loop_.Now() + absl::Seconds(5),
                     [&](auto stream) { answer = stream.status(); });
  ASSERT_TRUE(RunUntil([&] { return answer.has_value(); }));
  EXPECT_THAT(*answer, IsOk());
}

TEST_F(BothFamiliesTest, AnIpv4DatagramHasItsTtl) {
  const auto socket = sockets_.Bind({any_, 0}, {.min_ttl = 255});
  const auto near = sockets_.Bind({loopback_, 0}, {.ttl = 255});
  const auto far = sockets_.Bind({loopback_, 0}, {.ttl = 254});
  ASSERT_THAT(socket, IsOk());
  std::vector<net::Endpoint> from;
  (*socket)->SetReceiver(
      [&](const net::Endpoint& sender, auto) { from.push_back(sender); });
  const net::Endpoint to = {loopback_, (*socket)->local().port};
  EXPECT_THAT((*far)->Send(to, {}), IsOk());
  EXPECT_THAT((*near)->Send(to, {}), IsOk());
  ASSERT_TRUE(RunUntil([&] { return !from.empty(); }));
  EXPECT_THAT(from, testing::ElementsAre((*near)->local()));
}

TEST_F(BothFamiliesTest, AListenerIsToldTheWayOfAnIpv4Datagram) {
  const auto listener = sockets_.BindListener({any_, 0}, {});
  const auto sender = sockets_.Bind({loopback_, 0}, {.ttl = 255});
  ASSERT_THAT(listener, IsOk());
  int heard = 0;
  (*listener)->SetReceiver([&](const ArrivedDatagram& datagram) {
    EXPECT_EQ(datagram.from, (*sender)->local());
    EXPECT_EQ(datagram.to, loopback_);
    EXPECT_EQ(datagram.interface, "lo");
    EXPECT_EQ(datagram.ttl, 255);
    ++heard;
  });
  EXPECT_THAT((*sender)->Send({loopback_, (*listener)->local().port}, {}),
              IsOk());
  EXPECT_TRUE(RunUntil([&] { return heard == 1; }));
}

// A loop that was busy takes what waits, and knows since when it has waited.
TEST_F(BothFamiliesTest, AWaitingDatagramCountsAtItsArrival) {
  const auto listener = sockets_.BindListener({loopback_, 0}, {});
  const auto sender = sockets_.Bind({loopback_, 0}, {});
  ASSERT_THAT(listener, IsOk());
  std::vector<absl::Time> arrivals;
  (*listener)->SetReceiver([&](const ArrivedDatagram& datagram) {
    arrivals.push_back(datagram.at);
  });
  absl::Time before;
  absl::Time busy_until;
  const auto send_and_be_busy = [&] {
    arrivals.clear();
    before = loop_.Now();
    EXPECT_THAT((*sender)->Send((*listener)->local(), {}), IsOk());
    EXPECT_THAT((*sender)->Send((*listener)->local(), {}), IsOk());
    busy_until = loop_.Now() + absl::Milliseconds(20);
    while (loop_.Now() < busy_until) {
    }
    (*listener)->ReceiveWaiting();
    return arrivals.size() == 2 && arrivals[1] < busy_until;
  };
  // The kernel begins to stamp a while after the first socket asked for it.
  // Until then a datagram counts at its reading.
  for (int i = 0; i < 100 && !send_and_be_busy(); ++i) {
  }
  ASSERT_EQ(arrivals.size(), 2u);
  EXPECT_GE(arrivals[0], before);
  EXPECT_LE(arrivals[0], arrivals[1]);
  EXPECT_LT(arrivals[1], busy_until);
}

// The TOS with which a datagram to 127.0.0.1 leaves a socket at `local`; -1: it
// did not come, or without one.
int TosOfDatagramFrom(const net::IpAddress& local) {
  PosixLoop loop;
  PosixSockets sockets(&loop);
  const auto sender = sockets.Bind({local, 0}, {.tos = kTosNetworkControl});
  EXPECT_THAT(sender, IsOk());
  const int receiver = socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in at = {.sin_family = AF_INET};
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(at);
  auto* const address = reinterpret_cast<sockaddr*>(&at);
  const int on = 1;
  EXPECT_EQ(bind(receiver, address, size), 0);
  EXPECT_EQ(getsockname(receiver, address, &size), 0);
  EXPECT_EQ(setsockopt(receiver, SOL_IP, IP_RECVTOS, &on, sizeof(on)), 0);
  EXPECT_THAT(
      (*sender)->Send(
          {net::IpAddress::Ipv4(INADDR_LOOPBACK), ntohs(at.sin_port)}, {}),
      IsOk());
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control = {};
  msghdr message = {.msg_control = control.data(),
                    .msg_controllen = control.size()};
  const ssize_t received = recvmsg(receiver, &message, MSG_DONTWAIT);
  close(receiver);
  const cmsghdr* const part = CMSG_FIRSTHDR(&message);
  if (received < 0 || part == nullptr || part->cmsg_type != IP_TOS) return -1;
  return *CMSG_DATA(part);
}

TEST(PosixSocketsTest, DatagramsHaveTheirTos) {
  EXPECT_EQ(TosOfDatagramFrom(net::IpAddress::Ipv4(INADDR_LOOPBACK)), 0xc0);
  EXPECT_EQ(TosOfDatagramFrom(net::IpAddress::Ipv6(0)), 0xc0);
}

// As lbd does, which keeps no CAP_NET_BIND_SERVICE.
TEST(PosixSocketsTest, APortBelow1024NeedsACapability) {
  PosixLoop loop;
  PosixSockets sockets(&loop);
  const net::Endpoint bgp = {net::IpAddress::Ipv4(0x7f000001), 179};
  const auto listener = sockets.Listen(bgp, {});
  if (listener.ok()) GTEST_SKIP() << "SKIPPED: this user may have port 179";
  EXPECT_THAT(listener, StatusIs(absl::StatusCode::kPermissionDenied,
                                 testing::HasSubstr("127.0.0.1:179")));
  EXPECT_THAT(sockets.Bind(bgp, {}),
              StatusIs(absl::StatusCode::kPermissionDenied));
}

}  // namespace
}  // namespace lb::io
