#include "lb/io/sim/sim_network.h"

#include <algorithm>

#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/io/sim/sim_datagrams.h"
#include "lb/io/sim/sim_host.h"

namespace lb::io {
namespace {

constexpr std::string_view kEth0 = "eth0";
constexpr std::string_view kLoopback = "lo";

int SentTtl(const SocketOptions& sender) {
  return sender.ttl == 0 ? kDefaultTtl : sender.ttl;
}

}  // namespace

bool SimAttachment::IsConnected() const {
  if (!powered) return false;
  const Link* eth0 = links->Find("eth0");
  return eth0 != nullptr && eth0->up && eth0->carrier;
}

bool SimAttachment::Has(const net::IpAddress& address) const {
  return std::find(addresses.begin(), addresses.end(), address) !=
         addresses.end();
}

std::optional<net::IpAddress> SimAttachment::SourceFor(
    const net::IpAddress& local, net::IpFamily family) const {
  if (!local.is_unspecified()) {
    return local.family() == family ? std::optional(local) : std::nullopt;
  }
  if (local.is_ipv4() && family == net::IpFamily::kIpv6) return std::nullopt;
  for (const net::IpAddress& address : addresses) {
    if (address.family() == family) return address;
  }
  return std::nullopt;
}

absl::Status SimAttachment::CheckSocket(std::string_view place,
                                        const net::IpAddress& local,
                                        const SocketOptions& options) const {
  if (!options.interface.empty() && options.interface != kEth0 &&
      options.interface != kLoopback) {
    return absl::NotFoundError(fmt::format("{}: interface {}: want eth0 or lo",
                                           place, options.interface));
  }
  if (!process->running()) {
    return absl::UnavailableError(
        fmt::format("{}: the node is stopped", place));
  }
  if (!local.is_unspecified() && !Has(local)) {
    return absl::UnavailableError(
        fmt::format("{}: no such address on this host", place));
  }
  return absl::OkStatus();
}

std::string_view InterfaceBetween(int host, int other_host) {
  return host == other_host ? kLoopback : kEth0;
}

bool GoesBy(const SocketOptions& options, std::string_view interface) {
  return options.interface.empty() || options.interface == interface;
}

bool TtlPasses(const SocketOptions& sender, const SocketOptions& receiver) {
  return SentTtl(sender) >= receiver.min_ttl;
}

void SimNetwork::Attach(const net::IpAddress& address,
                        const SimAttachment* at) {
  LB_CHECK(hosts_.emplace(address, at).second);
}

void SimNetwork::Move(const net::IpAddress& from, const net::IpAddress& to) {
  const SimAttachment* const at = hosts_.at(from);
  hosts_.erase(from);
  Attach(to, at);
}

void SimNetwork::SetDatagramsDropped(const SimHost& host, bool dropped) {
  if (dropped) {
    deaf_.insert(host.number());
  } else {
    deaf_.erase(host.number());
  }
}

const SimAttachment* SimNetwork::FindHost(const net::IpAddress& address) const {
  const auto found = hosts_.find(address);
  return found == hosts_.end() ? nullptr : found->second;
}

bool SimNetwork::CanReach(const SimAttachment& from,
                          const SimAttachment& to) const {
  if (from.host == to.host) return from.powered;
  return from.IsConnected() && to.IsConnected() &&
         !paths_.IsBlocked(from.host, to.host);
}

bool SimNetwork::Passes(const SimAttachment& from, const SimAttachment& to) {
  return CanReach(from, to) &&
         !prng_.Chance(paths_.Between(from.host, to.host).loss_percent);
}

void SimNetwork::Transmit(const SimAttachment& from,
                          const net::Endpoint& source, const net::Endpoint& to,
                          absl::Span<const uint8_t> payload,
                          const SocketOptions& options) {
  ++stats_.sent;
  stats_.bytes_sent += payload.size();
  const SimAttachment* const host = FindHost(to.address);
  const SimDatagramSocket peer =
      host == nullptr ? nullptr : host->datagrams->Find(to);
  if (peer == nullptr || (from.host != host->host && !from.IsConnected())) {
    ++stats_.unreachable;
    return;
  }
  const bool is_dropped = from.host != host->host && deaf_.contains(host->host);
  if (is_dropped || paths_.IsBlocked(from.host, host->host)) {
    ++stats_.blocked;
    return;
  }
  const PathConditions& path = paths_.Between(from.host, host->host);
  if (prng_.Chance(path.loss_percent)) {
    ++stats_.lost;
    return;
  }
  const std::string_view interface = InterfaceBetween(from.host, host->host);
  if (!GoesBy(options, interface) || !GoesBy(OptionsOf(peer), interface)) {
    ++stats_.unreachable;
    return;
  }
  if (!TtlPasses(options, OptionsOf(peer))) {
    ++stats_.ttl_too_low;
    return;
  }
  const auto schedule = [&] {
    ScheduleDatagram(
        peer,
        {.from = source,
         .to = to.address,
         .interface = interface,
         .ttl = SentTtl(options),
         .at = loop_->Now() + paths_.DrawDelay(from.host, host->host, prng_),
         .payload = payload});
  };
  schedule();
  if (prng_.Chance(path.duplication_percent)) {
    ++stats_.duplicated;
    schedule();
  }
}

}  // namespace lb::io
