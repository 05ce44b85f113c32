// ServerDialer: opens a stream to a server that is known by address or by name.
//
// A name is looked up for each dial. Its addresses, kAddressesMax at most, are
// tried one after the other, each for its share of the time that is left; the
// address that failed last comes last.
//
// Private to Http2Client. Loop thread only; callbacks come on later turns.
#ifndef LB_HTTP_SERVER_DIALER_H_
#define LB_HTTP_SERVER_DIALER_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lb/http/ports.h"
#include "lb/io/loop.h"
#include "lb/io/stream_transport.h"
#include "lb/net/endpoint.h"
#include "lb/net/host_port.h"
#include "lb/net/ip_address.h"

namespace lb::http {

class ServerDialer {
 public:
  static constexpr size_t kAddressesMax = 8;

  // Unavailable: no address of the server could be reached, or its name not be
  // looked up; the message has the error of each.
  using OnDialed =
      absl::AnyInvocable<void(absl::StatusOr<std::unique_ptr<io::Stream>>)>;

  // All of `ports` outlives it.
  ServerDialer(const Ports& ports, net::HostPort server);
  ServerDialer(const ServerDialer&) = delete;
  ServerDialer& operator=(const ServerDialer&) = delete;

  // `on_dialed` comes once, at `deadline` at the latest, unless the dialer is
  // destroyed before. REQUIRES: !dialing().
  void Dial(absl::Time deadline, OnDialed on_dialed);
  bool dialing() const { return on_dialed_ != nullptr; }

  // A connection to that address was of no use: others go first next time.
  void Avoid(const net::IpAddress& address) { avoided_ = address; }

 private:
  void OnResolved(absl::StatusOr<std::vector<net::IpAddress>> addresses);
  void TryNext();
  void OnConnected(absl::StatusOr<std::unique_ptr<io::Stream>> stream);
  void OnDeadline();
  void Note(const absl::Status& error);
  void Answer(absl::StatusOr<std::unique_ptr<io::Stream>> stream);

  const Ports ports_;
  const net::HostPort server_;
  std::optional<net::IpAddress> avoided_;
  absl::Time deadline_;
  OnDialed on_dialed_;
  std::vector<net::IpAddress> untried_;
  std::string errors_;  // So far.
  std::unique_ptr<io::StreamDialer> dialer_;
  std::unique_ptr<io::Timer> timer_;
  // One for each dial, for callbacks of the resolver that come late.
  std::shared_ptr<const bool> dial_;
};

}  // namespace lb::http

#endif  // LB_HTTP_SERVER_DIALER_H_
