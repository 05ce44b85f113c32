// A BGP session by structured input: bytes of the peer, good messages, time,
// closes and changes of the configuration, in any order. What the session asks
// of its sockets always fits what they are, and what it keeps is bounded.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/base/check.h"
#include "lb/base/prng.h"
#include "lb/bgp/adj_rib_out.h"
#include "lb/bgp/session.h"
#include "lb/bgp/wire/message.h"
#include "lb/bgp/wire/notification.h"
#include "lb/bgp/wire/open_codec.h"
#include "lb/bgp/wire/route_refresh.h"
#include "lb/bgp/wire/stream_framer.h"
#include "tests/fuzz/allocation_bound.h"

namespace lb::bgp {
namespace {

constexpr Side kSides[] = {Side::kDialled, Side::kAccepted};
// Two unfinished messages, 64 KiB of routes, the routes, and the news of an
// input's ends.
constexpr int64_t kBytesMax = 2 << 20;

PeerOptions Options() {
  return {.name = "r",
          .address = net::IpAddress::Ipv4(0x0a0000fe),
          .own_asn = {64512},
          .peer_as = {.asn = {65000}},
          .restart_time = absl::Seconds(30),
          .opening = Opening::kDialAndListen};
}

wire::Open PeerOpen() {
  return {
      .as_field = 65000,
      .hold_seconds = 9,
      .identifier = 0x0a0000fe,
      .capabilities = wire::Capabilities{
          .multiprotocol = true,
          .families = {.ipv4 = true, .ipv6 = true},
          .route_refresh = true,
          .graceful_restart =
              wire::GracefulRestart{.seconds = 30, .families = {.ipv4 = true}},
          .asn = Asn{65000},
          .enhanced_route_refresh = true}};
}

class Fuzzed {
 public:
  explicit Fuzzed(absl::Span<const uint8_t> input) : input_(input) {}

  void Run() {
    Drain();
    while (!input_.empty()) {
      Step();
      Drain();
    }
    session_.End(now_, Session::Farewell::kWithdrawAndNotify,
                 wire::Fault(wire::CeaseSubcode::kPeerDeconfigured));
    Drain();
    for (const Side side : kSides) LB_CHECK(!of(side).connected);
    LB_CHECK(!dialling_);
    LB_CHECK(session_.NextDeadline() == absl::InfiniteFuture());
  }

 private:
  struct Socket {
    bool connected = false;
    bool said_goodbye = false;
    size_t in_flight = 0;
    wire::StreamFramer framer;
  };

  Socket& of(Side side) { return sockets_[static_cast<int>(side)]; }

  uint8_t Byte() {
    if (input_.empty()) return 0;
    const uint8_t byte = input_[0];
    input_.remove_prefix(1);
    return byte;
  }

  // The low three bits say what, the next one on which connection.
  void Step() {
    const uint8_t what = Byte();
    const Side side = kSides[what >> 3 & 1];
    const int number = what >> 4;
    switch (what & 7) {
      case 0:
        return Hear(side, Raw());
      case 1:
        return Hear(side, Good(number));
      case 2:
        return Connect(side);
      case 3:
        if (!of(side).connected) return;
        return session_.OnClosed(now_, side, absl::OkStatus());
      case 4:
        return Pass(number);
      case 5:
        return Change(number);
      case 6:
        return ChangeRoutes(number);
      default:
        of(side).in_flight = 0;
    }
  }

  std::vector<uint8_t> Raw() {
    const size_t size = std::min<size_t>(Byte(), input_.size());
    const auto bytes = input_.first(size);
    input_.remove_prefix(size);
    return {bytes.begin(), bytes.end()};
  }

  static std::vector<uint8_t> Good(int number) {
    switch (number) {
      case 0:
      case 1:
        return wire::EncodeOpen(PeerOpen());
      case 2:
        return wire::EncodeRouteRefresh(wire::RefreshKind::kRequest,
                                        net::IpFamily::kIpv4);
      case 3:
        return wire::EncodeMessage(wire::MessageType::kUpdate,
                                   std::vector<uint8_t>(4));
      case 4:
        return wire::EncodeNotification(
            wire::Fault(wire::OpenSubcode::kUnsupportedParameter));
      default:
        return wire::EncodeKeepalive();
    }
  }

