// The sockets of a BfdNode; see bfd_sim_test.cc for what two nodes do together.
#include "lb/bfd/bfd_node.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/bfd/testing/bfd_pair.h"

namespace lb::bfd {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr absl::Duration Ms(int64_t count) { return absl::Milliseconds(count); }
const SessionOptions kFast = BfdPair::Every(Ms(50));
// A retry, at the latest, and the time that a session takes to come up.
constexpr absl::Duration kRetried = absl::Seconds(35);

class BfdNodeTest : public testing::Test {
 protected:
  BfdNodeTest() {
    pair_.world().network().SetTap(
        [this](const net::Endpoint& from, const net::Endpoint& to, auto) {
          if (from.address == pair_.a().host().address()) {
            sent_from_.push_back(from.port);
            sent_to_.push_back(to.port);
          }
        });
  }

  // Is the port of the first host free?
  bool IsFree(const net::IpAddress& address, uint16_t port) {
    return pair_.a()
        .host()
        .environment()
        .datagram_factory->Bind({address, port}, {})
        .ok();
  }
  std::unique_ptr<io::DatagramTransport> Take(uint16_t port) {
    auto socket = pair_.a().host().environment().datagram_factory->Bind(
        {net::IpAddress::Ipv4(0), port}, {});
    EXPECT_THAT(socket, IsOk());
    return *std::move(socket);
  }
  absl::Status Error() { return pair_.a().session().error; }

