// What every DatagramListener does.
#include <cstdint>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/testing/socket_contract.h"

namespace lb::io {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<uint8_t> Bytes(std::string_view text) {
  return {text.begin(), text.end()};
}

std::string Text(absl::Span<const uint8_t> bytes) {
  return {bytes.begin(), bytes.end()};
}

net::IpAddress AnyOf(const net::IpAddress& address) {
  return address.is_ipv4() ? net::IpAddress::Ipv4(0) : net::IpAddress::Ipv6(0);
}

TEST_P(SocketContractTest, AListenerIsToldHowADatagramCame) {
  const auto listener =
      two_.datagrams->BindListener({AnyOf(two_.address), 0}, {});
  const auto sender = one_.datagrams->Bind(FirstAt(0), {.ttl = 255});
  ASSERT_THAT(listener, IsOk());
  ASSERT_THAT(sender, IsOk());
  EXPECT_NE((*listener)->local().port, 0);
  const absl::Time before = harness_->loop()->Now();
  (*listener)->SetReceiver([&](const ArrivedDatagram& datagram) {
    EXPECT_EQ(datagram.from, (*sender)->local());
    EXPECT_EQ(datagram.to, two_.address);
    EXPECT_EQ(datagram.interface, harness_->interface());
    EXPECT_EQ(datagram.ttl, 255);
    EXPECT_GE(datagram.at, before);
    EXPECT_LE(datagram.at, harness_->loop()->Now());
    heard_.push_back(Text(datagram.payload));
  });
  const net::Endpoint to = SecondAt((*listener)->local().port);
  EXPECT_THAT((*sender)->Send(to, Bytes("one")), IsOk());
  ASSERT_TRUE(RunUntil([&] { return !heard_.empty(); }));
  EXPECT_THAT(heard_, ElementsAre("one"));
}

TEST_P(SocketContractTest, AListenerHandsEachDatagramOverOnce) {
  const auto listener = two_.datagrams->BindListener(SecondAt(0), {});
  const auto sender = one_.datagrams->Bind(FirstAt(0), {});
  ASSERT_THAT(listener, IsOk());
  ASSERT_THAT(sender, IsOk());
  const net::Endpoint to = (*listener)->local();
  EXPECT_THAT((*sender)->Send(to, Bytes("unheard")), IsOk());
  (*listener)->ReceiveWaiting();  // There is no receiver.
  RunFor(absl::Milliseconds(20));
  (*listener)->SetReceiver([&](const ArrivedDatagram& datagram) {
    heard_.push_back(Text(datagram.payload));
  });
  (*listener)->ReceiveWaiting();
  EXPECT_THAT(heard_, IsEmpty());
  EXPECT_THAT((*sender)->Send(to, Bytes("heard")), IsOk());
  (*listener)->ReceiveWaiting();
  RunFor(absl::Milliseconds(20));
  (*listener)->ReceiveWaiting();
  EXPECT_THAT(heard_, ElementsAre("heard"));
  (*listener)->SetReceiver(nullptr);
  EXPECT_THAT((*sender)->Send(to, Bytes("late")), IsOk());
  RunFor(absl::Milliseconds(20));
  EXPECT_THAT(heard_, ElementsAre("heard"));
}

TEST_P(SocketContractTest, AListenerDropsWhatTravelledTooFar) {
  const auto listener =
      two_.datagrams->BindListener(SecondAt(0), {.min_ttl = 255});
  ASSERT_THAT(listener, IsOk());
  (*listener)->SetReceiver([&](const ArrivedDatagram& datagram) {
    heard_.push_back(Text(datagram.payload));
  });
  SendWith({.ttl = 254}, (*listener)->local(), "over a router");
  SendWith({.ttl = 255}, (*listener)->local(), "from the link");
  EXPECT_THAT(heard_, ElementsAre("from the link"));
}

TEST_P(SocketContractTest, AListenerHasItsPortAlone) {
  auto listener = two_.datagrams->BindListener(SecondAt(0), {});
  ASSERT_THAT(listener, IsOk());
  const net::Endpoint at = (*listener)->local();
  EXPECT_THAT(two_.datagrams->BindListener(at, {}),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(two_.datagrams->Bind(at, {}),
              StatusIs(absl::StatusCode::kUnavailable));
  listener->reset();
  EXPECT_THAT(two_.datagrams->BindListener(at, {}), IsOk());
  EXPECT_THAT(two_.datagrams->BindListener(at, {.ttl = 256}),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_P(SocketContractTest, AListenerMayBeClosedByItsReceiver) {
  auto listener = two_.datagrams->BindListener(SecondAt(0), {});
  ASSERT_THAT(listener, IsOk());
  (*listener)->SetReceiver(
      [&, kept = std::string(100, 'x')](const ArrivedDatagram&) {
        listener->reset();
        heard_.push_back(kept);
      });
  const net::Endpoint to = (*listener)->local();
  SendWith({}, to, "1");
  SendWith({}, to, "2");
  EXPECT_THAT(heard_, ElementsAre(std::string(100, 'x')));
}

}  // namespace
}  // namespace lb::io
