#include "lb/io/sim/sim_segment.h"

#include <algorithm>
#include <set>
#include <utility>

#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/io/sim/frame_filter.h"
#include "lb/io/sim/in_flight.h"
#include "lb/net/ethernet.h"
#include "lb/net/ip_address.h"

namespace lb::io {
namespace {

net::MacAddress MacAt(absl::Span<const uint8_t> frame, size_t offset) {
  net::MacAddress mac;
  std::copy_n(frame.begin() + offset, mac.bytes.size(), mac.bytes.begin());
  return mac;
}

// IPv6 multicast that a switch sends only where the group was joined: all but
// ff02::1, for which no host sends reports (RFC 4541 3, RFC 3810 6).
bool IsSnooped(const net::MacAddress& mac) {
  constexpr net::MacAddress kAllNodes = {{0x33, 0x33, 0, 0, 0, 1}};
  return mac.bytes[0] == 0x33 && mac.bytes[1] == 0x33 && mac != kAllNodes;
}

}  // namespace

struct SimFrameTransport::PortState {
  FrameFilter filter;
  bool open = true;
  std::shared_ptr<FramePort::Receiver> receiver;
  std::set<net::IpAddress> groups;
};

class SimFramePort final : public FramePort {
 public:
  SimFramePort(SimFrameTransport* transport,
               std::shared_ptr<SimFrameTransport::PortState> state)
      : transport_(transport), state_(std::move(state)) {}
  ~SimFramePort() override {
    state_->open = false;
    state_->receiver = nullptr;
    std::erase(transport_->ports_, state_);
  }

  absl::Status Send(absl::Span<const uint8_t> frame) override {
    if (frame.size() < net::kEthernetHeaderSize) {
      return absl::InvalidArgumentError(
          fmt::format("frame on eth0: {} bytes, want at least {}", frame.size(),
                      net::kEthernetHeaderSize));
    }
    if (!state_->open || !transport_->at_->IsConnected()) {
      return absl::UnavailableError("frame on eth0: the link is down");
    }
    transport_->segment_->Transmit(*transport_, frame);
    return absl::OkStatus();
  }

  void SetReceiver(Receiver receiver) override {
    state_->receiver =
        receiver ? std::make_shared<Receiver>(std::move(receiver)) : nullptr;
  }

  absl::Status SetFilter(const FrameProgram& program) override {
    LB_ASSIGN_OR_RETURN(state_->filter, FrameFilter::Load(program));
    return absl::OkStatus();
  }

  absl::Status JoinGroup(const net::IpAddress& group) override {
    LB_RETURN_IF_ERROR(CheckGroup(group));
    state_->groups.insert(group);
    return absl::OkStatus();
  }

  absl::Status LeaveGroup(const net::IpAddress& group) override {
    LB_RETURN_IF_ERROR(CheckGroup(group));
    state_->groups.erase(group);
    return absl::OkStatus();
  }

 private:
  static absl::Status CheckGroup(const net::IpAddress& group) {
    if (group.is_ipv6() && group.is_multicast()) return absl::OkStatus();
    return absl::InvalidArgumentError(fmt::format(
        "group {}: want an IPv6 multicast address", group.ToString()));
  }

