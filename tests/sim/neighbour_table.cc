#include "tests/sim/neighbour_table.h"

#include <utility>

namespace lb {
namespace {

// arp_is_garp() of net/ipv4/arp.c.
bool IsGratuitous(const net::ArpPacket& packet) {
  if (packet.sender_ip != packet.target_ip) return false;
  return packet.operation == net::ArpOperation::kRequest ||
         packet.target_mac == packet.sender_mac;
}

}  // namespace

std::optional<net::MacAddress> NeighbourTable::Use(
    absl::Time now, const net::IpAddress& address) {
  const auto [it, is_new] = entries_.try_emplace(address);
  Entry& entry = it->second;
  if (is_new) {
    entry.changed = now;
    Ask(now, address, entry);
  }
  if (entry.state == State::kIncomplete) return std::nullopt;
  if (entry.state == State::kReachable && now >= entry.deadline) {
    entry.state = State::kStale;
  }
  if (entry.state == State::kStale) {
    entry.state = State::kDelay;
    entry.deadline = now + kDelay;
  }
  return entry.mac;
}

void NeighbourTable::Ask(absl::Time now, const net::IpAddress& address,
                         Entry& entry) {
  ++entry.asked;
  entry.deadline = now + kRetrans;
  const bool is_probe = entry.state == State::kProbe;
  questions_.push_back(
      {address, is_probe ? std::optional(entry.mac) : std::nullopt});
}

void NeighbourTable::OnTimer(absl::Time now) {
  for (auto it = entries_.begin(); it != entries_.end();) {
    auto& [address, entry] = *it;
    const bool waits = entry.state == State::kIncomplete ||
                       entry.state == State::kDelay ||
                       entry.state == State::kProbe;
    if (!waits || now < entry.deadline) {
      ++it;
      continue;
    }
    if (entry.state == State::kDelay) {
      entry.state = State::kProbe;
      entry.asked = 0;
    }
    if (entry.asked >= kSolicits) {  // Failed: the next use begins again.
      given_up_.push_back(address);
      it = entries_.erase(it);
      continue;
    }
    Ask(now, address, entry);
    ++it;
  }
}

void NeighbourTable::Confirm(absl::Time now, Entry& entry) {
  entry.state = State::kReachable;
  entry.asked = 0;
  entry.deadline = now + kReachable * 0.5 + prng_.UniformDuration(kReachable);
}

void NeighbourTable::Learn(absl::Time now, Entry& entry,
                           const net::MacAddress& mac, State state,
                           bool overrides) {
  const bool is_known = entry.state != State::kIncomplete;
  const bool moves = !is_known || entry.mac != mac;
  if (is_known && moves && !overrides) return;
  if (moves) entry.mac = mac;
  const bool is_confirmed =
      state == State::kReachable && entry.state != State::kReachable;
  if (moves || is_confirmed) entry.changed = now;
  if (state == State::kReachable) {
    Confirm(now, entry);
  } else if (moves) {
    entry.state = State::kStale;
    entry.asked = 0;
  }
}

void NeighbourTable::OnArp(absl::Time now, const net::ArpPacket& packet,
                           bool to_us) {
  if (packet.sender_ip.is_unspecified()) return;
  const bool asks_us = packet.operation == net::ArpOperation::kRequest &&
                       packet.target_ip == own_;
  auto it = entries_.find(packet.sender_ip);
  if (it == entries_.end()) {
    if (!asks_us) return;  // arp_accept=0
    it = entries_.emplace(packet.sender_ip, Entry{.changed = now}).first;
  }
  const bool is_answer = packet.operation == net::ArpOperation::kReply && to_us;
  const bool overrides =
      asks_us || IsGratuitous(packet) || now > it->second.changed + kLock;
  Learn(now, it->second, packet.sender_mac,
        is_answer ? State::kReachable : State::kStale, overrides);
}

void NeighbourTable::OnAdvertisement(
    absl::Time now, const net::NeighborAdvertisement& message) {
  const auto it = entries_.find(message.target);
  if (it == entries_.end() || !message.target_mac) return;
  Learn(now, it->second, *message.target_mac,
        message.solicited ? State::kReachable : State::kStale,
        message.override_cache);
}

std::vector<NeighbourTable::Question> NeighbourTable::TakeQuestions() {
  return std::exchange(questions_, {});
}

std::vector<net::IpAddress> NeighbourTable::TakeGivenUp() {
  return std::exchange(given_up_, {});
}

std::optional<net::MacAddress> NeighbourTable::Find(
    const net::IpAddress& address) const {
  const auto it = entries_.find(address);
  if (it == entries_.end() || it->second.state == State::kIncomplete) {
    return std::nullopt;
  }
  return it->second.mac;
}

}  // namespace lb
