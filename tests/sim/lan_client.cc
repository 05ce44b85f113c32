#include "tests/sim/lan_client.h"

#include <algorithm>
#include <utility>

#include "lb/base/check.h"
#include "lb/net/ethernet.h"

namespace lb {
namespace {

constexpr absl::Duration kLockTime = absl::Seconds(1);  // Linux: locktime.

bool IsGratuitous(const net::ArpPacket& packet) {
  if (packet.sender_ip != packet.target_ip) return false;
  return packet.operation == net::ArpOperation::kRequest ||
         packet.target_mac == packet.sender_mac;
}

}  // namespace

LanClient::LanClient(io::SimHost* host, Accepts accepts)
    : host_(host), accepts_(std::move(accepts)) {
  auto port = host_->environment().frames->Open("eth0", "arp");
  LB_CHECK(port.ok());
  port_ = *std::move(port);
  port_->SetReceiver(
      [this](absl::Span<const uint8_t> frame) { OnFrame(frame); });
  timer_ = host_->environment().loop->NewTimer([this] { OnTick(); });
}

void LanClient::Ping(const net::IpAddress& address, absl::Duration interval) {
  pinged_ = address;
  interval_ = interval;
  Reset();
  timer_->Arm(host_->environment().loop->Now());
}

void LanClient::Reset() {
  pings_ = {};
  pings_.answered_at = host_->environment().loop->Now();
}

std::optional<net::MacAddress> LanClient::Neighbour(
    const net::IpAddress& address) const {
  const auto it = entries_.find(address);
  if (it == entries_.end()) return std::nullopt;
  return it->second.mac;
}

void LanClient::OnTick() {
  const absl::Time now = host_->environment().loop->Now();
  timer_->Arm(now + interval_);
  ++pings_.sent;
  const auto mac = Neighbour(pinged_);
  if (!mac) Ask(pinged_);
  if (mac && accepts_(*mac, pinged_)) {
    pings_.answered_at = now;
  } else {
    ++pings_.lost;
  }
  pings_.longest_silence =
      std::max(pings_.longest_silence, now - pings_.answered_at);
}

void LanClient::Ask(const net::IpAddress& address) {
  asking_ = true;
  answered_by_.clear();
  const net::ArpPacket request = {.operation = net::ArpOperation::kRequest,
                                  .sender_mac = host_->mac(),
                                  .sender_ip = host_->address(),
                                  .target_ip = address};
  // What a cut cable swallows is asked again with the next ping.
  port_->Send(net::ArpFrame(net::kBroadcastMac, request)).IgnoreError();
}

void LanClient::OnFrame(absl::Span<const uint8_t> bytes) {
  const auto frame = net::ParseEthernet(bytes);
  if (!frame.ok()) return;
  const auto packet = net::ParseArp(frame->payload);
  if (packet.ok()) Learn(*packet);
}

void LanClient::Learn(const net::ArpPacket& packet) {
  const absl::Time now = host_->environment().loop->Now();
  const bool is_answer = packet.operation == net::ArpOperation::kReply &&
                         packet.target_ip == host_->address();
  if (is_answer && asking_ && packet.sender_ip == pinged_) {
    answered_by_.insert(packet.sender_mac);
    if (answered_by_.size() == 2) ++pings_.doubly_answered;
  }
  const auto it = entries_.find(packet.sender_ip);
  if (it == entries_.end()) {
    if (is_answer) entries_[packet.sender_ip] = {packet.sender_mac, now};
    return;
  }
  Entry& entry = it->second;
  if (entry.mac == packet.sender_mac) {
    entry.updated = now;
  } else if (IsGratuitous(packet) || now - entry.updated > kLockTime) {
    entry = {packet.sender_mac, now};
  }
}

}  // namespace lb
