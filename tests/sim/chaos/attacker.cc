#include "tests/sim/chaos/attacker.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "lb/base/check.h"
#include "lb/net/arp.h"
#include "lb/net/ethernet.h"

namespace lb::chaos {
namespace {

constexpr absl::Duration kStealInterval = absl::Milliseconds(500);
constexpr size_t kGarbageMax = 200;

// Random bytes; half of them behind a true header.
std::vector<uint8_t> Garbage(const net::MacAddress& source, Prng& prng) {
  std::vector<uint8_t> bytes(14 + prng.Uniform(kGarbageMax));
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(prng.Next());
  if (prng.Chance(50)) {
    const bool is_arp = prng.Chance(50);
    std::vector<uint8_t> payload(bytes.begin() + 14, bytes.end());
    const std::vector<uint8_t> start =
        is_arp ? std::vector<uint8_t>{0, 1, 8, 0, 6, 4, 0, 1}
               : std::vector<uint8_t>{0x60, 0, 0, 0, 0, 32, 58, 255};
    std::copy_n(start.begin(), std::min(start.size(), payload.size()),
                payload.begin());
    bytes = net::SerializeEthernet(
        {.destination = net::kBroadcastMac,
         .source = source,
         .ether_type = is_arp ? net::kEtherTypeArp : net::kEtherTypeIpv6},
        payload);
  } else {
    bytes[0] |= 1;  // To a group: to all.
    bytes[6] &= 0xfe;
  }
  return bytes;
}

}  // namespace

Attacker::Attacker(io::SimWorld* world, io::SimHost* host, Prng* prng)
    : world_(world), host_(host), prng_(prng) {
  auto port = host_->environment().frames->Open("eth0", "arp");
  LB_CHECK(port.ok());
  port_ = *std::move(port);
}

void Attacker::Steal(const net::IpAddress& vip, absl::Duration length) {
  const net::ArpPacket claim = {.operation = net::ArpOperation::kRequest,
                                .sender_mac = host_->mac(),
                                .sender_ip = vip,
                                .target_ip = vip};
  const absl::Time now = world_->loop().Now();
  for (absl::Duration at; at < length; at += kStealInterval) {
    world_->loop().ScheduleAt(now + at, [this, claim] {
      port_->Send(net::ArpFrame(net::kBroadcastMac, claim)).IgnoreError();
    });
  }
}

void Attacker::SendGarbage(io::SimHost* to, int count) {
  const absl::Time now = world_->loop().Now();
  for (int i = 0; i < count; ++i) {
    const absl::Duration at = absl::Seconds(1) * i / count;
    world_->loop().ScheduleAt(now + at, [this, to] {
      const auto bytes = Garbage(host_->mac(), *prng_);
      port_->Send(bytes).IgnoreError();
      host_->environment().datagrams->Send(to->endpoint(), bytes).IgnoreError();
    });
  }
}

void Attacker::Record(const io::SimHost& host) {
  if (recorder_ == nullptr) {
    recorder_ =
        std::make_unique<Recorder>(world_, host_, prng_->Fork("recorder"));
  }
  recorder_->Listen(host);
}

void Attacker::OnStart(const io::SimHost& host) {
  if (recorder_ != nullptr) recorder_->OnStart(host);
}

void Attacker::Replay(const Recorder::Target& target, absl::Duration length) {
  LB_CHECK(recorder_ != nullptr);
  recorder_->PlayBurst(target);
  const absl::Time now = world_->loop().Now();
  for (absl::Duration at; at < length; at += Recorder::kInterval) {
    world_->loop().ScheduleAt(now + at,
                              [this, target] { recorder_->Play(target); });
  }
}

}  // namespace lb::chaos
