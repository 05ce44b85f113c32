// Any bytes as a BFD control packet, and as a story of an endpoint with two
// sessions: packets by every way, time that passes in small and large steps,
// sessions that come, change and go. Each packet gets one verdict; each that is
// sent keeps the rules of RFC 5880; queues keep their bounds.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/base/check.h"
#include "lb/base/prng.h"
#include "lb/bfd/endpoint.h"
#include "lb/bfd/wire/control_packet.h"

namespace lb::bfd {
namespace {

const net::IpAddress kOwn = *net::ParseIpAddress("198.51.100.2");
const net::IpAddress kNear = *net::ParseIpAddress("198.51.100.1");
const net::IpAddress kFar = *net::ParseIpAddress("2001:db8::1");
const SessionKey kNearKey = {.remote = kNear, .interface = "eth0"};
const SessionKey kFarKey = {.hops = Hops::kMulti, .remote = kFar};

void CheckPacket(absl::Span<const uint8_t> bytes) {
  const ParsedPacket parsed = ParseControlPacket(bytes);
  if (parsed.verdict != Verdict::kAccepted) return;
  const auto serialized = SerializeControlPacket(parsed.packet);
  std::vector<uint8_t> expected(bytes.begin(),
                                bytes.begin() + kControlPacketSize);
  expected[3] = kControlPacketSize;  // What follows the packet is not kept.
  LB_CHECK(std::equal(serialized.begin(), serialized.end(), expected.begin()));
}

class Story {
 public:
  Story() { SetSessions(3); }

  // The first byte says what happens, the second one has its details.
  void Play(absl::Span<const uint8_t> bytes) {
    for (int steps = 0; bytes.size() >= 2 && steps < 256; ++steps) {
      const uint8_t what = bytes[0];
      const uint8_t detail = bytes[1];
      bytes.remove_prefix(2);
      switch (what % 4) {
        case 0:
        case 1: {
          const size_t size = std::min(bytes.size(), kControlPacketSize);
          Receive(what, detail, bytes.first(size));
          bytes.remove_prefix(size);
          break;
        }
        case 2:
          Pass(detail);
          break;
        case 3:
          SetSessions(detail);
          break;
      }
      Drain();
    }
  }

 private:
  void Receive(uint8_t what, uint8_t detail, absl::Span<const uint8_t> bytes) {
    std::vector<uint8_t> packet(bytes.begin(), bytes.end());
    const bool far = (detail & 1) != 0;
    const auto statuses = endpoint_.Statuses();
    const auto status = statuses.find(far ? kFarKey : kNearKey);
    // Few inputs would guess the discriminator.
    if ((what & 0x80) != 0 && packet.size() == kControlPacketSize &&
        status != statuses.end()) {
      for (size_t i = 0; i < 4; ++i) {
        packet[8 + i] =
            static_cast<uint8_t>(status->second.discriminator >> (24 - 8 * i));
      }
    }
    const uint64_t before = Verdicts();
    const Verdict verdict = endpoint_.OnDatagram(
        now_, {.way = {.hops = (detail & 2) != 0 ? Hops::kMulti : Hops::kSingle,
                       .from = far ? kFar : kNear,
                       .to = kOwn,
                       .interface = (detail & 4) != 0 ? "eth1" : "eth0"},
               .ttl = (detail & 8) != 0 ? 64 : 255,
               .arrived = now_ - absl::Milliseconds(detail >> 4),
               .payload = packet});
    LB_CHECK(Verdicts() == before + 1);
    LB_CHECK(endpoint_.verdicts()[verdict] > 0);
  }

  // Up to 254 ms in which the timer fires exactly, or a minute without it.
  void Pass(uint8_t detail) {
    if (detail == 255) {
      now_ += absl::Minutes(1);
      endpoint_.OnTimer(now_);
      return;
    }
    const absl::Time end = now_ + absl::Milliseconds(detail);
    while (endpoint_.NextDeadline() <= end) {
      now_ = std::max(now_, endpoint_.NextDeadline());
      endpoint_.OnTimer(now_);
      LB_CHECK(endpoint_.NextDeadline() > now_);
    }
    now_ = end;
  }

  void SetSessions(uint8_t detail) {
    const SessionOptions options = {
        .desired_min_tx = absl::Milliseconds(10 + 10 * (detail >> 5)),
        .required_min_rx = absl::Milliseconds(10 + 10 * (detail >> 4 & 1)),
        .detect_multiplier = 1 + (detail >> 3 & 1),
        .passive = (detail & 4) != 0};
    Endpoint::Sessions sessions;
    if ((detail & 1) != 0) sessions[kNearKey] = options;
    if ((detail & 2) != 0) sessions[kFarKey] = options;
    LB_CHECK(endpoint_.SetSessions(now_, sessions).ok());
  }

  void Drain() {
    LB_CHECK(endpoint_.size() <= 2);
    for (const OutgoingPacket& sent : endpoint_.TakeOutgoing()) {
      const ParsedPacket parsed = ParseControlPacket(sent.bytes);
      LB_CHECK(parsed.verdict == Verdict::kAccepted);
      const ControlPacket& packet = parsed.packet;
      LB_CHECK(!(packet.poll && packet.final));
      LB_CHECK(!packet.demand && !packet.control_plane_independent);
      LB_CHECK(packet.state == State::kUp ||
               packet.desired_min_tx >= absl::Seconds(1));
      LB_CHECK(!packet.poll || packet.state == State::kUp);
    }
    for (const SessionEvent& event : endpoint_.TakeEvents()) {
      // What ends was Up, and what comes Up was not.
      bool& is_up = event.key == kNearKey ? near_is_up_ : far_is_up_;
      LB_CHECK(is_up == (event.change != SessionChange::kUp));
      is_up = !is_up;
    }
  }

  uint64_t Verdicts() const {
    uint64_t count = 0;
    for (size_t i = 0; i < kVerdictCount; ++i) {
      count += endpoint_.verdicts()[static_cast<Verdict>(i)];
    }
    return count;
  }

  absl::Time now_ = absl::UnixEpoch() + absl::Seconds(1000);
  Endpoint endpoint_{Prng(1)};
  bool near_is_up_ = false;
  bool far_is_up_ = false;
};

}  // namespace
}  // namespace lb::bfd

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  lb::bfd::CheckPacket({bytes, size});
  lb::bfd::Story().Play({bytes, size});
  return 0;
}
