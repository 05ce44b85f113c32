#include "lb/http/server_dialer.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/base/status_text.h"
#include "lb/io/socket_options.h"

namespace lb::http {
namespace {

// Any address of the host, of the server's family.
net::IpAddress AnyAddress(const net::IpAddress& server) {
  return server.is_ipv4() ? net::IpAddress::Ipv4(0) : net::IpAddress::Ipv6(0);
}

}  // namespace

ServerDialer::ServerDialer(const Ports& ports, net::HostPort server)
    : ports_(ports),
      server_(std::move(server)),
      timer_(ports.loop->NewTimer([this] { OnDeadline(); })) {}

void ServerDialer::Dial(absl::Time deadline, OnDialed on_dialed) {
  LB_CHECK(!dialing());
  deadline_ = deadline;
  on_dialed_ = std::move(on_dialed);
  errors_.clear();
  dial_ = std::make_shared<const bool>(true);
  timer_->Arm(deadline);
  if (server_.address || ports_.resolver == nullptr) {
    ports_.loop->Post([this, dial = std::weak_ptr<const bool>(dial_)] {
      if (dial.expired()) return;
      if (server_.address) return OnResolved({{*server_.address}});
      OnResolved(absl::UnavailableError(
          fmt::format("{}: host names cannot be looked up", server_.host)));
    });
    return;
  }
  ports_.resolver->Resolve(
      server_.host, [this, dial = std::weak_ptr<const bool>(dial_)](
                        absl::StatusOr<std::vector<net::IpAddress>> addresses) {
        if (!dial.expired()) OnResolved(std::move(addresses));
      });
}

void ServerDialer::OnResolved(
    absl::StatusOr<std::vector<net::IpAddress>> addresses) {
  if (!addresses.ok()) {
    Note(addresses.status());
    return Answer(absl::UnavailableError(errors_));
  }
  untried_ = *std::move(addresses);
  std::stable_partition(
      untried_.begin(), untried_.end(),
      [&](const net::IpAddress& address) { return address != avoided_; });
  if (untried_.size() > kAddressesMax) untried_.resize(kAddressesMax);
  // The next one is the last of the list.
  std::reverse(untried_.begin(), untried_.end());
  TryNext();
}

void ServerDialer::TryNext() {
  if (untried_.empty()) return Answer(absl::UnavailableError(errors_));
  const net::IpAddress address = untried_.back();
  const absl::Time now = ports_.loop->Now();
  const absl::Time until =
      now + (deadline_ - now) / static_cast<int64_t>(untried_.size());
  untried_.pop_back();
  auto dialer = ports_.stream_factory->MakeDialer(AnyAddress(address), {});
  if (!dialer.ok()) {
    Note(dialer.status());
    return TryNext();
  }
  dialer_ = *std::move(dialer);
  dialer_->Connect(
      {address, server_.port}, until,
      [this, address](absl::StatusOr<std::unique_ptr<io::Stream>> stream) {
        if (!stream.ok()) Avoid(address);
        OnConnected(std::move(stream));
      });
}

void ServerDialer::OnConnected(
    absl::StatusOr<std::unique_ptr<io::Stream>> stream) {
  if (stream.ok()) return Answer(std::move(stream));
  Note(stream.status());
  TryNext();
}

void ServerDialer::OnDeadline() {
  Note(absl::DeadlineExceededError("no answer in time"));
  Answer(absl::UnavailableError(errors_));
}

void ServerDialer::Note(const absl::Status& error) {
  if (!errors_.empty()) errors_ += "; ";
  errors_ += fmt::format("{}", error.message());
}

void ServerDialer::Answer(absl::StatusOr<std::unique_ptr<io::Stream>> stream) {
  timer_->Disarm();
  dial_ = nullptr;
  untried_.clear();
  // The callback of the dialer may be what calls this.
  const auto used = std::exchange(dialer_, nullptr);
  std::exchange(on_dialed_, nullptr)(std::move(stream));
}

}  // namespace lb::http
