#include "daemon/routing/routing.h"

#include <algorithm>

#include "daemon/routes/prefixes_only_here.h"
#include "lb/bgp/drain.h"

namespace lb {
namespace {

bool PromisesRestart(const PeerPlan& plan) {
  return std::any_of(
      plan.peers.begin(), plan.peers.end(),
      [](const bgp::PeerOptions& peer) { return peer.restart_time; });
}

absl::Duration RestartTimeOf(const PeerPlan& plan) {
  absl::Duration longest;
  for (const bgp::PeerOptions& peer : plan.peers) {
    longest = std::max(longest, peer.restart_time.value_or(longest));
  }
  return longest;
}

}  // namespace

Routing::Routing(Options options, const io::Environment& environment,
                 std::function<void()> look_soon)
    : options_(std::move(options)),
      environment_(environment),
      look_soon_(std::move(look_soon)),
      planner_(options_.identity),
      restart_(options_.boot_id, io::StatePorts::From(environment)),
      timer_(environment.loop->NewTimer([this] { look_soon_(); })) {}

void Routing::SetDesired(const config::Desired& desired,
                         const config::Difference& difference) {
  planner_.SetDesired(desired, difference);
  peers_due_ |= difference.bgp || difference.cluster;
  announcers_due_ |= difference.bgp || difference.cluster || difference.pools;
  drain_.only_here_due = true;
}

void Routing::OnLinks() {
  if (speaker_ != nullptr) speaker_->OnLinks();
  peers_due_ = true;  // A peer may be on a link now, or no longer.
  look_soon_();
}

void Routing::Update(const Look& look) {
  if (left_) return;
  const absl::Time now = environment_.loop->Now();
  planner_.NoteEntries(look.changed);
  drain_.only_here_due |= look.members_changed || !look.changed.empty();
  std::set<net::IpAddress> withheld;
  for (const auto& [address, since] : look.withheld) withheld.insert(address);
  planner_.SetWithheld(std::move(withheld));
  planner_.Update(look.desired, look.entries, now);
  FollowAnnouncers(look);
  if (planner_.has_more()) look_soon_();
  begun_ = begun_ || MayBegin(look);
  if (!begun_) {
    // A node that does not act is looked at again when it does.
    timer_->Arm(look.acts ? begin_by_ : absl::InfiniteFuture());
    return;
  }
  FollowStage(look);
  if (std::exchange(peers_due_, false)) FollowPeers(look.desired);
  TellRoutes();
  timer_->Arm(std::min(drain_.withdraw_at,
                       planner_.NextDeadline().value_or(drain_.withdraw_at)));
}

bool Routing::MayBegin(const Look& look) {
  if (!look.acts || planner_.peers().empty()) return false;
  const absl::Time now = environment_.loop->Now();
  begin_by_ = std::min(begin_by_, now + kWholeMax);
  return IsWhole(look) || now >= begin_by_;
}

bool Routing::IsWhole(const Look& look) const {
  return !planner_.has_more() &&
         std::all_of(look.desired.services.begin(), look.desired.services.end(),
                     [&](const auto& service) {
                       return look.entries.contains(service.first);
                     });
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

void Routing::FollowStage(const Look& look) {
  const absl::Time now = environment_.loop->Now();
  const Stage before = drain_.stage;
  const auto only_before = drain_.only_here;
  if (!look.draining) {
    drain_.stage = Stage::kAnnounced;
  } else if (drain_.stage == Stage::kAnnounced) {
    drain_.stage = Stage::kLastResort;
    drain_.withdraw_at = now + options_.drain_wait;
  } else if (now >= drain_.withdraw_at) {
    drain_.stage = Stage::kWithdrawn;
  }
  if (drain_.stage != Stage::kLastResort) {
    drain_.withdraw_at = absl::InfiniteFuture();
  }
  drain_.only_here_due |= drain_.stage != before;
  if (drain_.stage == Stage::kWithdrawn &&
      std::exchange(drain_.only_here_due, false)) {
    drain_.only_here = PrefixesOnlyHere(
        look.desired, look.entries, options_.identity,
        RouteAnnouncers(look.desired, IdentitiesOf(look.others())));
  }
  if (drain_.stage == before && drain_.only_here == only_before) return;
  for (const bgp::PeerOptions& peer : plan_.peers) TellAll(peer.name);
}

void Routing::FollowPeers(const config::Desired& desired) {
  std::vector<config::BgpPeer> here;
  for (const config::BgpPeer& peer : desired.bgp.peers) {
    if (planner_.peers().contains(peer.name)) here.push_back(peer);
  }
  const auto links = environment_.links->Links();
  plan_ = PlanPeers(here, links);
  refused_ = plan_.refused;
  if (speaker_ == nullptr && !plan_.peers.empty()) {
    speaker_ = std::make_unique<bgp::SpeakerNode>(
        bgp::SpeakerNodeOptions{
            .speaker = {.node_name = options_.identity.node,
                        .restart = PromisesRestart(plan_)
                                       ? restart_.TakeUp(RestartTimeOf(plan_))
                                       : bgp::RestartState{}}},
        bgp::Ports::From(environment_));
    speaker_->SetObserver(
        [this](const bgp::SpeakerNews& news) { OnNews(news); });
  }
  if (speaker_ == nullptr) return;
  // A peer may be promised a restart by a later change of the objects, too.
  if (PromisesRestart(plan_)) restart_.Keep();
  const bgp::PeersChange change = speaker_->SetPeers(plan_.peers);
  for (const auto& [name, why] : change.refused) {
    refused_[name] = std::string(why.message());
  }
  const absl::Time now = environment_.loop->Now();
  for (const std::string& name : change.added) {
    down_since_[name] = now;
    TellAll(name);
  }
  for (const std::string& name : change.removed) down_since_.erase(name);
  FollowBfd();
}

void Routing::FollowBfd() {
  if (detector_ == nullptr) {
    if (plan_.bfd.empty()) return;
    detector_ = std::make_unique<bfd::BfdNode>(bfd::Ports::From(environment_));
    detector_->SetObserver(
        [this](const bfd::SessionEvent& event) { OnBfd(event); });
  }
  const absl::Status set = detector_->SetSessions(plan_.bfd);
  if (set.ok()) return;
  for (const auto& [key, peers] : plan_.watched) {
    for (const std::string& peer : peers) {
      refused_.try_emplace(peer, std::string(set.message()));
    }
  }
}

void Routing::OnNews(const bgp::SpeakerNews& news) {
  if (news.news.kind == bgp::SessionNews::Kind::kUp) {
    down_since_.erase(news.peer);
  } else {
    down_since_.try_emplace(news.peer, environment_.loop->Now());
  }
}

void Routing::OnBfd(const bfd::SessionEvent& event) {
  if (event.change != bfd::SessionChange::kPeerFailed) return;
  const auto watched = plan_.watched.find(event.key);
  if (watched == plan_.watched.end()) return;
  for (const std::string& peer : watched->second) {
    // One that was refused has no session.
    speaker_->PeerFailed(peer).IgnoreError();
  }
}

// Tells what has changed since the last call.
void Routing::TellRoutes() {
  for (const auto& [peer, prefixes] : planner_.TakeChanged()) {
    if (drain_.stage != Stage::kAnnounced) {
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
    if (speaker_ != nullptr) Note(peer, speaker_->ChangeRoutes(peer, change));
  }
}

void Routing::TellAll(const std::string& peer) {
  if (speaker_ != nullptr) {
    Note(peer, speaker_->SetRoutes(peer, RoutesTo(peer)));
  }
}

void Routing::Note(const std::string& peer, const absl::Status& told) {
  // A peer without a session is in refused_ already.
  if (told.ok() || absl::IsNotFound(told)) return;
  refused_[peer] = std::string(told.message());
}

bgp::RouteSet Routing::RoutesTo(const std::string& peer) const {
  const bgp::RouteSet& routes = planner_.routes().RoutesOf(peer);
  if (drain_.stage == Stage::kAnnounced) return routes;
  if (drain_.stage == Stage::kLastResort) return bgp::Draining(routes);
  bgp::RouteSet kept;
  for (const auto& [prefix, attributes] : bgp::Draining(routes)) {
    // A route that was told is well.
    if (drain_.only_here.contains(prefix))
      kept.Set({prefix, attributes}).IgnoreError();
  }
  return kept;
}

void Routing::Leave() {
  if (std::exchange(left_, true) || speaker_ == nullptr) return;
  timer_->Disarm();
  if (PromisesRestart(plan_)) {
    speaker_->Leave();
  } else {
    speaker_->Stop("lbd is stopping");
  }
}

absl::Time Routing::DownSince(const std::string& peer) const {
  const auto since = down_since_.find(peer);
  return since == down_since_.end() ? environment_.loop->Now() : since->second;
}

std::vector<bgp::PeerStatus> Routing::Peers() const {
  if (speaker_ == nullptr) return {};
  return speaker_->Snapshot();
}

absl::btree_map<bfd::SessionKey, bfd::NodeSession> Routing::BfdSessions()
    const {
  if (detector_ == nullptr) return {};
  return detector_->sessions();
}

}  // namespace lb
