#include "lb/io/testing/socket_contract.h"

#include <cstdint>
#include <utility>

#include "gmock/gmock.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::io {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A dial that nothing answers ends after this time. No retry falls into it.
constexpr absl::Duration kSilence = absl::Milliseconds(150);

const StreamOptions kTtlSecurity = {.socket = {.ttl = 255, .min_ttl = 255}};
// An address that no host has (RFC 5737).
const net::IpAddress kNowhere = *net::ParseIpAddress("192.0.2.77");

std::vector<uint8_t> Bytes(std::string_view text) {
  return {text.begin(), text.end()};
}

TEST_P(SocketContractTest, EachUdpPortHearsItsOwn) {
  const auto bfd = two_.datagrams->Bind(SecondAt(0), {});
  const auto echo = two_.datagrams->Bind(SecondAt(0), {});
  ASSERT_THAT(bfd, IsOk());
  ASSERT_THAT(echo, IsOk());
  EXPECT_EQ((*bfd)->local().address, two_.address);
  EXPECT_NE((*bfd)->local().port, 0);
  EXPECT_NE((*bfd)->local().port, (*echo)->local().port);
  Listen(bfd->get(), "bfd");
  Listen(echo->get(), "echo");
  SendWith({}, (*echo)->local(), "1");
  SendWith({}, (*bfd)->local(), "2");
  EXPECT_THAT(heard_, ElementsAre("echo 1", "bfd 2"));
}

TEST_P(SocketContractTest, AUdpPortIsFreeAgainWhenItsSocketIsGone) {
  auto socket = two_.datagrams->Bind(SecondAt(0), {});
  ASSERT_THAT(socket, IsOk());
  const net::Endpoint at = (*socket)->local();
  EXPECT_THAT(two_.datagrams->Bind(at, {}),
              StatusIs(absl::StatusCode::kUnavailable));
  socket->reset();
  EXPECT_THAT(two_.datagrams->Bind(at, {}), IsOk());
}

TEST_P(SocketContractTest, AClosedUdpSocketHearsNothingThatIsUnderWay) {
  auto socket = two_.datagrams->Bind(SecondAt(0), {});
  ASSERT_THAT(socket, IsOk());
  Listen(socket->get(), "late");
  const auto sender = one_.datagrams->Bind(FirstAt(0), {});
  ASSERT_THAT(sender, IsOk());
  EXPECT_THAT((*sender)->Send((*socket)->local(), Bytes("x")), IsOk());
  socket->reset();
  RunFor(absl::Milliseconds(20));
  EXPECT_THAT(heard_, IsEmpty());
}

TEST_P(SocketContractTest, AUdpSocketAtAnyAddressAnswersFromTheRightOne) {
  const net::IpAddress any = two_.address.is_ipv4() ? net::IpAddress::Ipv4(0)
                                                    : net::IpAddress::Ipv6(0);
  const auto socket = two_.datagrams->Bind({any, 0}, {});
  const auto asker = one_.datagrams->Bind(FirstAt(0), {});
  ASSERT_THAT(socket, IsOk());
  ASSERT_THAT(asker, IsOk());
  std::optional<net::Endpoint> from;
  (*socket)->SetReceiver(
      [&](const net::Endpoint& sender, auto) { from = sender; });
  EXPECT_THAT((*asker)->Send(SecondAt((*socket)->local().port), Bytes("x")),
              IsOk());
  ASSERT_TRUE(RunUntil([&] { return from.has_value(); }));
  EXPECT_EQ(*from, (*asker)->local());
}

