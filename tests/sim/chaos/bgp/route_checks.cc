// BgpChecker: what must hold for the routes that a router has of a node.
#include <fmt/format.h>

#include <algorithm>

#include "tests/sim/chaos/bgp/checker.h"

namespace lb::chaos {

void BgpChecker::CheckRoutes(const Place& place) {
  if (!IsSettled(place)) return;
  const auto held =
      stage_->router(place.router).session(place.node.number).routes();
  for (const auto& [prefix, wanted] : place.watch.wanted) {
    const auto found = held.find(prefix);
    CheckRoute(place, prefix, wanted,
               found == held.end() ? nullptr : &found->second);
  }
  for (const auto& [prefix, one] : held) {
    if (place.watch.wanted.contains(prefix)) continue;
    Fail("withdrawn", fmt::format("{} has {}, which no service ever had",
                                  NameOf(place), prefix.ToString()));
  }
}

void BgpChecker::CheckRoute(const Place& place, const net::IpPrefix& prefix,
                            const Wanted& wanted,
                            const bgp::Receiver::Held* held) {
  const absl::Duration time = stage_->Now() - wanted.since;
  const bool drains =
      drains_[place.node.number - 1].since != absl::InfiniteFuture();
  const std::string where =
      fmt::format("{}: {}", NameOf(place), prefix.ToString());
  if (held != nullptr && !HasNextHopOf(place.node, prefix, *held)) {
    Fail("next-hop", fmt::format("{} has another next hop", where));
  }
  if (wanted.communities && held == nullptr && time > bounds_.tell) {
    Fail(
        drains ? "drain-keeps" : "announced",
        fmt::format("{} is missing for {}", where, absl::FormatDuration(time)));
  }
  // A route that is withdrawn later keeps its communities as long.
  const absl::Duration late = bounds_.tell + place.node.objects->longest_hold();
  if (held == nullptr || time <= late) return;
  if (!wanted.communities) {
    Fail(drains ? "drain-ends" : "withdrawn",
         fmt::format("{} should be gone for {}", where,
                     absl::FormatDuration(time)));
    return;
  }
  Communities told;
  for (const auto& one : held->attributes.communities) told.insert(one.number);
  if (told != *wanted.communities) {
    Fail("attributes",
         fmt::format("{} has {}, want {} communities", where,
                     held->attributes.ToString(), wanted.communities->size()));
  }
}

bool BgpChecker::HasNextHopOf(const BgpNode& node, const net::IpPrefix& prefix,
                              const bgp::Receiver::Held& held) const {
  const net::IpAddress own =
      prefix.address.is_ipv4() ? stage_->Ipv4Of(node) : stage_->Ipv6Of(node);
  const auto bytes = own.ToBytes();
  return held.next_hop.size() >= bytes.size() &&
         std::equal(bytes.begin(), bytes.end(), held.next_hop.begin());
}

// The routes of a node that is not heard of go.
void BgpChecker::CheckGone(const Place& place) {
  const Watch& watch = place.watch;
  Router& router = stage_->router(place.router);
  if (!router.acts() || watch.node_mute == absl::InfiniteFuture()) return;
  const absl::Duration hold =
      absl::Seconds(std::max(router.terms().hold_seconds, 15));
  absl::Duration bound =
      watch.bfd_up ? bounds_.detection : hold + bounds_.restart;
  bound += kSlack;
  const absl::Time since =
      std::max(watch.node_mute, place.node.to[place.router].disturbed_at);
  if (stage_->Now() - since <= bound) return;
  const auto routes = router.session(place.node.number).routes();
  if (routes.empty()) return;
  Fail("dead-are-gone",
       fmt::format("{}: {} routes though it is silent for {}", NameOf(place),
                   routes.size(), absl::FormatDuration(stage_->Now() - since)));
}

// True if nothing but an end of the node's process, and its next start, can
// have ended the session since it was settled.
bool BgpChecker::IsRestart(const Place& place) {
  const BgpNode& node = place.node;
  const Watch& watch = place.watch;
  Router& router = stage_->router(place.router);
  const bool is_same_run = node.runs == watch.kept.run;
  const bool is_next_run = node.runs == watch.kept.run + 1 && node.must_claim;
  const bool has_ended = !node.running() || node.leaves;
  return ((is_same_run && has_ended) || is_next_run) && router.acts() &&
         node.host->powered() && node.drained == 0 &&
         stage_->IsWhole(node, place.router) &&
         router.session(node.number).ends().size() <= watch.kept.ends + 1 &&
         node.objects->SessionOf(node.number, place.router) ==
             watch.kept.session &&
         stage_->Now() - watch.kept.at < bounds_.restart / 2;
}

// A router that keeps routes over a restart has them all the time. With BFD it
// drops them.
void BgpChecker::CheckKept(const Place& place) {
  const BgpNode& node = place.node;
  Watch::Kept& kept = place.watch.kept;
  Router& router = stage_->router(place.router);
  const bgp::SimRouter& session = router.session(node.number);
  const auto routes = session.routes();
  if (IsSettled(place)) {
    const bool keeps = node.objects->RestartsGracefully(place.router) &&
                       !node.objects->HasBfd(place.router) &&
                       router.terms().restart_seconds > 0;
    kept = {.at = stage_->Now(),
            .run = node.runs,
            .ends = session.ends().size(),
            .session = node.objects->SessionOf(node.number, place.router)};
    for (const auto& [prefix, held] : routes) {
      if (keeps) kept.prefixes.insert(prefix);
    }
    return;
  }
  if (kept.prefixes.empty()) return;
  if (!IsRestart(place)) {
    kept = {};
    return;
  }
  for (const net::IpPrefix& prefix : kept.prefixes) {
    const Wanted& wanted = place.watch.wanted[prefix];
    const bool may_go =
        !session.complete().empty() &&
        (!wanted.communities || stage_->Now() - wanted.since <= bounds_.tell);
    if (may_go || routes.contains(prefix)) continue;
    Fail("kept-over-restart",
         fmt::format("{}: {} is gone", NameOf(place), prefix.ToString()));
  }
}

}  // namespace lb::chaos