  void Hear(Side side, const std::vector<uint8_t>& bytes) {
    if (of(side).connected) session_.OnBytes(now_, side, bytes);
  }

  void Connect(Side side) {
    if (side == Side::kDialled) {
      if (!dialling_) return;
      dialling_ = false;
    } else {
      if (!session_.Admit(now_)) return;
      Drain();
      LB_CHECK(!of(side).connected);
    }
    of(side) = {.connected = true};
    session_.OnConnected(now_, side, local_);
  }

  void Pass(int number) {
    now_ += absl::Milliseconds(1) * (1 << number);
    for (const Side side : kSides) {
      session_.NoteUnacknowledged(now_, side, of(side).in_flight);
    }
    session_.OnTimer(now_);
  }

  void Change(int number) {
    switch (number) {
      case 0:
        return session_.SetPassword(now_, "secret");
      case 1:
        return session_.Reset(now_, wire::Fault(wire::CeaseSubcode::kBfdDown));
      case 2:
        return session_.OnLocalAddresses(now_, Side::kDialled, std::nullopt);
      case 3:
        local_.ipv6 =
            local_.ipv6 ? std::nullopt : std::optional(net::IpAddress::Ipv6(1));
        for (const Side side : kSides) {
          session_.OnLocalAddresses(now_, side, local_);
        }
        return;
      default:
        if (!std::exchange(dialling_, false)) return;
        return session_.OnConnectFailed(now_,
                                        absl::UnavailableError("refused"));
    }
  }

  void ChangeRoutes(int number) {
    const net::IpPrefix prefix = {
        net::IpAddress::Ipv4(0xc0000200 + static_cast<uint32_t>(number / 2)),
        32};
    if (number % 2 == 0) {
      rib_.Set({prefix, {.med = Byte()}});
    } else {
      rib_.Erase(prefix);
    }
  }

  void Drain() {
    for (const SessionOutput& output : session_.TakeOutgoing(now_)) {
      Perform(output);
    }
    session_.TakeNews();
    const PeerStatus status = session_.Status();
    LB_CHECK(IsConnected(status.state) ==
             (of(Side::kDialled).connected || of(Side::kAccepted).connected));
  }

  void Perform(const SessionOutput& output) {
    Socket& socket = of(output.side);
    switch (output.kind) {
      case SessionOutput::Kind::kDial:
        LB_CHECK(output.side == Side::kDialled);
        LB_CHECK(!dialling_ && !socket.connected);
        dialling_ = true;
        return;
      case SessionOutput::Kind::kAbandon:
        LB_CHECK(dialling_);
        dialling_ = false;
        return;
      case SessionOutput::Kind::kSend:
        return Check(socket, output.bytes);
      case SessionOutput::Kind::kClose:
        LB_CHECK(socket.connected);
        socket = {};
        return;
      case SessionOutput::Kind::kSetKey:
        LB_CHECK(socket.connected);
        return;
    }
  }

  // Whole messages with right headers, and none behind a NOTIFICATION.
  static void Check(Socket& socket, absl::Span<const uint8_t> bytes) {
    LB_CHECK(socket.connected && !bytes.empty());
    LB_CHECK(bytes.size() <= Session::kAheadMax + 2 * wire::kMessageSizeMax);
    socket.in_flight += bytes.size();
    while (!bytes.empty()) {
      LB_CHECK(!socket.said_goodbye);
      const auto next = socket.framer.Next(&bytes);
      LB_CHECK(next.has_value());
      socket.said_goodbye = std::get<wire::Message>(*next).type ==
                            wire::MessageType::kNotification;
    }
  }

  absl::Span<const uint8_t> input_;
  absl::Time now_ = absl::UnixEpoch() + absl::Seconds(1000);
  LocalAddresses local_ = {.session = net::IpAddress::Ipv4(0x0a000001)};
  AdjRibOut rib_;
  bool dialling_ = false;
  std::array<Socket, 2> sockets_;
  Session session_{
      Options(),
      Session::Setup{
          .now = now_, .prng = Prng(1), .node_name = "n", .rib = &rib_}};
};

}  // namespace
}  // namespace lb::bgp

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const lb::fuzz::AllocationBound bound(lb::bgp::kBytesMax);
  lb::bgp::Fuzzed({data, size}).Run();
  return 0;
}
