#include "lb/bfd/sending_socket.h"

#include <algorithm>

#include "lb/base/status_macros.h"
#include "lb/bfd/endpoint.h"
#include "lb/io/socket_options.h"
#include "lb/net/ip_address.h"

namespace lb::bfd {
namespace {

// The ports that RFC 5881 section 4 allows for sources.
constexpr int kSourcePortMin = 49152;
constexpr int kSourcePortCount = 65536 - kSourcePortMin;
// Some may be in use.
constexpr int kPortTriesMax = 8;
// A full queue or a missing route is over before that, as a rule.
constexpr absl::Duration kFailingMax = absl::Seconds(1);

net::IpAddress AnyOf(net::IpFamily family) {
  return family == net::IpFamily::kIpv4 ? net::IpAddress::Ipv4(0)
                                        : net::IpAddress::Ipv6(0);
}

}  // namespace

SendingSocket::SendingSocket(const SessionKey& key,
                             io::DatagramFactory* factory, Prng prng,
                             absl::Time now)
    : key_(key), factory_(factory), prng_(prng), port_(DrawPort()) {
  Open(now);
}

uint16_t SendingSocket::DrawPort() {
  return static_cast<uint16_t>(kSourcePortMin +
                               prng_.Uniform(kSourcePortCount));
}

void SendingSocket::Open(absl::Time now) {
  socket_ = nullptr;
  failing_since_ = absl::InfiniteFuture();
  for (int i = 0; i < kPortTriesMax; ++i) {
    error_ = OpenAtPort(port_);
    // It says so too of an address that the host does not have.
    if (!absl::IsUnavailable(error_)) break;
    port_ = DrawPort();
  }
  if (error_.ok()) {
    back_off_.OnSuccess();
  } else {
    back_off_.OnFailure(now);
  }
}

absl::Status SendingSocket::OpenAtPort(uint16_t port) {
  const net::IpAddress at = key_.local.value_or(AnyOf(key_.remote.family()));
  LB_ASSIGN_OR_RETURN(
      socket_, factory_->Bind({at, port}, {.interface = key_.interface,
                                           .ttl = kBfdTtl,
                                           .tos = io::kTosNetworkControl}));
  return absl::OkStatus();
}

void SendingSocket::Send(absl::Time now, absl::Span<const uint8_t> packet) {
  if (socket_ == nullptr) {
    ++unsent_;
    return;
  }
  error_ = socket_->Send({key_.remote, PortOf(key_.hops)}, packet);
  if (error_.ok()) {
    failing_since_ = absl::InfiniteFuture();
    return;
  }
  ++unsent_;
  failing_since_ = std::min(failing_since_, now);
  if (now - failing_since_ >= kFailingMax) Open(now);
}

void SendingSocket::Retry(absl::Time now) {
  if (back_off_.IsDue(now)) Open(now);
}

}  // namespace lb::bfd