TEST_P(SocketContractTest, AnAddressOfNoHostCannotBeHad) {
  const net::IpAddress nowhere =
      one_.address.is_ipv4() ? kNowhere : *net::ParseIpAddress("2001:db8::77");
  EXPECT_THAT(one_.datagrams->Bind({nowhere, 0}, {}),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(one_.streams->Listen({nowhere, 0}, {}),
              StatusIs(absl::StatusCode::kUnavailable));
  const auto dialer = one_.streams->MakeDialer(nowhere, {});
  ASSERT_THAT(dialer, IsOk());
  std::optional<absl::Status> answer;
  (*dialer)->Connect(SecondAt(1), harness_->loop()->Now() + absl::Seconds(5),
                     [&](auto stream) { answer = stream.status(); });
  ASSERT_TRUE(RunUntil([&] { return answer.has_value(); }));
  EXPECT_THAT(*answer, StatusIs(absl::StatusCode::kUnavailable));
}

TEST_P(SocketContractTest, OptionsOutOfRangeAreRefused) {
  EXPECT_THAT(one_.datagrams->Bind(FirstAt(0), {.ttl = 256}),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(one_.streams->Listen(FirstAt(0), {.socket = {.min_ttl = -1}}),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(one_.datagrams->Bind(FirstAt(0), {.tos = 256}),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(one_.streams->Listen(FirstAt(0), SignedByFirst("")),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(one_.streams->MakeDialer(one_.address,
                                       SignedByFirst(std::string(81, 'k'))),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_P(SocketContractTest, TheInterfaceMustBeThere) {
  const StreamOptions options = {.socket = {.interface = "nosuchif"}};
  EXPECT_THAT(one_.datagrams->Bind(FirstAt(0), options.socket),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(one_.streams->Listen(FirstAt(0), options),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(Dial(options, SecondAt(1)), absl::StatusCode::kNotFound);
}

TEST_P(SocketContractTest, TheInterfaceInBetweenLetsThrough) {
  const SocketOptions options = {.interface = harness_->interface()};
  const auto socket = two_.datagrams->Bind(SecondAt(0), options);
  ASSERT_THAT(socket, IsOk());
  Listen(socket->get(), "bound");
  SendWith(options, (*socket)->local(), "1");
  EXPECT_THAT(heard_, ElementsAre("bound 1"));
  EXPECT_EQ(Exchange({.socket = options}, {.socket = options}),
            absl::StatusCode::kOk);
}

TEST_P(SocketContractTest, AnotherInterfaceLetsNothingThrough) {
  const SocketOptions options = {.interface = harness_->other_interface()};
  if (options.interface.empty()) {
    GTEST_SKIP() << "SKIPPED: this host has one interface only";
  }
  const auto socket = two_.datagrams->Bind(SecondAt(0), options);
  if (socket.ok()) {
    Listen(socket->get(), "bound");
    SendWith({}, (*socket)->local(), "1");
    EXPECT_THAT(heard_, IsEmpty());
  } else {  // Linux does not give an IPv6 address that the interface lacks.
    EXPECT_THAT(socket, StatusIs(absl::StatusCode::kUnavailable));
  }
  EXPECT_NE(Exchange({}, {.socket = options}), absl::StatusCode::kOk);
}

TEST_P(SocketContractTest, DatagramsThatTravelledTooFarAreDropped) {
  const auto socket =
      two_.datagrams->Bind(SecondAt(0), {.ttl = 255, .min_ttl = 255});
  ASSERT_THAT(socket, IsOk());
  Listen(socket->get(), "bfd");
  SendWith({}, (*socket)->local(), "with the default");
  SendWith({.ttl = 254}, (*socket)->local(), "over a router");
  SendWith({.ttl = 255}, (*socket)->local(), "from the link");
  EXPECT_THAT(heard_, ElementsAre("bfd from the link"));
}

TEST_P(SocketContractTest, TheMinimumTtlItselfIsEnough) {
  const auto socket = two_.datagrams->Bind(SecondAt(0), {.min_ttl = 64});
  ASSERT_THAT(socket, IsOk());
  Listen(socket->get(), "socket");
  SendWith({.ttl = 63}, (*socket)->local(), "63");
  SendWith({}, (*socket)->local(), "the default");
  EXPECT_THAT(heard_, ElementsAre("socket the default"));
}

TEST_P(SocketContractTest, EachTcpPortAcceptsItsOwn) {
  const auto bgp = two_.streams->Listen(SecondAt(0), {});
  const auto other = two_.streams->Listen(SecondAt(0), {});
  ASSERT_THAT(bgp, IsOk());
  ASSERT_THAT(other, IsOk());
  EXPECT_NE((*bgp)->local().port, (*other)->local().port);
  const auto dialer = one_.streams->MakeDialer(one_.address, {});
  ASSERT_THAT(dialer, IsOk());
  std::vector<std::string> accepted;
  std::vector<std::unique_ptr<Stream>> streams;
  const auto note_as = [&](std::string name) {
    return [&accepted, &streams, name](std::unique_ptr<Stream> stream) {
      accepted.push_back(name);
      streams.push_back(std::move(stream));
    };
  };
  (*bgp)->SetAcceptor(note_as("bgp"));
  (*other)->SetAcceptor(note_as("other"));
  for (const net::Endpoint& to : {(*other)->local(), (*bgp)->local()}) {
    const size_t before = streams.size();
    (*dialer)->Connect(to, harness_->loop()->Now() + absl::Seconds(5),
                       [&](absl::StatusOr<std::unique_ptr<Stream>> stream) {
                         ASSERT_THAT(stream, IsOk());
                         streams.push_back(*std::move(stream));
                       });
    ASSERT_TRUE(RunUntil([&] { return streams.size() == before + 2; }));
  }
  EXPECT_THAT(accepted, ElementsAre("other", "bgp"));
}

TEST_P(SocketContractTest, ATcpPortIsFreeAgainWhenItsListenerIsGone) {
  auto listener = two_.streams->Listen(SecondAt(0), {});
  ASSERT_THAT(listener, IsOk());
  const net::Endpoint at = (*listener)->local();
  EXPECT_THAT(two_.streams->Listen(at, {}),
              StatusIs(absl::StatusCode::kUnavailable));
  listener->reset();
  EXPECT_EQ(Dial({}, at), absl::StatusCode::kUnavailable);
  EXPECT_THAT(two_.streams->Listen(at, {}), IsOk());
}

TEST_P(SocketContractTest, ThePeerSeesTheSourceOfTheDialer) {
  const auto listener = two_.streams->Listen(SecondAt(0), {});
  const auto dialer = one_.streams->MakeDialer(one_.address, {});
  ASSERT_THAT(listener, IsOk());
  ASSERT_THAT(dialer, IsOk());
  std::unique_ptr<Stream> ours, theirs;
  (*listener)->SetAcceptor([&](auto stream) { theirs = std::move(stream); });
  (*dialer)->Connect((*listener)->local(),
                     harness_->loop()->Now() + absl::Seconds(5),
                     [&](auto stream) { ours = *std::move(stream); });
  ASSERT_TRUE(RunUntil([&] { return ours != nullptr && theirs != nullptr; }));
  EXPECT_EQ(theirs->remote().address, one_.address);
  EXPECT_EQ(ours->remote(), (*listener)->local());
}

TEST_P(SocketContractTest, ADialerThatIsGoneAnswersNoMore) {
  const auto listener = two_.streams->Listen(SecondAt(0), {});
  auto dialer = one_.streams->MakeDialer(one_.address, {});
  ASSERT_THAT(listener, IsOk());
  ASSERT_THAT(dialer, IsOk());
  const auto kept = std::make_shared<int>();
  int answers = 0;
  (*dialer)->Connect((*listener)->local(),
                     harness_->loop()->Now() + absl::Milliseconds(10),
                     [&answers, kept](auto) { ++answers; });
  dialer->reset();
  EXPECT_EQ(kept.use_count(), 1);
  RunFor(absl::Milliseconds(20));
  EXPECT_EQ(answers, 0);
}

TEST_P(SocketContractTest, TtlSecurityLetsInWhatCameFromTheLink) {
  EXPECT_EQ(Exchange(kTtlSecurity, kTtlSecurity), absl::StatusCode::kOk);
  // A peer without it needs the TTL only.
  EXPECT_EQ(Exchange({.socket = {.ttl = 255}}, kTtlSecurity),
            absl::StatusCode::kOk);
  EXPECT_EQ(Exchange(kTtlSecurity, {.socket = {.ttl = 255}}),
            absl::StatusCode::kOk);
}

TEST_P(SocketContractTest, TtlSecurityIsSilentToOthers) {
  EXPECT_EQ(Exchange({}, kTtlSecurity), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(Exchange(kTtlSecurity, {}), absl::StatusCode::kDeadlineExceeded);
}

TEST_P(SocketContractTest, PeersWithOneKeyUnderstandEachOther) {
  if (!HasMd5Keys()) GTEST_SKIP() << "SKIPPED: the kernel has no MD5 keys";
  EXPECT_EQ(Exchange(SignedByFirst("key"), SignedBySecond("key")),
            absl::StatusCode::kOk);
  const std::string longest(kMd5KeySizeMax, 'k');
  EXPECT_EQ(Exchange(SignedByFirst(longest), SignedBySecond(longest)),
            absl::StatusCode::kOk);
}

TEST_P(SocketContractTest, AnotherKeyOrNoneMeetsSilence) {
  if (!HasMd5Keys()) GTEST_SKIP() << "SKIPPED: the kernel has no MD5 keys";
  EXPECT_EQ(Exchange(SignedByFirst("other"), SignedBySecond("key")),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(Exchange({}, SignedBySecond("key")),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(Exchange(SignedByFirst("key"), {}),
            absl::StatusCode::kDeadlineExceeded);
}

TEST_P(SocketContractTest, AKeyIsForItsPeerAlone) {
  if (!HasMd5Keys()) GTEST_SKIP() << "SKIPPED: the kernel has no MD5 keys";
  const net::IpAddress stranger =
      one_.address.is_ipv4() ? kNowhere : *net::ParseIpAddress("2001:db8::77");
  const StreamOptions for_stranger = {.md5_keys = {{stranger, "key"}}};
  EXPECT_EQ(Exchange({}, for_stranger), absl::StatusCode::kOk);
  EXPECT_EQ(Exchange(for_stranger, {}), absl::StatusCode::kOk);
}

// Two streams that are signed by a key that each may change.
struct SignedPair {
  std::unique_ptr<StreamTransport> listener;
  std::unique_ptr<StreamDialer> dialer;
  std::unique_ptr<Stream> ours, theirs;
  std::string heard;
  std::optional<absl::Status> broken;  // Our end.
};

void ConnectSigned(SignedPair& pair, const net::Endpoint& to) {
  pair.listener->SetAcceptor([&pair](std::unique_ptr<Stream> stream) {
    pair.theirs = std::move(stream);
    pair.theirs->Receive(
        [&pair](absl::Span<const uint8_t> bytes) {
          pair.heard.append(bytes.begin(), bytes.end());
        },
        [](auto) {});
  });
  pair.dialer->Connect(to, absl::InfiniteFuture(), [&pair](auto stream) {
    pair.ours = *std::move(stream);
    pair.ours->Receive([](auto) {},
                       [&pair](const absl::Status& why) { pair.broken = why; });
  });
}

TEST_P(SocketContractTest, AStreamChangesItsKeyWhileItLives) {
  if (!HasMd5Keys()) GTEST_SKIP() << "SKIPPED: the kernel has no MD5 keys";
  SignedPair pair = {
      .listener = *two_.streams->Listen(SecondAt(0), SignedBySecond("1")),
      .dialer = *one_.streams->MakeDialer(one_.address, SignedByFirst("1"))};
  ConnectSigned(pair, pair.listener->local());
  ASSERT_TRUE(RunUntil([&] { return pair.ours && pair.theirs; }));
  // What is sent while one end alone has the new key arrives once both do.
  EXPECT_THAT(pair.ours->SetMd5Key("2"), IsOk());
  EXPECT_THAT(pair.ours->Send(Bytes("a")), IsOk());
  RunFor(absl::Milliseconds(50));
  EXPECT_EQ(pair.heard, "");
  EXPECT_THAT(pair.theirs->SetMd5Key("2"), IsOk());
  ASSERT_TRUE(RunUntil([&] { return pair.heard == "a"; }));
  EXPECT_THAT(pair.ours->SetMd5Key(""), IsOk());
  EXPECT_THAT(pair.theirs->SetMd5Key(""), IsOk());
  EXPECT_THAT(pair.theirs->SetMd5Key(""), IsOk());
  EXPECT_THAT(pair.ours->Send(Bytes("b")), IsOk());
  ASSERT_TRUE(RunUntil([&] { return pair.heard == "ab"; }));
  EXPECT_THAT(pair.ours->SetMd5Key(std::string(kMd5KeySizeMax + 1, 'k')),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(pair.broken, std::nullopt);
}

TEST_P(SocketContractTest, AStreamEndsWhenNothingIsAcknowledgedInTime) {
  if (!HasMd5Keys()) GTEST_SKIP() << "SKIPPED: the kernel has no MD5 keys";
  StreamOptions options = SignedByFirst("1");
  options.user_timeout = absl::Milliseconds(300);
  SignedPair pair = {
      .listener = *two_.streams->Listen(SecondAt(0), SignedBySecond("1")),
      .dialer = *one_.streams->MakeDialer(one_.address, options)};
  ConnectSigned(pair, pair.listener->local());
  ASSERT_TRUE(RunUntil([&] { return pair.ours && pair.theirs; }));
  EXPECT_THAT(pair.theirs->SetMd5Key("2"), IsOk());
  EXPECT_THAT(pair.ours->Send(Bytes("a")), IsOk());
  ASSERT_TRUE(RunUntil([&] { return pair.broken.has_value(); }));
  EXPECT_THAT(*pair.broken, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(pair.ours->unacknowledged(), 0u);
}

TEST_P(SocketContractTest, ASecuredDialerDoesNotBelieveARefusal) {
  auto listener = two_.streams->Listen(SecondAt(0), {});
  ASSERT_THAT(listener, IsOk());
  const net::Endpoint closed = (*listener)->local();
  listener->reset();
  EXPECT_EQ(Dial({}, closed), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Dial(kTtlSecurity, closed), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(Dial({.socket = {.min_ttl = kDefaultTtl}}, closed),
            absl::StatusCode::kUnavailable);
  if (!HasMd5Keys()) GTEST_SKIP() << "SKIPPED: the kernel has no MD5 keys";
  EXPECT_EQ(Dial(SignedByFirst("key"), closed),
            absl::StatusCode::kDeadlineExceeded);
}

}  // namespace

bool SocketContractTest::RunUntil(absl::FunctionRef<bool()> done) {
  return harness_->RunUntil(done, absl::Seconds(10));
}

void SocketContractTest::RunFor(absl::Duration time) {
  bool over = false;
  const auto timer = harness_->loop()->NewTimer([&] { over = true; });
  timer->Arm(harness_->loop()->Now() + time);
  ASSERT_TRUE(RunUntil([&] { return over; }));
}

void SocketContractTest::SendWith(const SocketOptions& options,
                                  const net::Endpoint& to,
                                  const std::string& text) {
  const auto sender = one_.datagrams->Bind(FirstAt(0), options);
  ASSERT_THAT(sender, IsOk());
  EXPECT_THAT((*sender)->Send(to, Bytes(text)), IsOk());
  RunFor(absl::Milliseconds(20));
}

void SocketContractTest::Listen(DatagramTransport* socket,
                                const std::string& name) {
  socket->SetReceiver([this, name](const net::Endpoint&,
                                   absl::Span<const uint8_t> payload) {
    heard_.push_back(name + " " + std::string(payload.begin(), payload.end()));
  });
}

absl::StatusCode SocketContractTest::Exchange(const StreamOptions& dialer,
                                              const StreamOptions& listener) {
  const auto listening = two_.streams->Listen(SecondAt(0), listener);
  const auto dialing = one_.streams->MakeDialer(one_.address, dialer);
  if (!listening.ok()) return listening.status().code();
  if (!dialing.ok()) return dialing.status().code();
  std::unique_ptr<Stream> ours, theirs;
  bool came = false;
  (*listening)->SetAcceptor([&](std::unique_ptr<Stream> stream) {
    theirs = std::move(stream);
    theirs->Receive([&](auto) { came = true; }, [](auto) {});
  });
  std::optional<absl::Status> answer;
  (*dialing)->Connect((*listening)->local(), harness_->loop()->Now() + kSilence,
                      [&](absl::StatusOr<std::unique_ptr<Stream>> stream) {
                        answer = stream.status();
                        if (stream.ok()) ours = *std::move(stream);
                      });
  EXPECT_TRUE(RunUntil([&] { return answer.has_value(); }));
  if (!answer->ok()) {
    EXPECT_EQ(theirs, nullptr);
    return answer->code();
  }
  EXPECT_THAT(ours->Send(Bytes("x")), IsOk());
  EXPECT_TRUE(RunUntil([&] { return came; }));
  return absl::StatusCode::kOk;
}

absl::StatusCode SocketContractTest::Dial(const StreamOptions& options,
                                          const net::Endpoint& to) {
  const auto dialer = one_.streams->MakeDialer(one_.address, options);
  if (!dialer.ok()) return dialer.status().code();
  std::optional<absl::Status> answer;
  (*dialer)->Connect(to, harness_->loop()->Now() + kSilence,
                     [&](auto stream) { answer = stream.status(); });
  EXPECT_FALSE(answer.has_value());  // Never from within the call.
  EXPECT_TRUE(RunUntil([&] { return answer.has_value(); }));
  return answer->code();
}

StreamOptions SocketContractTest::SignedByFirst(const std::string& key) const {
  return {.md5_keys = {{.peer = two_.address, .key = key}}};
}

StreamOptions SocketContractTest::SignedBySecond(const std::string& key) const {
  return {.md5_keys = {{.peer = one_.address, .key = key}}};
}

bool SocketContractTest::HasMd5Keys() {
  return two_.streams->Listen(SecondAt(0), SignedBySecond("key"))
             .status()
             .code() != absl::StatusCode::kUnimplemented;
}

}  // namespace lb::io
