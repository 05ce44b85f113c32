#include "daemon/routing/routing.h"

#include <algorithm>
#include <utility>

#include "daemon/routes/prefixes_only_here.h"

namespace lb {

Routing::Routing(Options options, const io::Environment& environment,
                 std::function<void()> look_soon)
    : options_(std::move(options)),
      environment_(environment),
      look_soon_(std::move(look_soon)),
      planner_(options_.identity),
      drain_(options_.drain_wait),
      sessions_({options_.identity.node, options_.boot_id, options_.listen},
                environment,
                {.on_routers =
                     [this] {
                       peers_due_ = true;
                       look_soon_();
                     },
                 .on_established = [this] { look_soon_(); }}),
      timer_(environment.loop->NewTimer([this] { look_soon_(); })) {}

void Routing::SetDesired(const config::Desired& desired,
                         const config::Difference& difference) {
  planner_.SetDesired(desired, difference);
  NoteServices(desired, difference);
  peers_due_ |= difference.bgp || difference.cluster;
  announcers_due_ |= difference.bgp || difference.cluster || difference.pools;
  drain_.NoteChange();
}

void Routing::NoteServices(const config::Desired& desired,
                           const config::Difference& difference) {
  if (first_ == nullptr) return;
  if (std::exchange(knows_services_, true)) {
    first_->NoteServices(difference.services);
  } else {
    first_->NoteAll(desired);
  }
}

void Routing::OnLinks() {
  sessions_.OnLinks();
  peers_due_ = true;  // A peer may be on a link now, or no longer.
  look_soon_();
}

void Routing::Update(const Look& look) {
  if (left_) return;
  planner_.NoteEntries(look.changed);
  if (first_ != nullptr) first_->NoteServices(look.changed);
  if (look.members_changed || !look.changed.empty()) drain_.NoteChange();
  FollowWithheld(look);
  const bool is_urgent = Plan(look);
  FollowAnnouncers(look);
  if (first_ != nullptr) {
    if (!MayBegin(look)) return;
    first_ = nullptr;
  }
  FollowDrain(look);
  if (std::exchange(peers_due_, false)) FollowPeers(look.desired);
  TellRoutes();
  FollowBatch(look, is_urgent);
  sessions_.Flush();
  timer_->Arm(std::min(drain_.deadline(), planner_.NextDeadline().value_or(
                                              absl::InfiniteFuture())));
}

void Routing::FollowWithheld(const Look& look) {
  if (std::exchange(withheld_version_, look.withheld_version) ==
      look.withheld_version) {
    return;
  }
  std::set<net::IpAddress> withheld;
  for (const auto& [address, since] : look.withheld) {
    withheld.insert(withheld.end(), address);
  }
  planner_.SetWithheld(std::move(withheld));
}

bool Routing::Plan(const Look& look) {
  const absl::Time began = environment_.loop->Now();
  bool is_urgent = false;
  for (int portions = 0; portions < kPortionsMax; ++portions) {
    const absl::Time now = environment_.loop->Now();
    if (portions > 0 && now - began >= kTurnMax) break;
    planner_.Update(look.desired, look.entries, now);
    is_urgent = planner_.is_urgent();
    if (is_urgent || !planner_.has_more()) break;
  }
  if (planner_.has_more()) look_soon_();
  return is_urgent;
}

bool Routing::MayBegin(const Look& look) {
  // A node that does not act is looked at again when it does.
  timer_->Disarm();
  if (!look.acts || planner_.peers().empty()) return false;
  const absl::Time now = environment_.loop->Now();
  const absl::Time deadline = first_->Deadline(now);
  const bool is_whole = first_->IsWhole(look.desired, look.entries);
  if ((is_whole && !planner_.has_more()) || now >= deadline) return true;
  timer_->Arm(deadline);
  return false;
}

// What is told waits for more that is on the way, unless it is urgent.
void Routing::FollowBatch(const Look& look, bool is_urgent) {
  // The last few of many are waited for, too.
  many_awaited_ = look.awaited > (many_awaited_ ? 0 : kFew);
  const bool is_more_coming = planner_.has_more() || many_awaited_;
  if (is_more_coming && !is_urgent) {
    sessions_.BeginBatch();
  } else {
    sessions_.EndBatch();
  }
}

void Routing::FollowAnnouncers(const Look& look) {
  announcers_due_ |= look.members_changed;
  if (!std::exchange(announcers_due_, false)) return;
  announcers_ = RouteAnnouncers(look.desired, IdentitiesOf(look.members()));
}

std::vector<NodeIdentity> Routing::IdentitiesOf(
    std::vector<std::string> nodes) const {
  std::vector<NodeIdentity> identities;
  for (std::string& node : nodes) {
    identities.push_back(
        {.node = std::move(node),
         .ignore_exclude_label = options_.identity.ignore_exclude_label});
  }
  return identities;
}

bool Routing::IsRouted(const config::Desired& desired,
                       const AddressEntries& entries,
                       const std::string& service) const {
  const config::Service* const wanted = config::FindService(desired, service);
  if (wanted == nullptr) return false;
  return announcers_.HasAny(*wanted,
                            {.addresses = AddressesOf(entries, service)});
}

void Routing::FollowDrain(const Look& look) {
  const auto only_here = [&] {
    return PrefixesOnlyHere(
        look.desired, look.entries, options_.identity,
        RouteAnnouncers(look.desired, IdentitiesOf(look.others())));
  };
  if (!drain_.Follow(environment_.loop->Now(), look.draining, only_here)) {
    return;
  }
  for (const bgp::PeerOptions& peer : plan().peers) TellAll(peer.name);
}

void Routing::FollowPeers(const config::Desired& desired) {
  std::vector<config::BgpPeer> here;
  for (const config::BgpPeer& peer : desired.bgp.peers) {
    if (planner_.peers().contains(peer.name)) here.push_back(peer);
  }
  const election::NodeAttributes node =
      config::AttributesOf(desired, options_.identity.node);
  for (const std::string& peer : sessions_.Follow(here, node)) TellAll(peer);
}

// Tells what has changed since the last call.
void Routing::TellRoutes() {
  for (const auto& [peer, prefixes] : planner_.TakeChanged()) {
    if (!drain_.is_off()) {
      TellAll(peer);
      continue;
    }
    const bgp::RouteSet& routes = planner_.routes().RoutesOf(peer);
    bgp::RoutesChange change;
    for (const net::IpPrefix& prefix : prefixes) {
      if (const auto* attributes = routes.Find(prefix)) {
        change.set.push_back({prefix, *attributes});
      } else {
        change.erased.push_back(prefix);
      }
    }
    sessions_.ChangeRoutes(peer, change);
  }
}

void Routing::TellAll(const std::string& peer) {
  sessions_.SetRoutes(peer, RoutesTo(peer));
}

bgp::RouteSet Routing::RoutesTo(const std::string& peer) const {
  return drain_.Told(planner_.routes().RoutesOf(peer));
}

void Routing::Leave() {
  if (std::exchange(left_, true)) return;
  timer_->Disarm();
  sessions_.Leave();
}

}  // namespace lb
