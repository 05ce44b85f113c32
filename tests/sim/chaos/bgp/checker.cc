#include "tests/sim/chaos/bgp/checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tests/sim/chaos/bgp/node_checks.h"

namespace lb::chaos {
namespace {

// A hold timer that was armed before a pause, on clocks that drift.
constexpr double kDrift = 1.03;
constexpr uint32_t kGracefulShutdown = 0xffff0000;

BgpObjects::Addresses AddressesOf(const NodeView& view) {
  BgpObjects::Addresses addresses;
  for (const auto& [service, entry] : view.entries()) {
    for (const auto& assigned : entry.assignment.addresses) {
      addresses[service].push_back(assigned.address);
    }
  }
  return addresses;
}

const bgp::PeerStatus* Find(const std::vector<bgp::PeerStatus>& peers,
                            int router) {
  const std::string name = fmt::format("r{}", router + 1);
  const auto found =
      std::find_if(peers.begin(), peers.end(),
                   [&](const auto& peer) { return peer.name == name; });
  return found == peers.end() ? nullptr : &*found;
}

// RFC 4724: the forwarding state bits of an OPEN.
bool ClaimsForwarding(const bgp::HeardOpen& open) {
  const auto restart = open.capabilities.find(64);
  if (restart == open.capabilities.end()) return false;
  for (size_t at = 5; at < restart->second.size(); at += 4) {
    if ((restart->second[at] & 0x80) != 0) return true;
  }
  return false;
}

}  // namespace

BgpChecker::BgpChecker(BgpStage* stage, const BgpBounds& bounds)
    : stage_(stage),
      bounds_(bounds),
      began_(stage->Now()),
      watches_(stage->nodes().size()),
      drains_(stage->nodes().size()),
      promised_since_(stage->nodes().size(), absl::InfiniteFuture()),
      unrouted_(stage->nodes().size()) {}

void BgpChecker::Fail(std::string invariant, std::string what) {
  if (violation_) return;
  violation_ = {std::move(invariant), std::move(what), stage_->Now() - began_};
}

std::string BgpChecker::NameOf(const Place& place) const {
  return fmt::format("{} at r{}", place.node.name, place.router + 1);
}

void BgpChecker::OnInterval() {
  for (auto& node : stage_->nodes()) {
    FollowNode(*node);
    for (int router = 0; router < kRouters; ++router) {
      Check({*node, router, watches_[node->number - 1][router]});
    }
    if (const auto why = WhyBeyondLimits(*stage_, *node)) Fail("limits", *why);
  }
  CheckAsked();
}

void BgpChecker::FollowNode(BgpNode& node) {
  Drain& drain = drains_[node.number - 1];
  unrouted_.Follow(*stage_, node);
  if (!node.running()) return;
  FollowPromise(node);
  const NodeView view = node.agent->View();
  const absl::Time now = stage_->Now();
  if (view.ready() && node.ready_at == absl::InfiniteFuture()) {
    node.ready_at = now;
    for (int router = 0; router < kRouters; ++router) {
      stage_->Disturb(node, router);
    }
  }
  if (!view.drain.is_on || drain.run != node.runs) {
    drain = {node.runs, absl::InfiniteFuture()};
  }
  if (view.drain.is_on && node.speaks() &&
      drain.since == absl::InfiniteFuture()) {
    drain.since = now;
  }
}

// A node notes its promise once its first session begins.
void BgpChecker::FollowPromise(BgpNode& node) {
  bool promises = false;
  for (int router = 0; router < kRouters; ++router) {
    promises |= node.objects->HasSession(node.number, router) &&
                node.objects->RestartsGracefully(router);
  }
  absl::Time& since = promised_since_[node.number - 1];
  if (!promises || !node.speaks()) {
    since = absl::InfiniteFuture();
    return;
  }
  since = std::min(since, stage_->Now());
  node.promised_in = node.boots + 1;
  if (stage_->Now() - since > Routing::kWholeMax + bounds_.tell) {
    node.surely_promised_in = node.promised_in;
  }
}

void BgpChecker::Check(const Place& place) {
  FollowCalm(place);
  FollowWanted(place);
  CheckSilence(place);
  Router& router = stage_->router(place.router);
  if (!router.running()) {
    place.watch.router_ran = false;
    place.watch.kept = {};
    return;
  }
  if (!std::exchange(place.watch.router_ran, true)) {
    place.watch.ends = place.watch.faults = 0;
    place.watch.opens = 0;
  }
  CheckStrict(place);
  CheckOpen(place);
  CheckSession(place);
  CheckRoutes(place);
  CheckGone(place);
  CheckKept(place);
}

absl::Duration BgpChecker::UpOf(const Place& place) const {
  return bounds_.up(place.node.objects->HoldTimeOf(place.router));
}

bool BgpChecker::IsSettled(const Place& place) {
  return stage_->IsOpen(place.node, place.router) &&
         stage_->Now() - place.watch.calm_since > UpOf(place);
}

void BgpChecker::FollowCalm(const Place& place) {
  Watch& watch = place.watch;
  const absl::Time now = stage_->Now();
  watch.calm_since =
      std::max(watch.calm_since, place.node.to[place.router].disturbed_at);
  if (!stage_->IsOpen(place.node, place.router)) watch.calm_since = now;
  // When a path is whole again, TCP sends what was on the way.
  const bool is_cut = stage_->IsCut(place.node, place.router);
  const bool has_healed = std::exchange(watch.was_cut, is_cut) && !is_cut;
  const auto follow = [&](bool is_mute, absl::Time& since) {
    if (!is_mute) {
      since = absl::InfiniteFuture();
    } else if (has_healed || since == absl::InfiniteFuture()) {
      since = now + (has_healed ? bounds_.resent : absl::ZeroDuration());
    }
  };
  follow(stage_->IsMute(place.node, place.router), watch.node_mute);
  follow(stage_->IsMute(place.router, place.node), watch.router_mute);
  const bool is_heard = watch.node_mute == absl::InfiniteFuture() &&
                        watch.router_mute == absl::InfiniteFuture();
  if (is_heard) watch.bfd_up = IsSettled(place) && HasBfdUp(place);
}

bool BgpChecker::HasBfdUp(const Place& place) const {
  const auto sessions = place.node.agent->View().routing.BfdSessions();
  const net::IpAddress router = stage_->router(place.router).address();
  return std::any_of(sessions.begin(), sessions.end(), [&](const auto& one) {
    return one.first.remote == router &&
           one.second.status.state == bfd::State::kUp;
  });
}

BgpObjects::Routes BgpChecker::RoutesOf(const Place& place) {
  const BgpNode& node = place.node;
  if (!node.running() || node.ready_at == absl::InfiniteFuture()) return {};
  const NodeView view = node.agent->View();
  const auto addresses = AddressesOf(view);
  const absl::Time drains = drains_[node.number - 1].since;
  if (drains == absl::InfiniteFuture()) {
    return node.objects->RoutesOf(node.number, place.router, addresses);
  }
  auto routes =
      stage_->Now() < drains + bounds_.drain_wait
          ? node.objects->RoutesOf(node.number, place.router, addresses)
          : node.objects->RoutesOnlyHere(node.number, place.router, addresses,
                                         unrouted_.OthersOf(*stage_, view));
  for (auto& [prefix, communities] : routes) {
    communities.insert(kGracefulShutdown);
  }
  return routes;
}

void BgpChecker::FollowWanted(const Place& place) {
  const auto routes = RoutesOf(place);
  const absl::Time now = stage_->Now();
  auto& wanted = place.watch.wanted;
  for (auto& [prefix, one] : wanted) {
    if (routes.contains(prefix) || !one.communities) continue;
    one = {std::nullopt, now};
  }
  for (const auto& [prefix, communities] : routes) {
    Wanted& one = wanted[prefix];
    if (one.communities == communities) continue;
    one = {communities, now};
  }
}

// What the router itself found against the rules.
void BgpChecker::CheckStrict(const Place& place) {
  const bgp::SimRouter& session =
      stage_->router(place.router).session(place.node.number);
  if (session.faults().size() > place.watch.faults) {
    Fail("strict-router",
         fmt::format("{}: {}", NameOf(place), session.faults().back()));
  }
  place.watch.faults = session.faults().size();
  if (session.established() > 1) {
    Fail("strict-router", fmt::format("{}: two sessions", NameOf(place)));
  }
}

// A node claims the forwarding state of an earlier run if that was in the same
// boot, and not otherwise.
void BgpChecker::CheckOpen(const Place& place) {
  BgpNode& node = place.node;
  Watch& watch = place.watch;
  const bgp::SimRouter& session =
      stage_->router(place.router).session(node.number);
  const bool is_new = session.heard(1) > watch.opens && node.speaks();
  watch.opens = session.heard(1);
  if (!is_new) return;
  const bool claims = ClaimsForwarding(session.open());
  if (claims && !node.may_claim) {
    Fail("restart-is-true",
         fmt::format("{}: claims a forwarding state that it has not kept",
                     NameOf(place)));
  }
  const auto peers = node.agent->View().routing.Peers();
  const auto* peer = Find(peers, place.router);
  const bool must_claim = peer != nullptr && peer->counters.opens_sent == 1 &&
                          node.must_claim &&
                          node.objects->RestartsGracefully(place.router) &&
                          stage_->IsOpen(node, place.router) &&
                          stage_->Now() - node.ready_at < bounds_.restart / 2;
  if (must_claim && !claims) {
    Fail("restart-is-told",
         fmt::format("{}: does not say that it has restarted", NameOf(place)));
  }
}

void BgpChecker::CheckSession(const Place& place) {
  const bgp::SimRouter& session =
      stage_->router(place.router).session(place.node.number);
  const bool has_ended = session.ends().size() > place.watch.ends;
  place.watch.ends = session.ends().size();
  if (!IsSettled(place)) return;
  if (has_ended) {
    Fail("session-stays", fmt::format("{}: the session ended: {}",
                                      NameOf(place), session.ends().back()));
  }
  const bool wants =
      place.node.objects->HasSession(place.node.number, place.router);
  if (session.established() != (wants ? 1 : 0)) {
    Fail("session-is-up", fmt::format("{}: {} sessions, want {}", NameOf(place),
                                      session.established(), wants ? 1 : 0));
  }
  if (!wants) return;
  const net::IpFamilies families = place.node.objects->FamiliesOf(place.router);
  for (const auto family : session.complete()) {
    if (family == net::IpFamily::kIpv4 ? families.ipv4 : families.ipv6) {
      continue;
    }
    Fail("end-of-table",
         fmt::format("{}: of a family that was not agreed", NameOf(place)));
  }
  const size_t ends = (families.ipv4 ? 1 : 0) + (families.ipv6 ? 1 : 0);
  if (session.complete().size() != ends) {
    Fail("end-of-table",
         fmt::format("{}: {} ends were told, want {}", NameOf(place),
                     session.complete().size(), ends));
  }
}

// The node gives a silent router up.
void BgpChecker::CheckSilence(const Place& place) {
  const BgpNode& node = place.node;
  if (!node.acts() || place.watch.router_mute == absl::InfiniteFuture()) return;
  const absl::Duration hold = node.objects->HoldTimeOf(place.router) * kDrift;
  const absl::Duration bound =
      (place.watch.bfd_up ? std::min(hold, bounds_.detection) : hold) + kSlack;
  const absl::Time since = std::max(place.watch.router_mute, node.awake_at);
  if (stage_->Now() - since <= bound) return;
  const auto peers = node.agent->View().routing.Peers();
  const auto* peer = Find(peers, place.router);
  if (peer == nullptr || peer->state != bgp::SessionState::kEstablished) return;
  Fail("notices-silence",
       fmt::format("{}: Established, and silent for {}", NameOf(place),
                   absl::FormatDuration(stage_->Now() - since)));
}

void BgpChecker::CheckAsked() {
  auto& asked = stage_->asked();
  const absl::Time now = stage_->Now();
  std::erase_if(asked, [&](const AskedRefresh& one) {
    BgpNode& node = *stage_->nodes()[one.node - 1];
    const Watch& watch = watches_[one.node - 1][one.router];
    const bool is_void = watch.calm_since >= one.at ||
                         !stage_->router(one.router).running() ||
                         !node.running();
    if (is_void) return true;
    if (now - one.at <= bounds_.tell) return false;
    const auto& session = stage_->router(one.router).session(one.node);
    if (session.established() == 1 &&
        session.refreshes(one.family) <= one.answered) {
      Fail("answers-refresh", fmt::format("{} answers no request of r{}",
                                          node.name, one.router + 1));
    }
    return true;
  });
}

std::optional<std::string> BgpChecker::WhyNotAgreed() {
  std::map<std::string, std::string> shown;
  for (auto& node : stage_->nodes()) {
    if (!node->speaks()) return fmt::format("{} does not act", node->name);
    std::map<std::string, std::string> own;
    for (const auto& [service, entry] : node->agent->View().entries()) {
      own[service] = entry.assignment.ToString();
    }
    if (node == stage_->nodes()[0]) shown = own;
    if (own != shown) return fmt::format("{} shows others", node->name);
    for (int router = 0; router < kRouters; ++router) {
      const Place place = {*node, router, watches_[node->number - 1][router]};
      if (IsSettled(place)) continue;
      return fmt::format("{} is not settled", NameOf(place));
    }
  }
  return std::nullopt;
}

}  // namespace lb::chaos
