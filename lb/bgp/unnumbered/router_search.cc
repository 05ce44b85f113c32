#include "lb/bgp/unnumbered/router_search.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "lb/net/ethernet.h"
#include "lb/net/ndp.h"

namespace lb::bgp {

RouterSearch::RouterSearch(const LinkEnd& own, absl::Time now, Prng prng)
    : prng_(prng) {
  Restart(now, own);
}

void RouterSearch::Restart(absl::Time now, const LinkEnd& own) {
  own_ = own;
  heard_.clear();
  frames_.clear();
  advertise_at_ = std::max(now, advertised_ + kAdvertiseMin);
  Settle(now);
  OnTimer(now);
}

RouterVerdict RouterSearch::OnFrame(absl::Time now,
                                    absl::Span<const uint8_t> frame) {
  const auto ethernet = net::ParseEthernet(frame);
  if (!ethernet.ok()) return RouterVerdict::kMalformed;
  if (ethernet->header.ether_type != net::kEtherTypeIpv6) {
    return RouterVerdict::kOther;
  }
  const auto packet = net::ParseRouterPacket(ethernet->payload);
  if (!packet.ok()) {
    return absl::IsUnimplemented(packet.status()) ? RouterVerdict::kOther
                                                  : RouterVerdict::kMalformed;
  }
  if (ethernet->header.source == own_.mac || packet->source == own_.address) {
    return RouterVerdict::kOwn;
  }
  if (std::holds_alternative<net::RouterSolicitation>(packet->message)) {
    AdvertiseSoon(now);
    return RouterVerdict::kSolicited;
  }
  return OnAdvertisement(now, packet->source);
}

RouterVerdict RouterSearch::OnAdvertisement(absl::Time now,
                                            const net::IpAddress& router) {
  const auto known = heard_.find(router);
  if (known != heard_.end()) {
    known->second = now;
    return RouterVerdict::kAdvertised;
  }
  if (heard_.size() == kRoutersMax) return RouterVerdict::kTooMany;
  heard_.emplace(router, now);
  // It may have just begun, and does not know this node.
  AdvertiseSoon(now);
  Settle(now);
  return RouterVerdict::kAdvertised;
}

void RouterSearch::Settle(absl::Time now) {
  Choose();
  if (heard_.size() == 1) return;
  solicit_interval_ = kSolicitMin;
  solicited_[0] = solicited_[1] = absl::InfinitePast();
  solicit_at_ = now;
}

void RouterSearch::Choose() {
  if (heard_.size() == 1) {
    router_ = heard_.begin()->first;
    solicit_at_ = absl::InfiniteFuture();
  } else if (router_ && !heard_.empty() && !heard_.contains(*router_)) {
    router_ = std::nullopt;
  }
}

void RouterSearch::OnTimer(absl::Time now) {
  if (now >= solicit_at_) {
    DropSilent();
    Choose();
    if (heard_.size() != 1) Solicit(now);
  }
  if (now >= advertise_at_) Advertise(now);
}

void RouterSearch::DropSilent() {
  if (heard_.size() < 2) return;
  absl::erase_if(heard_, [this](const auto& heard) {
    return heard.second < solicited_[0];
  });
}

void RouterSearch::Solicit(absl::Time now) {
  frames_.push_back(net::RouterFrame(
      own_.mac, {.source = own_.address,
                 .destination = net::AllRoutersGroup(),
                 .message = net::RouterSolicitation{own_.mac}}));
  solicited_[0] = std::exchange(solicited_[1], now);
  solicit_at_ = now + solicit_interval_;
  solicit_interval_ = std::min(2 * solicit_interval_, kSolicitMax);
}

void RouterSearch::Advertise(absl::Time now) {
  frames_.push_back(net::RouterFrame(
      own_.mac, {.source = own_.address,
                 .destination = net::AllNodesGroup(),
                 .message = net::RouterAdvertisement{.source_mac = own_.mac}}));
  advertised_ = now;
  advertise_at_ = now + kAdvertiseMin +
                  prng_.UniformDuration(kAdvertiseMax - kAdvertiseMin);
}

void RouterSearch::AdvertiseSoon(absl::Time now) {
  const absl::Time soon = std::max(now + prng_.UniformDuration(kAnswerMax),
                                   advertised_ + kAdvertiseMin);
  advertise_at_ = std::min(advertise_at_, soon);
}

absl::Time RouterSearch::NextDeadline() const {
  return std::min(solicit_at_, advertise_at_);
}

std::vector<std::vector<uint8_t>> RouterSearch::TakeFrames() {
  return std::exchange(frames_, {});
}

std::vector<net::IpAddress> RouterSearch::routers() const {
  std::vector<net::IpAddress> routers;
  for (const auto& [address, last] : heard_) routers.push_back(address);
  return routers;
}

}  // namespace lb::bgp
