#include "tests/sim/lan_client.h"

#include <algorithm>
#include <utility>

namespace lb {

LanClient::LanClient(io::SimHost* host, Prng prng, Accepts accepts)
    : loop_(host->environment().loop),
      accepts_(std::move(accepts)),
      lan_(host, std::move(prng)),
      timer_(loop_->NewTimer([this] { OnTick(); })) {}

void LanClient::Ping(const net::IpAddress& address, absl::Duration interval) {
  pinged_ = address;
  interval_ = interval;
  Reset();
  timer_->Arm(loop_->Now());
}

void LanClient::Reset() {
  pings_ = {.answered_at = loop_->Now()};
  doubly_answered_before_ = lan_.doubly_answered();
}

void LanClient::OnTick() {
  const absl::Time now = loop_->Now();
  timer_->Arm(now + interval_);
  ++pings_.sent;
  const auto mac = lan_.Use(pinged_);
  if (mac && accepts_(*mac, pinged_)) {
    pings_.answered_at = now;
  } else {
    ++pings_.lost;
  }
  pings_.longest_silence =
      std::max(pings_.longest_silence, now - pings_.answered_at);
}

}  // namespace lb
