// Links, frames and addresses on real interfaces, in a network namespace that
// this process makes for itself. Needs CAP_SYS_ADMIN; skipped without.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/posix/netlink_addresses.h"
#include "lb/io/posix/netlink_links.h"
#include "lb/io/posix/pcap_frames.h"
#include "lb/io/posix/testing/test_links.h"

namespace lb::io {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

size_t CountOpenFiles() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(files), end(files)));
}

class NamespaceTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!HaveNamespace()) {
      GTEST_SKIP() << "SKIPPED: no network namespace, want CAP_SYS_ADMIN";
    }
    auto test_links = TestLinks::Create();
    ASSERT_THAT(test_links, IsOk());
    test_links_.emplace(*std::move(test_links));
    auto links = NetlinkLinks::Create(&loop_);
    ASSERT_THAT(links, IsOk());
    links_ = *std::move(links);
    links_->SetObserver([this] { ++changes_; });
    SetUpLink("lo", true);
  }
  void TearDown() override {
    if (test_links_) test_links_->Delete("va");
  }

  // A pair of interfaces that are each other's cable.
  void AddVethPair() {
    ASSERT_THAT(test_links_->AddVethPair("va", "vb"), IsOk());
    ASSERT_TRUE(RunUntil([this] { return Find("va") && Find("vb"); }));
  }
  void SetUpLink(const char* name, bool up) {
    ASSERT_THAT(test_links_->SetUp(name, up), IsOk());
  }
  void SetUpBoth() {
    SetUpLink("va", true);
    SetUpLink("vb", true);
    ASSERT_TRUE(RunUntil(
        [this] { return Find("va")->carrier && Find("vb")->carrier; }));
  }

  bool RunUntil(absl::FunctionRef<bool()> done) {
    return loop_.RunUntil(done, absl::Seconds(10));
  }
  void RunFor(absl::Duration time) {
    loop_.RunUntil([] { return false; }, time);
  }
  std::optional<Link> Find(const std::string& name) {
    for (const Link& link : links_->Links()) {
      if (link.name == name) return link;
    }
    return std::nullopt;
  }

  bool HasLinkLocal(const std::string& name) {
    const Link link = Find(name).value_or(Link());
    return std::any_of(
        link.addresses.begin(), link.addresses.end(),
        [](const auto& prefix) { return prefix.address.is_link_local(); });
  }

  // Can a socket be bound to it?
  static bool IsLocal(const net::IpAddress& address) {
    const int family = address.is_ipv4() ? AF_INET : AF_INET6;
    const int socket = ::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const std::vector<uint8_t> bytes = address.ToBytes();
    sockaddr_in6 six = {.sin6_family = AF_INET6};
    sockaddr_in four = {.sin_family = AF_INET};
    std::copy(bytes.begin(), bytes.end(),
              address.is_ipv4() ? reinterpret_cast<uint8_t*>(&four.sin_addr)
                                : six.sin6_addr.s6_addr);
    const int bound =
        address.is_ipv4()
            ? bind(socket, reinterpret_cast<sockaddr*>(&four), sizeof(four))
            : bind(socket, reinterpret_cast<sockaddr*>(&six), sizeof(six));
    close(socket);
    return bound == 0;
  }

  PosixLoop loop_;
  std::optional<TestLinks> test_links_;
  std::unique_ptr<NetlinkLinks> links_;
  int changes_ = 0;
};

TEST_F(NamespaceTest, LinksAreSeenToComeChangeAndGo) {
  EXPECT_TRUE(Find("lo")->loopback);
  AddVethPair();
  const Link va = *Find("va");
  EXPECT_GT(va.index, 0);
  EXPECT_FALSE(va.up);
  EXPECT_FALSE(va.carrier);
  EXPECT_TRUE(va.broadcast);
  EXPECT_NE(va.mac, net::MacAddress());
  EXPECT_GT(changes_, 0);

  SetUpBoth();
  EXPECT_TRUE(Find("va")->up);
  SetUpLink("vb", false);  // Pulls the cable of va.
  ASSERT_TRUE(RunUntil([this] { return !Find("va")->carrier; }));
  EXPECT_TRUE(Find("va")->up);
  EXPECT_FALSE(Find("vb")->up);
  SetUpLink("vb", true);
  ASSERT_TRUE(RunUntil([this] { return Find("va")->carrier; }));

  // The IPv6 link-local address shows once it is no longer tentative.
  ASSERT_TRUE(RunUntil([this] { return HasLinkLocal("va"); }));

  test_links_->Delete("va");
  ASSERT_TRUE(RunUntil([this] { return !Find("va") && !Find("vb"); }));
}