  const net::IpAddress any_ = net::IpAddress::Ipv4(0);
  BfdPair pair_{/*seed=*/1};
  std::vector<uint16_t> sent_from_;
  std::vector<uint16_t> sent_to_;
};

TEST_F(BfdNodeTest, SocketsAreOpenWhileThereAreSessions) {
  BfdNode node(Ports::From(pair_.a().host().environment()));
  EXPECT_TRUE(IsFree(any_, 3784));
  const SessionKey one_hop = {.remote = pair_.b().host().address()};
  SessionKey multihop = one_hop;
  multihop.hops = Hops::kMulti;
  EXPECT_THAT(node.SetSessions({{one_hop, kFast}}), IsOk());
  EXPECT_FALSE(IsFree(any_, 3784));
  EXPECT_TRUE(IsFree(any_, 4784));
  EXPECT_THAT(node.SetSessions({{one_hop, kFast}, {multihop, kFast}}), IsOk());
  EXPECT_FALSE(IsFree(any_, 4784));
  EXPECT_THAT(node.SetSessions({}), IsOk());
  EXPECT_THAT(node.sessions(), IsEmpty());
  pair_.RunFor(absl::Seconds(4));  // The peer has been told.
  EXPECT_TRUE(IsFree(any_, 3784));
  EXPECT_TRUE(IsFree(any_, 4784));
}

TEST_F(BfdNodeTest, ASessionSendsFromOnePortOfItsOwn) {
  pair_.StartBoth(kFast);
  pair_.RunFor(absl::Seconds(10));
  ASSERT_FALSE(sent_from_.empty());
  EXPECT_GE(sent_from_[0], 49152);
  EXPECT_THAT(sent_from_, Each(sent_from_[0]));
  EXPECT_THAT(sent_to_, Each(3784));
}

TEST_F(BfdNodeTest, APortInUseIsNamedAndTriedAgain) {
  auto other = Take(3784);  // As bfdd has it.
  pair_.StartBoth(kFast);
  EXPECT_THAT(Error(), StatusIs(absl::StatusCode::kUnavailable,
                                HasSubstr("udp 0.0.0.0:3784: in use")));
  pair_.RunFor(absl::Seconds(10));
  EXPECT_EQ(pair_.a().session().status.state, State::kDown);
  // It cannot hear, and so it does not speak.
  EXPECT_THAT(sent_to_, IsEmpty());
  EXPECT_EQ(pair_.a().session().status.counters.control_packet_output, 0u);
  other = nullptr;
  EXPECT_TRUE(pair_.RunUntilUp(kRetried));
  EXPECT_THAT(Error(), IsOk());
}

TEST_F(BfdNodeTest, AMissingInterfaceIsNamedAndTriedAgain) {
  pair_.b().Start({.remote = pair_.a().host().address()}, kFast);
  pair_.a().Start(
      {.remote = pair_.b().host().address(), .interface = "nosuchif"}, kFast);
  EXPECT_THAT(Error(), StatusIs(absl::StatusCode::kNotFound,
                                HasSubstr("interface nosuchif")));
  pair_.RunFor(absl::Seconds(10));
  EXPECT_THAT(pair_.a().events(), IsEmpty());
  EXPECT_GT(pair_.a().node().verdicts()[Verdict::kUnknownPeer], 0u);
}

TEST_F(BfdNodeTest, AHostThatLosesItsAddressOpensItsSocketAgain) {
  const net::IpAddress own = pair_.a().host().address();
  pair_.b().Start({.remote = own}, kFast);
  pair_.a().Start({.remote = pair_.b().host().address(), .local = own}, kFast);
  ASSERT_TRUE(pair_.RunUntilUp(absl::Seconds(4)));
  pair_.a().host().Renumber(*net::ParseIpPrefix("10.0.0.9/24"));
  pair_.RunFor(absl::Seconds(10));
  EXPECT_FALSE(pair_.a().is_up());
  EXPECT_THAT(Error(), StatusIs(absl::StatusCode::kUnavailable));
  pair_.a().host().Renumber(*net::ParseIpPrefix("10.0.0.1/24"));
  EXPECT_TRUE(pair_.RunUntilUp(kRetried));
  EXPECT_THAT(Error(), IsOk());
}

// The socket of IPv4 makes room for one of both families.
TEST_F(BfdNodeTest, AnIPv6SessionDisturbsNoIPv4Session) {
  pair_.StartBoth(kFast);
  ASSERT_TRUE(pair_.RunUntilUp(absl::Seconds(4)));
  pair_.ClearEvents();
  const SessionKey ipv6 = {.remote = *net::ParseIpAddress("2001:db8::9")};
  EXPECT_THAT(
      pair_.a().node().SetSessions({{pair_.a().key(), kFast}, {ipv6, kFast}}),
      IsOk());
  pair_.RunFor(absl::Seconds(10));
  EXPECT_THAT(pair_.a().events(), IsEmpty());
  EXPECT_THAT(pair_.a().node().sessions(), SizeIs(2));
}

TEST_F(BfdNodeTest, OptionsOutOfRangeChangeNothing) {
  pair_.StartBoth(kFast);
  ASSERT_TRUE(pair_.RunUntilUp(absl::Seconds(4)));
  SessionOptions wrong = kFast;
  wrong.detect_multiplier = 0;
  EXPECT_THAT(pair_.a().node().SetSessions({{pair_.a().key(), wrong}}),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_TRUE(pair_.a().is_up());
}

// The observer ends the session that has failed, and begins another.
TEST_F(BfdNodeTest, AnObserverMayChangeTheSessions) {
  pair_.StartBoth(kFast);
  ASSERT_TRUE(pair_.RunUntilUp(absl::Seconds(4)));
  const SessionKey other = {.remote = *net::ParseIpAddress("2001:db8::9")};
  int failed = 0;
  pair_.a().node().SetObserver([&](const SessionEvent& event) {
    if (event.change != SessionChange::kPeerFailed) return;
    ++failed;
    EXPECT_THAT(pair_.a().node().SetSessions({{other, kFast}}), IsOk());
  });
  pair_.b().host().Kill();
  pair_.RunFor(absl::Seconds(10));
  EXPECT_EQ(failed, 1);
  EXPECT_TRUE(pair_.a().node().sessions().contains(other));
}

// A host on the way, or far away, that knows all but the TTL.
TEST_F(BfdNodeTest, APacketFromAfarEndsNoSession) {
  pair_.StartBoth(kFast);
  ASSERT_TRUE(pair_.RunUntilUp(absl::Seconds(4)));
  pair_.ClearEvents();
  io::SimHost* const stranger =
      pair_.world().AddHost("stranger", "10.0.0.3/24");
  const auto packet = SerializeControlPacket(
      {.state = State::kDown,
       .detect_multiplier = 3,
       .my_discriminator = 1,
       .your_discriminator = pair_.a().session().status.discriminator,
       .desired_min_tx = absl::Seconds(1),
       .required_min_rx = absl::Seconds(1)});
  for (int i = 0; i < 100; ++i) {
    stranger->SendAs({pair_.b().host().address(), 49152},
                     {pair_.a().host().address(), 3784}, packet);
    pair_.RunFor(Ms(10));
  }
  EXPECT_THAT(pair_.a().events(), IsEmpty());
  EXPECT_EQ(pair_.a().node().verdicts()[Verdict::kLowTtl], 100u);
}

}  // namespace
}  // namespace lb::bfd
