#include "lb/bgp/testing/session_fixture.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/base/prng.h"
#include "lb/bgp/testing/heard_message.h"
#include "lb/bgp/wire/message.h"

namespace lb::bgp {
namespace {

constexpr Side kSides[] = {Side::kDialled, Side::kAccepted};

std::string TextOf(const std::vector<uint8_t>& message) {
  switch (message[18]) {
    case 1:
      return "OPEN";
    case 2:
      return "UPDATE";
    case 4:
      return "KEEPALIVE";
    case 5:
      return fmt::format("REFRESH{}", message[21]);
    default:
      break;
  }
  std::string text =
      fmt::format("NOTIFICATION {}/{}", message[19], message[20]);
  if (message.size() > 21) {
    text += " " + ToHex(absl::MakeConstSpan(message).subspan(21));
  }
  return text;
}

std::string_view TextOf(SessionOutput::Kind kind) {
  switch (kind) {
    case SessionOutput::Kind::kDial:
      return "dial";
    case SessionOutput::Kind::kAbandon:
      return "abandon";
    case SessionOutput::Kind::kSend:
      return "send";
    case SessionOutput::Kind::kClose:
      return "close";
    case SessionOutput::Kind::kSetKey:
      return "key";
  }
  return "";
}

}  // namespace

std::vector<uint8_t> FromHex(std::string_view hex) {
  const std::string bytes = absl::HexStringToBytes(std::string(hex));
  LB_CHECK(bytes.size() * 2 == hex.size());
  return {bytes.begin(), bytes.end()};
}

std::string ToHex(absl::Span<const uint8_t> bytes) {
  std::string hex;
  for (const uint8_t byte : bytes) hex += fmt::format("{:02x}", byte);
  return hex;
}

std::vector<uint8_t> RawMessage(int type, std::string_view body_hex) {
  std::vector<uint8_t> message(16, 0xff);
  const std::vector<uint8_t> body = FromHex(body_hex);
  const size_t size = 19 + body.size();
  message.push_back(static_cast<uint8_t>(size >> 8));
  message.push_back(static_cast<uint8_t>(size));
  message.push_back(static_cast<uint8_t>(type));
  message.insert(message.end(), body.begin(), body.end());
  return message;
}

SessionFixture::SessionFixture() {
  options_ = {.name = "tor",
              .address = *net::ParseIpAddress("10.0.0.254"),
              .own_asn = {64512},
              .peer_as = {.asn = {65000}}};
  local_ = {.session = *net::ParseIpAddress("10.0.0.1"),
            .ipv4 = *net::ParseIpAddress("10.0.0.1"),
            .ipv6 = *net::ParseIpAddress("2001:db8::1"),
            .link_local = *net::ParseIpAddress("fe80::1"),
            .peer_on_link = true};
  peer_open_ = {.as_field = 65000,
                .hold_seconds = 90,
                .identifier = 0x0a0000fe,
                .capabilities =
                    wire::Capabilities{.multiprotocol = true,
                                       .families = {.ipv4 = true, .ipv6 = true},
                                       .route_refresh = true,
                                       .asn = Asn{65000},
                                       .enhanced_route_refresh = true}};
}

void SessionFixture::Start() {
  session_ = nullptr;
  rib_.Forget();
  session_ =
      std::make_unique<Session>(options_, Session::Setup{.now = now_,
                                                         .prng = Prng(1),
                                                         .node_name = "n1",
                                                         .restart = restart_,
                                                         .rib = &rib_});
}

void SessionFixture::NoteSent(const SessionOutput& output) {
  in_flight_[static_cast<int>(output.side)] += output.bytes.size();
  Faults faults;
  std::vector<uint8_t> stream = output.bytes;
  const std::string_view mark = output.side == Side::kAccepted ? "<" : "";
  while (auto message = TakeMessage(stream, faults)) {
    said_ += fmt::format(" {}{}", mark, TextOf(*message));
    messages_.push_back(*std::move(message));
  }
  EXPECT_TRUE(faults.empty() && stream.empty());
}

std::string SessionFixture::Said() {
  for (const SessionOutput& output : session_->TakeOutgoing(now_)) {
    if (output.kind == SessionOutput::Kind::kSend) {
      NoteSent(output);
      continue;
    }
    const std::string_view mark = output.side == Side::kAccepted ? "<" : "";
    said_ += fmt::format(" {}{}", mark, TextOf(output.kind));
    in_flight_[static_cast<int>(output.side)] = 0;
  }
  std::string said = std::exchange(said_, {});
  return said.substr(std::min<size_t>(1, said.size()));
}

std::string SessionFixture::Connect(Side side) {
  session_->OnConnected(now_, side, local_);
  return Said();
}

std::string SessionFixture::Hear(const Bytes& bytes, Side side) {
  session_->OnBytes(now_, side, bytes);
  return Said();
}

std::string SessionFixture::HearOpen(Side side) {
  return Hear(wire::EncodeOpen(peer_open_), side);
}

std::string SessionFixture::HearKeepalive(Side side) {
  return Hear(wire::EncodeKeepalive(), side);
}

std::string SessionFixture::Wait(absl::Duration time) {
  const absl::Time end = now_ + time;
  std::string said;
  while (true) {
    for (const Side side : kSides) {
      size_t& in_flight = in_flight_[static_cast<int>(side)];
      if (!is_stuck_) in_flight = 0;
      session_->NoteUnacknowledged(now_, side, in_flight);
    }
    session_->OnTimer(now_);
    const std::string more = Said();
    said += (said.empty() || more.empty() ? "" : " ") + more;
    if (now_ == end) return said;
    now_ =
        std::clamp(session_->NextDeadline(), now_ + absl::Nanoseconds(1), end);
  }
}

std::string SessionFixture::WaitAlive(absl::Duration time) {
  std::string said;
  for (const absl::Time end = now_ + time; now_ < end;) {
    const std::string more =
        Wait(std::min<absl::Duration>(absl::Seconds(20), end - now_));
    said += (said.empty() || more.empty() ? "" : " ") + more;
    HearKeepalive();
  }
  return said;
}

void SessionFixture::Establish() {
  Start();
  ASSERT_EQ(Wait(absl::ZeroDuration()), "dial");
  ASSERT_EQ(Connect(), "OPEN");
  ASSERT_EQ(HearOpen(), "KEEPALIVE");
  HearKeepalive();
  ASSERT_EQ(session_->state(), SessionState::kEstablished);
}

}  // namespace lb::bgp