TEST_F(NamespaceTest, AlternativeNamesAreSeenToCome) {
  AddVethPair();
  SetUpBoth();  // Linux tells of the names of links that are up only.
  EXPECT_TRUE(Find("va")->alt_names.empty());
  const std::string longest(127, 'x');
  ASSERT_TRUE(test_links_->AddAltName("va", "uplink").ok());
  ASSERT_TRUE(test_links_->AddAltName("va", longest).ok());
  ASSERT_TRUE(RunUntil([this] { return Find("va")->alt_names.size() == 2; }));
  EXPECT_EQ(Find("va")->alt_names,
            (std::vector<std::string>{"uplink", longest}));
  EXPECT_TRUE(Find("vb")->alt_names.empty());
}

TEST_F(NamespaceTest, NothingIsToldWhenNothingChanges) {
  AddVethPair();
  SetUpBoth();
  // Duplicate address detection is the last to change anything.
  ASSERT_TRUE(
      RunUntil([this] { return HasLinkLocal("va") && HasLinkLocal("vb"); }));
  RunFor(absl::Milliseconds(100));
  changes_ = 0;
  RunFor(absl::Milliseconds(300));
  EXPECT_EQ(changes_, 0);
}

// The caller that installed the address believes that it is there.
TEST_F(NamespaceTest, AnAddressThatGoesBeforeItWasSeenIsTold) {
  auto addresses = NetlinkAddresses::Create();
  ASSERT_THAT(addresses, IsOk());
  RunFor(absl::Milliseconds(100));
  for (const char* text : {"172.18.8.201", "2001:db8::201"}) {
    SCOPED_TRACE(text);
    const net::IpAddress address = *net::ParseIpAddress(text);
    changes_ = 0;
    ASSERT_THAT((*addresses)->Install("lo", address), IsOk());
    ASSERT_THAT((*addresses)->Uninstall("lo", address), IsOk());
    EXPECT_TRUE(RunUntil([this] { return changes_ > 0; }));
  }
}

TEST_F(NamespaceTest, InstalledAddressesComeAndGo) {
  auto addresses = NetlinkAddresses::Create();
  ASSERT_THAT(addresses, IsOk());
  for (const char* text : {"172.18.8.201", "2001:db8::201"}) {
    SCOPED_TRACE(text);
    const net::IpAddress address = *net::ParseIpAddress(text);
    EXPECT_THAT((*addresses)->Install("lo", address), IsOk());
    EXPECT_THAT((*addresses)->Install("lo", address), IsOk());
    EXPECT_TRUE(IsLocal(address));
    EXPECT_THAT((*addresses)->Installed("lo"),
                IsOkAndHolds(ElementsAre(address)));
    EXPECT_THAT((*addresses)->Uninstall("lo", address), IsOk());
    EXPECT_THAT((*addresses)->Uninstall("lo", address), IsOk());
    EXPECT_FALSE(IsLocal(address));
    EXPECT_THAT((*addresses)->Install("nosuch0", address),
                StatusIs(absl::StatusCode::kNotFound, HasSubstr("nosuch0")));
    EXPECT_THAT((*addresses)->Uninstall("nosuch0", address), IsOk());
  }
  EXPECT_THAT((*addresses)->Installed("nosuch0"), IsOkAndHolds(IsEmpty()));
}

