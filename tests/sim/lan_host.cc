#include "tests/sim/lan_host.h"

#include <utility>
#include <variant>

#include "lb/base/check.h"
#include "lb/net/ethernet.h"

namespace lb {
namespace {

constexpr absl::Duration kTick = absl::Milliseconds(250);
constexpr int kTicksPerUse = 4;

net::IpAddress Ipv6Of(io::SimHost& host) {
  for (const io::Link& link : host.links().Links()) {
    for (const net::IpPrefix& prefix : link.addresses) {
      if (prefix.address.is_ipv6()) return prefix.address;
    }
  }
  LB_UNREACHABLE();
}

}  // namespace

LanHost::LanHost(io::SimHost* host, Prng prng)
    : host_(host),
      ipv6_(Ipv6Of(*host)),
      arp_(host->address(), prng.Fork("arp")),
      ndp_(ipv6_, prng.Fork("ndp")) {
  auto port = host_->environment().frames->Open("eth0", "arp or icmp6");
  LB_CHECK(port.ok());
  port_ = *std::move(port);
  port_->SetReceiver(
      [this](absl::Span<const uint8_t> frame) { OnFrame(frame); });
  timer_ = host_->environment().loop->NewTimer([this] { OnTick(); });
  timer_->Arm(host_->environment().loop->Now());
}

NeighbourTable& LanHost::TableOf(const net::IpAddress& address) {
  return address.is_ipv4() ? arp_ : ndp_;
}

std::optional<net::MacAddress> LanHost::Neighbour(
    const net::IpAddress& vip) const {
  return vip.is_ipv4() ? arp_.Find(vip) : ndp_.Find(vip);
}

std::optional<net::MacAddress> LanHost::Use(const net::IpAddress& address) {
  const auto mac =
      TableOf(address).Use(host_->environment().loop->Now(), address);
  SendQuestions();
  return mac;
}

std::vector<net::IpAddress> LanHost::TakeGivenUp() {
  std::vector<net::IpAddress> all = arp_.TakeGivenUp();
  for (const net::IpAddress& address : ndp_.TakeGivenUp()) {
    all.push_back(address);
  }
  return all;
}

void LanHost::OnTick() {
  const absl::Time now = host_->environment().loop->Now();
  timer_->Arm(now + kTick);
  arp_.OnTimer(now);
  ndp_.OnTimer(now);
  if (ticks_++ % kTicksPerUse == 0) {
    for (const net::IpAddress& vip : used_) TableOf(vip).Use(now, vip);
  }
  SendQuestions();
}

void LanHost::OnFrame(absl::Span<const uint8_t> bytes) {
  const absl::Time now = host_->environment().loop->Now();
  const auto frame = net::ParseEthernet(bytes);
  if (!frame.ok()) return;
  const bool to_us = frame->header.destination == host_->mac();
  if (frame->header.ether_type == net::kEtherTypeArp) {
    const auto packet = net::ParseArp(frame->payload);
    if (!packet.ok()) return;
    arp_.OnArp(now, *packet, to_us);
    if (to_us) CountAnswer(*packet);
  } else if (const auto packet = net::ParseNdp(frame->payload); packet.ok()) {
    const auto* message =
        std::get_if<net::NeighborAdvertisement>(&packet->message);
    if (message != nullptr) ndp_.OnAdvertisement(now, *message);
  }
}

void LanHost::CountAnswer(const net::ArpPacket& packet) {
  const auto answered_by = answered_by_.find(packet.sender_ip);
  if (packet.operation != net::ArpOperation::kReply ||
      answered_by == answered_by_.end()) {
    return;
  }
  const bool is_new = answered_by->second.insert(packet.sender_mac).second;
  if (is_new && answered_by->second.size() == 2) ++doubly_answered_;
}

void LanHost::SendQuestions() {
  for (const auto& question : arp_.TakeQuestions()) {
    if (!question.to) answered_by_[question.target].clear();
    const net::ArpPacket packet = {.operation = net::ArpOperation::kRequest,
                                   .sender_mac = host_->mac(),
                                   .sender_ip = host_->address(),
                                   .target_ip = question.target};
    port_->Send(net::ArpFrame(question.to.value_or(net::kBroadcastMac), packet))
        .IgnoreError();
  }
  for (const auto& question : ndp_.TakeQuestions()) {
    const net::IpAddress group = net::SolicitedNodeGroup(question.target);
    const net::NdpPacket packet = {
        .source = ipv6_,
        .destination = question.to ? question.target : group,
        .message = net::NeighborSolicitation{.target = question.target,
                                             .source_mac = host_->mac()}};
    port_
        ->Send(net::NdpFrame(question.to.value_or(net::MulticastMac(group)),
                             host_->mac(), packet))
        .IgnoreError();
  }
}

}  // namespace lb