  SimFrameTransport* const transport_;
  const std::shared_ptr<SimFrameTransport::PortState> state_;
};

void SimSegment::Transmit(const SimFrameTransport& from,
                          absl::Span<const uint8_t> frame) {
  ++stats_.sent;
  const int host = from.at_->host;
  if (tap_) tap_(host, frame);
  const net::MacAddress to = MacAt(frame, 0);
  Learn(host, MacAt(frame, to.bytes.size()));
  const std::optional<int> port = PortOf(to);
  const auto shared =
      std::make_shared<const std::vector<uint8_t>>(frame.begin(), frame.end());
  for (SimFrameTransport* member : members_) {
    if (member == &from) continue;
    if (to.is_multicast()
            ? !snooping_ || !IsSnooped(to) || member->HasJoined(to)
            : member->mac_ == to) {
      if (port && *port != member->at_->host) {
        ++stats_.misdirected;
        continue;
      }
      SendTo(member, host, shared);
    }
  }
}

void SimSegment::Learn(int host, const net::MacAddress& source) {
  if (forwarding_age_ == absl::ZeroDuration() || source.is_multicast()) return;
  if (forwarding_.size() >= kForwardingMax && !forwarding_.contains(source)) {
    absl::erase_if(forwarding_, [this](const auto& entry) {
      return loop_->Now() - entry.second.seen > forwarding_age_;
    });
    if (forwarding_.size() >= kForwardingMax) return;
  }
  forwarding_[source] = {host, loop_->Now()};
}

std::optional<int> SimSegment::PortOf(const net::MacAddress& mac) const {
  const auto found = forwarding_.find(mac);
  if (found == forwarding_.end() ||
      loop_->Now() - found->second.seen > forwarding_age_) {
    return std::nullopt;
  }
  return found->second.host;
}

void SimSegment::SendTo(SimFrameTransport* to, int from, const Frame& frame) {
  const int to_host = to->at_->host;
  if (paths_.IsBlocked(from, to_host)) {
    ++stats_.blocked;
    return;
  }
  const PathConditions& path = paths_.Between(from, to_host);
  if (prng_.Chance(path.loss_percent)) {
    ++stats_.lost;
    return;
  }
  Schedule(to, from, frame);
  if (prng_.Chance(path.duplication_percent)) {
    ++stats_.duplicated;
    Schedule(to, from, frame);
  }
}

void SimSegment::Schedule(SimFrameTransport* to, int from, const Frame& frame) {
  if (to->in_flight_ >= kFramesInFlightMax) {
    ++stats_.overflowed;
    return;
  }
  const absl::Duration delay = paths_.DrawDelay(from, to->at_->host, prng_);
  loop_->ScheduleAt(
      loop_->Now() + delay,
      [this, to, frame, in_flight = InFlight(&to->in_flight_)]() mutable {
        if (!to->at_->IsConnected()) {
          ++stats_.unreachable;
          return;
        }
        ++stats_.delivered;
        loop_->trace().Mix(static_cast<uint64_t>(to->at_->host));
        loop_->trace().MixBytes(*frame);
        to->at_->process->Deliver(
            to->at_->process->run(),
            [to, frame, in_flight = std::move(in_flight)] {
              to->Arrive(*frame);
            });
      });
}

SimFrameTransport::SimFrameTransport(SimSegment* segment,
                                     const SimAttachment* at,
                                     net::MacAddress mac)
    : segment_(segment), at_(at), mac_(mac) {
  segment->Attach(this);
}

absl::StatusOr<std::unique_ptr<FramePort>> SimFrameTransport::Open(
    const std::string& interface, const std::string& filter) {
  if (interface != "eth0") {
    return absl::NotFoundError(
        fmt::format("interface {}: not there, want eth0", interface));
  }
  if (!at_->process->running()) {
    return absl::UnavailableError("interface eth0: the host is stopped");
  }
  LB_ASSIGN_OR_RETURN(FrameFilter compiled, FrameFilter::Compile(filter));
  auto state = std::make_shared<PortState>(PortState{std::move(compiled)});
  ports_.push_back(state);
  return std::make_unique<SimFramePort>(this, std::move(state));
}

void SimFrameTransport::CloseAll() {
  for (const auto& port : std::exchange(ports_, {})) {
    port->open = false;
    // Destroyed last: it may own objects that call back.
    const auto receiver = std::exchange(port->receiver, nullptr);
  }
}

bool SimFrameTransport::HasJoined(const net::MacAddress& group) const {
  for (const auto& port : ports_) {
    for (const net::IpAddress& joined : port->groups) {
      if (net::MulticastMac(joined) == group) return true;
    }
  }
  return false;
}

void SimFrameTransport::Arrive(absl::Span<const uint8_t> frame) {
  const auto ports = ports_;  // Receivers may open and close ports.
  for (const auto& port : ports) {
    const auto receiver = port->receiver;
    if (receiver == nullptr || !port->filter.Matches(frame)) continue;
    (*receiver)(frame);
  }
}

}  // namespace lb::io