// A host of a routed network has its own address as a /32 on "lo"; a service
// that was given the same address and went took it away.
TEST_F(NamespaceTest, OnlyWhatWasInstalledIsUninstalled) {
  auto addresses = NetlinkAddresses::Create();
  ASSERT_THAT(addresses, IsOk());
  std::vector<net::IpPrefix> own = Find("lo")->addresses;  // ::1 is there.
  for (const char* text : {"10.1.0.1/32", "10.1.0.2/24", "2001:db8:1::1/128",
                           "2001:db8:2::2/64"}) {
    own.push_back(*net::ParseIpPrefix(text));
    ASSERT_THAT(test_links_->AddAddress("lo", own.back()), IsOk());
  }
  std::sort(own.begin(), own.end());
  ASSERT_TRUE(RunUntil([&] { return Find("lo")->addresses == own; }));
  for (const net::IpPrefix& prefix : own) {
    SCOPED_TRACE(prefix.ToString());
    EXPECT_THAT((*addresses)->Install("lo", prefix.address), IsOk());
    EXPECT_THAT((*addresses)->Uninstall("lo", prefix.address), IsOk());
    EXPECT_TRUE(IsLocal(prefix.address));
  }
  EXPECT_THAT((*addresses)->Installed("lo"), IsOkAndHolds(IsEmpty()));
  RunFor(absl::Milliseconds(50));
  EXPECT_EQ(Find("lo")->addresses, own);
  for (const net::IpPrefix& prefix : own) {
    if (prefix.address.is_loopback()) continue;
    EXPECT_THAT(test_links_->RemoveAddress("lo", prefix), IsOk());
  }
}

// The mark is the kernel's to keep, so that a process that was killed, and has
// lost its state too, leaves nothing behind for ever.
TEST_F(NamespaceTest, TheMarkOutlivesTheProcess) {
  const std::vector<net::IpAddress> installed = {
      *net::ParseIpAddress("172.18.8.201"),
      *net::ParseIpAddress("2001:db8::201")};
  const std::vector<net::IpPrefix> before = Find("lo")->addresses;
  for (const net::IpAddress& address : installed) {
    ASSERT_THAT((*NetlinkAddresses::Create())->Install("lo", address), IsOk());
  }
  auto next = NetlinkAddresses::Create();
  ASSERT_THAT(next, IsOk());
  EXPECT_THAT((*next)->Installed("lo"), IsOkAndHolds(installed));
  RunFor(absl::Milliseconds(50));
  EXPECT_EQ(Find("lo")->addresses, before) << "They are not the host's own.";
  for (const net::IpAddress& address : installed) {
    EXPECT_THAT((*next)->Uninstall("lo", address), IsOk());
    EXPECT_FALSE(IsLocal(address));
  }
}

// Does the kernel take a packet for the IPv6 address as one for itself?
bool TakesPackets(const net::IpAddress& address) {
  const int socket = ::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in6 self = {};
  self.sin6_family = AF_INET6;
  auto* const generic = reinterpret_cast<sockaddr*>(&self);
  socklen_t size = sizeof(self);
  EXPECT_EQ(bind(socket, generic, size), 0);  // To any address.
  EXPECT_EQ(getsockname(socket, generic, &size), 0);
  const std::vector<uint8_t> bytes = address.ToBytes();
  std::copy(bytes.begin(), bytes.end(), self.sin6_addr.s6_addr);
  char byte = 0;
  // What goes through "lo" is there when sendto() returns.
  const bool takes = sendto(socket, &byte, 1, 0, generic, size) == 1 &&
                     recv(socket, &byte, 1, MSG_DONTWAIT) == 1;
  close(socket);
  return takes;
}

// A node that announces an address right after Install() gets packets for it at
// once; Linux said OK and dropped those of the first 0.1 ms or so.
TEST_F(NamespaceTest, AnIpv6AddressTakesPacketsOnceInstalled) {
  auto addresses = NetlinkAddresses::Create();
  ASSERT_THAT(addresses, IsOk());
  int deaf = 0;
  for (int i = 1; i <= 200; ++i) {
    const auto address = *net::ParseIpAddress(absl::StrCat("2001:db8::", i));
    EXPECT_FALSE(TakesPackets(address));
    ASSERT_THAT((*addresses)->Install("lo", address), IsOk());
    if (!TakesPackets(address)) ++deaf;
  }
  EXPECT_EQ(deaf, 0);
}

