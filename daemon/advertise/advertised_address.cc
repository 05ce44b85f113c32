#include "daemon/advertise/advertised_address.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "lb/net/ip_prefix.h"

namespace lb {
namespace {

constexpr char kRemedy[] = "want gossip-advertise with the one to use";

net::IpAddress LoopbackOf(net::IpFamily family) {
  return family == net::IpFamily::kIpv4 ? net::IpAddress::Ipv4(0x7f000001)
                                        : net::IpAddress::Ipv6(1);
}

// Returns another address of the same prefix: the kernel then says the source
// of packets to a neighbour.
std::optional<net::IpAddress> NeighbourOf(const net::IpPrefix& prefix) {
  if (prefix.length == net::BitCount(prefix.address.family())) {
    return std::nullopt;
  }
  std::vector<uint8_t> bytes = prefix.address.ToBytes();
  bytes.back() ^= 1;
  return *net::IpAddress::FromBytes(bytes);
}

}  // namespace

AdvertisedAddress::AdvertisedAddress(AdvertiseOptions options,
                                     const io::Environment& environment)
    : options_(std::move(options)),
      environment_(environment),
      endpoint_(options_.endpoint),
      timer_(environment.loop->NewTimer([this] { Look(); })) {
  if (is_chosen()) {
    endpoint_.address = LoopbackOf(options_.endpoint.address.family());
    Choose();
  } else {
    was_on_link_ = Stand() != Standing::kGone;
  }
}

std::string AdvertisedAddress::ToString() const {
  return place_.empty() ? endpoint_.ToString()
                        : fmt::format("{} ({})", endpoint_.ToString(), place_);
}

void AdvertisedAddress::OnLinks() { LookSoon(kSettle); }

void AdvertisedAddress::SetPools(const std::vector<ipam::Pool>& pools) {
  if (pools == pools_) return;
  pools_ = pools;
  if (is_chosen()) LookSoon(absl::ZeroDuration());
}

void AdvertisedAddress::SetSeeds(std::vector<net::IpAddress> seeds) {
  if (seeds == options_.seeds) return;
  options_.seeds = std::move(seeds);
  if (is_chosen()) LookSoon(absl::ZeroDuration());
}

// Links that come and go all the time do not delay the look.
void AdvertisedAddress::LookSoon(absl::Duration wait) {
  due_ = std::min(due_, environment_.loop->Now() + wait);
  timer_->Arm(due_);
}

// Says whether our address is still ours, with or without a carrier.
AdvertisedAddress::Standing AdvertisedAddress::Stand() const {
  if (environment_.links == nullptr) return Standing::kGone;
  Standing standing = Standing::kGone;
  for (const io::Link& link : environment_.links->Links()) {
    for (const net::IpPrefix& prefix : link.addresses) {
      if (prefix.address != endpoint_.address) continue;
      if (is_chosen() && !IsOwnAddress(prefix, pools_)) continue;
      if (link.up && link.carrier) return Standing::kGood;
      standing = Standing::kNoCarrier;
    }
  }
  return standing;
}

std::optional<bool> AdvertisedAddress::HasCarrier() const {
  if (is_chosen() && fit_ == AdvertiseFit::kNone) return false;
  const Standing standing = Stand();
  if (standing == Standing::kGone && !was_on_link_) return std::nullopt;
  return standing == Standing::kGood;
}

void AdvertisedAddress::AddWay(AdvertiseFit fit, std::string towards,
                               const net::IpAddress& to,
                               std::vector<WayOut>& ways) const {
  const net::IpAddress& bound = options_.endpoint.address;
  if (environment_.routes == nullptr || (bound.is_ipv4() && to.is_ipv6())) {
    return;
  }
  const auto route = environment_.routes->Find(to);
  if (route.ok()) ways.push_back({fit, std::move(towards), *route});
}

// Adds the addresses of links, for use if no route says more. Addresses of full
// length may move to other hosts, so they count only if there are no others.
void AdvertisedAddress::AddLinkWays(absl::Span<const net::IpFamily> families,
                                    AdvertiseFacts& facts) const {
  constexpr char kTowards[] = "no route says more";
  std::vector<WayOut> of_full_length;
  const size_t before = facts.ways.size();
  for (const net::IpFamily family : families) {
    for (const io::Link& link : facts.links) {
      for (const net::IpPrefix& prefix : link.addresses) {
        if (prefix.address.family() != family || link.loopback) continue;
        if (prefix.address.is_link_local()) continue;  // A container has one.
        const auto neighbour = NeighbourOf(prefix);
        if (neighbour.has_value()) {
          AddWay(AdvertiseFit::kLink, kTowards, *neighbour, facts.ways);
        } else {
          of_full_length.push_back(
              {AdvertiseFit::kLink,
               kTowards,
               {.interface = link.index, .source = prefix.address}});
        }
      }
    }
  }
  if (facts.ways.size() > before) return;
  facts.ways.insert(facts.ways.end(), of_full_length.begin(),
                    of_full_length.end());
}

AdvertiseFacts AdvertisedAddress::GatherFacts() const {
  AdvertiseFacts facts{.exclude = options_.exclude, .pools = pools_};
  if (environment_.links != nullptr) facts.links = environment_.links->Links();
  for (const net::IpAddress& seed : options_.seeds) {
    AddWay(AdvertiseFit::kSeed, "towards " + seed.ToString(), seed, facts.ways);
  }
  std::vector<net::IpFamily> families = {net::IpFamily::kIpv4};
  if (options_.endpoint.address.is_ipv6()) {
    families = {net::IpFamily::kIpv6, net::IpFamily::kIpv4};
  }
  for (const net::IpFamily family : families) {
    if (environment_.routes == nullptr) break;
    const auto route = environment_.routes->FindDefault(family);
    if (!route.ok()) continue;
    facts.ways.push_back({AdvertiseFit::kDefault, "default route", *route});
  }
  AddLinkWays(families, facts);
  return facts;
}

void AdvertisedAddress::Look() {
  due_ = absl::InfiniteFuture();
  const net::Endpoint before = endpoint_;
  const std::string fault = fault_;
  if (is_chosen()) {
    Choose();
  } else if (const Standing standing = Stand(); standing != Standing::kGone) {
    was_on_link_ = true;
    fault_.clear();
  } else if (was_on_link_) {
    fault_ = LostFault();
  }
  if (endpoint_ == before && fault_ == fault) return;
  if (on_change_) on_change_();
}

void AdvertisedAddress::Choose() {
  const AdvertiseChoice choice = ChooseAdvertised(GatherFacts());
  if (MustChange(choice)) {
    const AdvertiseCandidate& first = choice.candidates.front();
    endpoint_.address = first.address;
    fit_ = choice.fit;
    was_on_link_ = true;
  } else if (Stand() == Standing::kGone) {
    fit_ = AdvertiseFit::kNone;
  }
  for (const AdvertiseCandidate& candidate : choice.candidates) {
    if (candidate.address != endpoint_.address) continue;
    fit_ = std::min(fit_, choice.fit);
    place_ = candidate.interface + ", " + candidate.towards;
  }
  if (fit_ == AdvertiseFit::kNone) place_.clear();
  fault_ = FaultOf(choice);
  if (fit_ >= AdvertiseFit::kLink) LookSoon(kLookAgain);
}

// True if the first candidate must replace the present address.
bool AdvertisedAddress::MustChange(const AdvertiseChoice& choice) {
  const Standing standing =
      fit_ == AdvertiseFit::kNone ? Standing::kGone : Stand();
  const absl::Time now = environment_.loop->Now();
  if (standing != Standing::kNoCarrier) weak_since_ = absl::InfiniteFuture();
  if (choice.candidates.empty()) return false;
  switch (standing) {
    case Standing::kGone:
      return true;
    case Standing::kNoCarrier:
      weak_since_ = std::min(weak_since_, now);
      if (now - weak_since_ >= kCarrierWait) return true;
      LookSoon(weak_since_ + kCarrierWait - now);
      return false;
    case Standing::kGood:
      break;
  }
  if (choice.fit >= fit_) return false;
  return std::none_of(choice.candidates.begin(), choice.candidates.end(),
                      [&](const AdvertiseCandidate& candidate) {
                        return candidate.address == endpoint_.address;
                      });
}

std::string AdvertisedAddress::FaultOf(const AdvertiseChoice& choice) const {
  if (fit_ == AdvertiseFit::kNone) {
    std::string why = "no interface has an address that fits";
    if (!choice.refused.empty()) {
      why += fmt::format(": {}", fmt::join(choice.refused, ", "));
    }
    return fmt::format(
        "gossip-advertise: {}; no node can reach this one, {}, or an address "
        "on an interface that is not excluded",
        why, kRemedy);
  }
  if (choice.candidates.size() < 2 || choice.fit > fit_) return "";
  std::vector<std::string> texts;
  for (const AdvertiseCandidate& candidate : choice.candidates) {
    texts.push_back(candidate.ToString());
  }
  return fmt::format(
      "gossip-advertise: several addresses fit: {}; {} is used, "
      "{}",
      fmt::join(texts, ", "), endpoint_.address.ToString(), kRemedy);
}

std::string AdvertisedAddress::LostFault() const {
  return fmt::format(
      "gossip-advertise: {} is on no interface of this host; the others do not "
      "reach it, want the address back, or gossip-bind and gossip-advertise "
      "with one that the host has",
      endpoint_.address.ToString());
}

}  // namespace lb
