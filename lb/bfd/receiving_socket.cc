#include "lb/bfd/receiving_socket.h"

#include <utility>

#include "lb/base/status_macros.h"

namespace lb::bfd {
namespace {

const net::IpAddress kAnyIpv4 = net::IpAddress::Ipv4(0);

}  // namespace

void ReceivingSocket::Follow(absl::Time now,
                             const absl::btree_set<net::IpFamily>& families) {
  if (families == families_) return;
  families_ = families;
  if (families_.empty()) {
    listener_ = nullptr;
    error_ = absl::OkStatus();
    back_off_.OnSuccess();
    return;
  }
  const bool has_all = listener_ != nullptr && error_.ok() &&
                       (!families_.contains(net::IpFamily::kIpv6) ||
                        listener_->local().address.is_ipv6());
  if (!has_all) Open(now);
}

void ReceivingSocket::Retry(absl::Time now) {
  if (back_off_.IsDue(now)) Open(now);
}

void ReceivingSocket::Open(absl::Time now) {
  listener_ = nullptr;
  const bool has_ipv6 = families_.contains(net::IpFamily::kIpv6);
  error_ = OpenAt(has_ipv6 ? net::IpAddress::Ipv6(0) : kAnyIpv4);
  if (error_.ok()) {
    back_off_.OnSuccess();
    return;
  }
  back_off_.OnFailure(now);
  // A kernel without IPv6. Its own error counts: it names what is wanted.
  if (has_ipv6 && families_.contains(net::IpFamily::kIpv4)) {
    OpenAt(kAnyIpv4).IgnoreError();
  }
}

absl::Status ReceivingSocket::OpenAt(const net::IpAddress& any) {
  LB_ASSIGN_OR_RETURN(listener_,
                      factory_->BindListener({any, PortOf(hops_)}, {}));
  listener_->SetReceiver([this](const io::ArrivedDatagram& datagram) {
    receiver_(hops_, datagram);
  });
  return absl::OkStatus();
}

absl::Status ReceivingSocket::ErrorOf(net::IpFamily family) const {
  const bool hears =
      listener_ != nullptr &&
      (family == net::IpFamily::kIpv4 || listener_->local().address.is_ipv6());
  return hears ? absl::OkStatus() : error_;
}

void ReceivingSocket::ReceiveWaiting() {
  if (listener_ != nullptr) listener_->ReceiveWaiting();
}

}  // namespace lb::bfd