// Ethernet frames between va and vb.
class FramesTest : public NamespaceTest {
 protected:
  void SetUp() override {
    NamespaceTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    AddVethPair();
    SetUpBoth();
  }

  std::unique_ptr<FramePort> Open(const char* interface, const char* filter) {
    auto port = frames_.Open(interface, filter);
    EXPECT_THAT(port, IsOk());
    return port.ok() ? *std::move(port) : nullptr;
  }
  // An EtherType of local experiments (IEEE 802), so that no kernel answers.
  std::vector<uint8_t> FrameTo(const net::MacAddress& to, uint8_t mark) {
    std::vector<uint8_t> frame(to.bytes.begin(), to.bytes.end());
    const net::MacAddress from = Find("va")->mac;
    frame.insert(frame.end(), from.bytes.begin(), from.bytes.end());
    frame.insert(frame.end(), {0x88, 0xb5, mark});
    frame.resize(60);
    return frame;
  }

  PcapFrames frames_{&loop_};
};

TEST_F(FramesTest, FramesCrossAndAreNotSeenByTheirSender) {
  const auto va = Open("va", "ether proto 0x88b5");
  const auto vb = Open("vb", "ether proto 0x88b5");
  std::vector<std::vector<uint8_t>> heard;
  int echoes = 0;
  va->SetReceiver([&](auto) { ++echoes; });
  vb->SetReceiver([&](absl::Span<const uint8_t> frame) {
    heard.emplace_back(frame.begin(), frame.end());
  });
  const std::vector<uint8_t> unicast = FrameTo(Find("vb")->mac, 1);
  const std::vector<uint8_t> broadcast = FrameTo(net::kBroadcastMac, 2);
  EXPECT_THAT(va->Send(unicast), IsOk());
  EXPECT_THAT(va->Send(broadcast), IsOk());
  ASSERT_TRUE(RunUntil([&] { return heard.size() == 2; }));
  EXPECT_THAT(heard, ElementsAre(unicast, broadcast));
  EXPECT_EQ(echoes, 0);
}

TEST_F(FramesTest, ABurstArrivesWhole) {
  const auto va = Open("va", "ether proto 0x88b5");
  const auto vb = Open("vb", "ether proto 0x88b5");
  int heard = 0;
  vb->SetReceiver([&](auto) { ++heard; });
  for (int n = 0; n < 5 * kFramesPerTurn; ++n) {
    EXPECT_THAT(va->Send(FrameTo(net::kBroadcastMac, 1)), IsOk());
  }
  EXPECT_TRUE(RunUntil([&] { return heard == 5 * kFramesPerTurn; }));
}

TEST_F(FramesTest, FiltersAreApplied) {
  const auto va = Open("va", "arp");
  const auto vb = Open("vb", "ether proto 0x88b5 and ether[14] = 2");
  std::vector<uint8_t> marks;
  vb->SetReceiver([&](auto frame) { marks.push_back(frame[14]); });
  for (const uint8_t mark : {1, 2, 3, 2}) {
    EXPECT_THAT(va->Send(FrameTo(net::kBroadcastMac, mark)), IsOk());
  }
  ASSERT_TRUE(RunUntil([&] { return marks.size() == 2; }));
  EXPECT_THAT(marks, ElementsAre(2, 2));
}

TEST_F(FramesTest, APortSurvivesItsLinkGoingDown) {
  const auto va = Open("va", "ether proto 0x88b5");
  const auto vb = Open("vb", "ether proto 0x88b5");
  int heard = 0;
  vb->SetReceiver([&](auto) { ++heard; });
  SetUpLink("vb", false);
  SetUpLink("va", false);
  RunFor(absl::Milliseconds(50));
  EXPECT_THAT(va->Send(FrameTo(net::kBroadcastMac, 1)),
              StatusIs(absl::StatusCode::kUnavailable));
  SetUpBoth();
  ASSERT_TRUE(RunUntil([&] {
    (void)va->Send(FrameTo(net::kBroadcastMac, 1));
    RunFor(absl::Milliseconds(20));
    return heard > 0;
  }));
}

