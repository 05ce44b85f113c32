// What every DatagramTransport does.
#include <cstdint>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/testing/io_contract.h"

namespace lb::io {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

std::vector<uint8_t> Bytes(std::string_view text) {
  return {text.begin(), text.end()};
}

std::string Text(absl::Span<const uint8_t> bytes) {
  return {bytes.begin(), bytes.end()};
}

TEST_P(IoContractTest, DatagramsArriveWithTheirSource) {
  DatagramTransport* first = harness_->first().datagrams;
  DatagramTransport* second = harness_->second().datagrams;
  EXPECT_NE(first->local().port, 0);
  std::vector<std::string> received;
  second->SetReceiver([&](const net::Endpoint& from, auto payload) {
    EXPECT_EQ(from, first->local());
    received.push_back(Text(payload));
  });
  EXPECT_THAT(first->Send(second->local(), Bytes("one")), IsOk());
  EXPECT_THAT(first->Send(second->local(), Bytes("")), IsOk());
  ASSERT_TRUE(RunUntil([&] { return received.size() == 2; }));
  EXPECT_THAT(received, UnorderedElementsAre("one", ""));
}

TEST_P(IoContractTest, DatagramsToOneselfArrive) {
  DatagramTransport* first = harness_->first().datagrams;
  int received = 0;
  first->SetReceiver([&](const net::Endpoint&, auto) { ++received; });
  EXPECT_THAT(first->Send(first->local(), Bytes("me")), IsOk());
  ASSERT_TRUE(RunUntil([&] { return received == 1; }));
}

TEST_P(IoContractTest, TheLargestDatagramFitsAndNoLargerOne) {
  DatagramTransport* first = harness_->first().datagrams;
  DatagramTransport* second = harness_->second().datagrams;
  size_t received = 0;
  second->SetReceiver(
      [&](const net::Endpoint&, auto payload) { received = payload.size(); });
  const std::vector<uint8_t> large(kDatagramSizeMax + 1);
  EXPECT_THAT(first->Send(second->local(), large),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(first->Send(second->local(),
                          absl::MakeConstSpan(large).first(kDatagramSizeMax)),
              IsOk());
  ASSERT_TRUE(RunUntil([&] { return received != 0; }));
  EXPECT_EQ(received, kDatagramSizeMax);
}

TEST_P(IoContractTest, DatagramsOfTheOtherFamilyAreRefused) {
  const net::Endpoint ipv6 = {*net::ParseIpAddress("2001:db8::1"), 7946};
  EXPECT_THAT(harness_->first().datagrams->Send(ipv6, Bytes("x")),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_P(IoContractTest, DatagramsToAClosedPortDoNoHarm) {
  DatagramTransport* first = harness_->first().datagrams;
  DatagramTransport* second = harness_->second().datagrams;
  int received = 0;
  second->SetReceiver([&](const net::Endpoint&, auto) { ++received; });
  // The second one may meet the ICMP error of the first one.
  (void)first->Send(harness_->closed_port(), Bytes("x"));
  RunFor(absl::Milliseconds(5));
  (void)first->Send(harness_->closed_port(), Bytes("x"));
  RunFor(absl::Milliseconds(5));
  EXPECT_THAT(first->Send(second->local(), Bytes("x")), IsOk());
  ASSERT_TRUE(RunUntil([&] { return received == 1; }));
}

TEST_P(IoContractTest, WithoutAReceiverDatagramsAreDropped) {
  DatagramTransport* first = harness_->first().datagrams;
  DatagramTransport* second = harness_->second().datagrams;
  std::vector<std::string> received;
  const auto receive = [&](const net::Endpoint&,
                           absl::Span<const uint8_t> payload) {
    received.push_back(Text(payload));
  };
  EXPECT_THAT(first->Send(second->local(), Bytes("early")), IsOk());
  RunFor(absl::Milliseconds(20));
  second->SetReceiver(receive);
  EXPECT_THAT(first->Send(second->local(), Bytes("heard")), IsOk());
  ASSERT_TRUE(RunUntil([&] { return !received.empty(); }));
  second->SetReceiver(nullptr);
  EXPECT_THAT(first->Send(second->local(), Bytes("late")), IsOk());
  RunFor(absl::Milliseconds(20));
  EXPECT_THAT(received, ElementsAre("heard"));
}

TEST_P(IoContractTest, AReceiverMayReplaceItself) {
  DatagramTransport* first = harness_->first().datagrams;
  DatagramTransport* second = harness_->second().datagrams;
  std::vector<int> heard_by;
  second->SetReceiver(
      [&, kept = std::string(100, 'x')](const net::Endpoint&, auto) {
        second->SetReceiver(
            [&](const net::Endpoint&, auto) { heard_by.push_back(2); });
        heard_by.push_back(kept.size() == 100 ? 1 : 0);
      });
  for (int n = 1; n <= 2; ++n) {
    EXPECT_THAT(first->Send(second->local(), Bytes("x")), IsOk());
    ASSERT_TRUE(
        RunUntil([&] { return heard_by.size() == static_cast<size_t>(n); }));
  }
  EXPECT_THAT(heard_by, ElementsAre(1, 2));
}

}  // namespace
}  // namespace lb::io
