#include "tests/sim/chaos/altered_frames.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "lb/base/status_macros.h"
#include "lb/net/arp.h"
#include "lb/net/ethernet.h"
#include "lb/net/ndp.h"

namespace lb::chaos {
namespace {

using Bytes = absl::Span<const uint8_t>;

// The frames of one round leave within the first time. All further rounds but
// the periodic ones leave within the second.
constexpr absl::Duration kOneRound = absl::Milliseconds(50);
constexpr absl::Duration kAllRounds = absl::Seconds(10);
constexpr net::MacAddress kNobody = {{0x02, 0xde, 0xad, 0, 0, 1}};

std::optional<net::ArpPacket> ArpOf(const net::EthernetFrame& frame) {
  if (frame.header.ether_type != net::kEtherTypeArp) return std::nullopt;
  const auto packet = net::ParseArp(frame.payload);
  return packet.ok() ? std::optional(*packet) : std::nullopt;
}

std::optional<net::NdpPacket> NdpOf(const net::EthernetFrame& frame) {
  if (frame.header.ether_type != net::kEtherTypeIpv6) return std::nullopt;
  const auto packet = net::ParseNdp(frame.payload);
  return packet.ok() ? std::optional(*packet) : std::nullopt;
}

// Returns the address that an unasked frame claims for its sender.
std::optional<net::IpAddress> AnnouncedBy(const net::EthernetFrame& frame) {
  if (const auto arp = ArpOf(frame)) {
    const bool is_announcement = arp->sender_ip == arp->target_ip;
    return is_announcement ? std::optional(arp->sender_ip) : std::nullopt;
  }
  if (const auto ndp = NdpOf(frame)) {
    const auto* message =
        std::get_if<net::NeighborAdvertisement>(&ndp->message);
    if (message != nullptr && !message->solicited) return message->target;
  }
  return std::nullopt;
}

bool IsClaim(const net::EthernetFrame& frame) {
  if (const auto arp = ArpOf(frame)) {
    return AnnouncedBy(frame) || arp->operation == net::ArpOperation::kReply;
  }
  const auto ndp = NdpOf(frame);
  return ndp &&
         std::holds_alternative<net::NeighborAdvertisement>(ndp->message);
}

bool IsHeard(Defect defect, const net::EthernetFrame& frame) {
  switch (defect) {
    case Defect::kDeafToRivals:
    case Defect::kEndlessHandover:
      return !IsClaim(frame);
    case Defect::kNoUnicastAnswers:
      return frame.header.destination.is_multicast() || IsClaim(frame);
    default:
      return true;
  }
}

std::vector<uint8_t> Altered(Defect defect, Bytes bytes) {
  std::vector<uint8_t> same(bytes.begin(), bytes.end());
  const auto frame = net::ParseEthernet(bytes);
  if (!frame.ok() || !IsClaim(*frame)) return same;
  auto arp = ArpOf(*frame);
  auto ndp = NdpOf(*frame);
  if (defect == Defect::kWrongMac && arp) {
    arp->sender_mac = kNobody;
    return net::ArpFrame(frame->header.destination, *arp);
  }
  if (!ndp) return same;
  auto& message = std::get<net::NeighborAdvertisement>(ndp->message);
  if (defect == Defect::kWrongMac) message.target_mac = kNobody;
  if (defect == Defect::kNoOverride) message.override_cache = false;
  return net::NdpFrame(frame->header.destination, frame->header.source, *ndp);
}

class AlteredPort final : public io::FramePort {
 public:
  AlteredPort(std::unique_ptr<io::FramePort> port, const io::Loop* loop,
              Defect defect)
      : port_(std::move(port)), loop_(loop), defect_(defect) {}

  absl::Status Send(Bytes bytes) override {
    const auto frame = net::ParseEthernet(bytes);
    if (frame.ok() && IsLost(*frame)) return absl::OkStatus();
    return port_->Send(Altered(defect_, bytes));
  }
  void SetReceiver(Receiver receiver) override {
    if (!receiver) return port_->SetReceiver(nullptr);
    port_->SetReceiver([defect = defect_,
                        receiver = std::move(receiver)](Bytes bytes) mutable {
      const auto frame = net::ParseEthernet(bytes);
      if (!frame.ok() || IsHeard(defect, *frame)) receiver(bytes);
    });
  }
  absl::Status SetFilter(const io::FrameProgram& program) override {
    const bool is_stuck = defect_ == Defect::kStuckFilter && filters_++ > 0;
    return is_stuck ? absl::OkStatus() : port_->SetFilter(program);
  }
  absl::Status JoinGroup(const net::IpAddress& group) override {
    if (defect_ == Defect::kForgottenGroups) return absl::OkStatus();
    return port_->JoinGroup(group);
  }
  absl::Status LeaveGroup(const net::IpAddress& group) override {
    return port_->LeaveGroup(group);
  }

 private:
  bool IsLost(const net::EthernetFrame& frame) {
    const auto vip = AnnouncedBy(frame);
    if (!vip || defect_ == Defect::kNoGratuitous) return vip.has_value();
    if (defect_ != Defect::kAnnouncedOnce) return false;
    const auto [first, is_new] = first_rounds_.emplace(*vip, loop_->Now());
    const absl::Duration since = loop_->Now() - first->second;
    if (since > kAllRounds) first->second = loop_->Now();
    return since > kOneRound && since <= kAllRounds;
  }

  const std::unique_ptr<io::FramePort> port_;
  const io::Loop* const loop_;
  const Defect defect_;
  std::map<net::IpAddress, absl::Time> first_rounds_;
  int filters_ = 0;
};

class AlteredFrames final : public io::FrameTransport {
 public:
  AlteredFrames(io::FrameTransport* frames, const io::Loop* loop, Defect defect)
      : frames_(frames), loop_(loop), defect_(defect) {}

  absl::StatusOr<std::unique_ptr<io::FramePort>> Open(
      const std::string& interface, const std::string& filter) override {
    LB_ASSIGN_OR_RETURN(auto port, frames_->Open(interface, filter));
    return std::make_unique<AlteredPort>(std::move(port), loop_, defect_);
  }

 private:
  io::FrameTransport* const frames_;
  const io::Loop* const loop_;
  const Defect defect_;
};

}  // namespace

std::unique_ptr<io::FrameTransport> AlterFrames(io::FrameTransport* frames,
                                                const io::Loop* loop,
                                                Defect defect) {
  switch (defect) {
    case Defect::kNoGratuitous:
    case Defect::kAnnouncedOnce:
    case Defect::kDeafToRivals:
    case Defect::kForgottenGroups:
    case Defect::kNoUnicastAnswers:
    case Defect::kNoOverride:
    case Defect::kStuckFilter:
    case Defect::kWrongMac:
    case Defect::kEndlessHandover:
      return std::make_unique<AlteredFrames>(frames, loop, defect);
    default:
      return nullptr;
  }
}

}  // namespace lb::chaos