TEST_F(FramesTest, APortMayBeDestroyedWithinItsReceiver) {
  const auto va = Open("va", "arp");
  auto vb = Open("vb", "ether proto 0x88b5");
  int heard = 0;
  vb->SetReceiver([&, kept = std::string(100, 'x')](auto) {
    vb = nullptr;
    heard += kept.size() == 100 ? 1 : 0;
  });
  EXPECT_THAT(va->Send(FrameTo(net::kBroadcastMac, 1)), IsOk());
  EXPECT_THAT(va->Send(FrameTo(net::kBroadcastMac, 2)), IsOk());
  ASSERT_TRUE(RunUntil([&] { return heard > 0; }));
  RunFor(absl::Milliseconds(50));
  EXPECT_EQ(heard, 1);
}

TEST_F(FramesTest, JoiningAGroupIsReportedToTheLink) {
  // MLD reports go to ff02::16 (RFC 3810 section 5.2.14) or, of version 1, to
  // the group itself (RFC 2710); either names the group.
  const net::IpAddress group = *net::ParseIpAddress("ff02::1:ff00:201");
  const auto va = Open("va", "arp");
  const auto vb = Open("vb", "ip6 multicast");
  int reports = 0;
  const std::vector<uint8_t> bytes = group.ToBytes();
  vb->SetReceiver([&](absl::Span<const uint8_t> frame) {
    const auto after_header = frame.subspan(std::min<size_t>(54, frame.size()));
    reports += std::search(after_header.begin(), after_header.end(),
                           bytes.begin(), bytes.end()) != after_header.end();
  });
  EXPECT_THAT(va->JoinGroup(group), IsOk());
  EXPECT_THAT(va->JoinGroup(group), IsOk());
  EXPECT_TRUE(RunUntil([&] { return reports > 0; }));
  EXPECT_THAT(va->LeaveGroup(group), IsOk());
  EXPECT_THAT(va->LeaveGroup(group), IsOk());
  EXPECT_THAT(va->JoinGroup(*net::ParseIpAddress("2001:db8::1")),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(FramesTest, ManyGroupsCanBeJoined) {
  const auto va = Open("va", "arp");
  for (uint32_t n = 0; n < 2000; ++n) {
    const auto base = net::ParseIpAddress("ff02::1:ff00:0")->number();
    ASSERT_THAT(va->JoinGroup(net::IpAddress::Ipv6(base + n)), IsOk()) << n;
  }
}

// Every socket holds so many groups; those that were left make room.
TEST_F(FramesTest, GroupsThatComeAndGoCostNoSockets) {
  constexpr uint32_t kJoined = 3000;
  constexpr uint32_t kStep = 1000;
  const absl::uint128 base = net::ParseIpAddress("ff02::1:ff00:0")->number();
  const auto va = Open("va", "arp");
  for (uint32_t n = 0; n < kJoined; ++n) {
    ASSERT_THAT(va->JoinGroup(net::IpAddress::Ipv6(base + n)), IsOk()) << n;
  }
  const size_t open_files = CountOpenFiles();
  for (uint32_t n = kJoined; n < 3 * kJoined; ++n) {
    const uint32_t left = n - kJoined;
    if (left % kStep == 0) {
      for (uint32_t i = 0; i < kStep; ++i) {
        ASSERT_THAT(va->LeaveGroup(net::IpAddress::Ipv6(base + left + i)),
                    IsOk());
      }
    }
    ASSERT_THAT(va->JoinGroup(net::IpAddress::Ipv6(base + n)), IsOk()) << n;
  }
  EXPECT_EQ(CountOpenFiles(), open_files);
}

TEST_F(FramesTest, MistakesAreNamed) {
  EXPECT_THAT(frames_.Open("nosuch0", "arp"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("nosuch0")));
  EXPECT_THAT(frames_.Open("va", "arp and ("),
              StatusIs(absl::StatusCode::kInvalidArgument));
  const auto va = Open("va", "");
  EXPECT_THAT(va->Send(std::vector<uint8_t>(13)),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace lb::io
