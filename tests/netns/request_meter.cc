#include "tests/netns/request_meter.h"

#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "lb/base/check.h"
#include "lb/base/status_macros.h"
#include "lb/net/arp.h"
#include "lb/net/ethernet.h"
#include "lb/net/ndp.h"

namespace lb::netns {
namespace {

constexpr net::MacAddress kAsker = {{0x02, 0x00, 0x5e, 0x00, 0x53, 0xaa}};
// Askers are 10.77.255.N and fe80::5300:N.
constexpr uint32_t kAskersIpv4 = 0x0a4dff00;
constexpr absl::uint128 kAskersIpv6 =
    absl::MakeUint128(0xfe80000000000000, 0x53000000);

absl::Time Now() {
  return absl::UnixEpoch() +
         absl::FromChrono(std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch()));
}

uint16_t EtherTypeOf(net::IpFamily family) {
  return family == net::IpFamily::kIpv4 ? net::kEtherTypeArp
                                        : net::kEtherTypeIpv6;
}

// The last byte of the asker that an ARP reply or an advertisement is for.
std::optional<size_t> AskerOf(absl::Span<const uint8_t> frame) {
  if (frame.size() >= 42 && frame[13] == 0x06 && frame[21] == 2) {
    return frame[41];
  }
  if (frame.size() >= 78 && frame[13] == 0xdd && frame[54] == 136) {
    return frame[53];
  }
  return std::nullopt;
}

}  // namespace

void Timing::Add(const Timing& other) {
  answers.insert(answers.end(), other.answers.begin(), other.answers.end());
  unanswered += other.unanswered;
}

absl::Duration Timing::Percentile(double percent) const {
  if (answers.empty()) return absl::InfiniteDuration();
  std::vector<absl::Duration> sorted = answers;
  const auto rank = static_cast<ptrdiff_t>(
      percent / 100 * static_cast<double>(sorted.size() - 1));
  std::nth_element(sorted.begin(), sorted.begin() + rank, sorted.end());
  return sorted[static_cast<size_t>(rank)];
}

absl::StatusOr<RequestMeter> RequestMeter::Create(const std::string& interface,
                                                  net::IpFamily family) {
  LB_ASSIGN_OR_RETURN(RawSocket socket,
                      RawSocket::Open(interface, EtherTypeOf(family)));
  return RequestMeter(std::move(socket), family);
}

std::vector<uint8_t> RequestMeter::Request(const net::IpAddress& target,
                                           size_t asker) const {
  if (family_ == net::IpFamily::kIpv4) {
    return net::ArpFrame(net::kBroadcastMac,
                         {.operation = net::ArpOperation::kRequest,
                          .sender_mac = kAsker,
                          .sender_ip = net::IpAddress::Ipv4(
                              kAskersIpv4 + static_cast<uint32_t>(asker)),
                          .target_ip = target});
  }
  const net::IpAddress group = net::SolicitedNodeGroup(target);
  return net::NdpFrame(net::MulticastMac(group), kAsker,
                       {net::IpAddress::Ipv6(kAskersIpv6 + asker), group,
                        net::NeighborSolicitation{target, kAsker}});
}

void RequestMeter::Ask(absl::Span<const uint8_t> request, size_t asker) {
  asked_[asker] = Now();
  LB_CHECK(socket_.Send(request));
}

size_t RequestMeter::TakeAnswers(Timing* timing) {
  std::array<uint8_t, 2048> buffer;
  size_t size = 0;
  size_t count = 0;
  while (socket_.Receive(absl::MakeSpan(buffer), &size, MSG_DONTWAIT)) {
    const absl::Time now = Now();
    const auto asker = AskerOf(absl::MakeConstSpan(buffer).first(size));
    if (!asker || *asker >= kAskers) continue;
    ++count;
    absl::Time& asked = asked_[*asker];
    if (asked == absl::UnixEpoch()) continue;
    if (timing != nullptr) timing->answers.push_back(now - asked);
    asked = absl::UnixEpoch();
  }
  return count;
}

void RequestMeter::GiveUp(Timing* timing) {
  for (absl::Time& asked : asked_) {
    timing->unanswered += asked != absl::UnixEpoch() ? 1 : 0;
    asked = absl::UnixEpoch();
  }
}

Timing RequestMeter::AskOneByOne(const net::IpAddress& target, int count,
                                 absl::Duration gap) {
  Timing timing;
  TakeAnswers(nullptr);
  for (int n = 0; n < count; ++n) {
    const size_t asker = static_cast<size_t>(n) % kAskers;
    Ask(Request(target, asker), asker);
    const absl::Time asked = asked_[asker];
    while (asked_[asker] != absl::UnixEpoch() && Now() < asked + kAnswerMax) {
      TakeAnswers(&timing);
    }
    GiveUp(&timing);
    while (Now() < asked + gap) {
    }
  }
  return timing;
}

Timing RequestMeter::AskAtRate(const net::IpAddress& target, int count,
                               int rate) {
  Timing timing;
  TakeAnswers(nullptr);
  std::vector<std::vector<uint8_t>> requests;
  for (size_t asker = 0; asker < kAskers; ++asker) {
    requests.push_back(Request(target, asker));
  }
  const absl::Duration gap = absl::Seconds(1) / rate;
  const absl::Time start = Now();
  for (int n = 0; n < count; ++n) {
    const size_t asker = static_cast<size_t>(n) % kAskers;
    while (Now() < start + gap * n) TakeAnswers(&timing);
    timing.unanswered += asked_[asker] != absl::UnixEpoch() ? 1 : 0;
    Ask(requests[asker], asker);
  }
  const absl::Time last = Now();
  while (Now() < last + kAnswerMax) TakeAnswers(&timing);
  GiveUp(&timing);
  return timing;
}

Throughput RequestMeter::Flood(absl::Span<const net::IpAddress> targets,
                               int rate, absl::Duration time) {
  std::vector<std::vector<uint8_t>> requests;
  for (size_t n = 0; n < targets.size(); ++n) {
    requests.push_back(Request(targets[n], n % kAskers));
  }
  TakeAnswers(nullptr);
  socket_.TakeDrops();
  Throughput result;
  const absl::Time start = Now();
  const auto total = static_cast<uint64_t>(absl::ToDoubleSeconds(time) * rate);
  while (result.sent < total) {
    const auto due = std::min(
        total,
        static_cast<uint64_t>(absl::ToDoubleSeconds(Now() - start) * rate));
    for (; result.sent < due; ++result.sent) {
      LB_CHECK(socket_.Send(requests[result.sent % requests.size()]));
      if (result.sent % 16 == 0) result.answered += TakeAnswers(nullptr);
    }
    result.answered += TakeAnswers(nullptr);
  }
  result.time = Now() - start;
  const absl::Time last = Now();
  while (Now() < last + absl::Milliseconds(200)) {
    result.answered += TakeAnswers(nullptr);
  }
  result.unread = socket_.TakeDrops();
  return result;
}

}  // namespace lb::netns
