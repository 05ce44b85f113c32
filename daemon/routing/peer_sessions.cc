#include "daemon/routing/peer_sessions.h"

#include <algorithm>
#include <utility>

namespace lb {
namespace {

bool PromisesRestart(const PeerPlan& plan) {
  return std::any_of(
      plan.peers.begin(), plan.peers.end(),
      [](const bgp::PeerOptions& peer) { return peer.restart_time; });
}

// What FollowRouters() finds without peers of an interface.
const std::map<std::string, bgp::FoundRouter>& NoRouters() {
  static const auto* const kNone = new std::map<std::string, bgp::FoundRouter>;
  return *kNone;
}

}  // namespace

PeerSessions::PeerSessions(Options options, const io::Environment& environment,
                           Observer observer)
    : options_(std::move(options)),
      environment_(environment),
      observer_(std::move(observer)),
      restart_(options_.boot_id, io::StatePorts::From(environment)) {}

std::vector<std::string> PeerSessions::Follow(
    absl::Span<const config::BgpPeer> peers,
    const election::NodeAttributes& node) {
  FollowRouters(peers);
  const auto links = environment_.links->Links();
  plan_ = PlanPeers(
      peers, {.links = links,
              .routers = finder_ == nullptr ? NoRouters() : finder_->found(),
              .node = node});
  if (options_.listen) {
    for (bgp::PeerOptions& peer : plan_.peers) {
      if (peer.interface.empty()) peer.opening = bgp::Opening::kDialAndListen;
    }
  }
  refused_.clear();
  if (speaker_ == nullptr && !plan_.peers.empty()) MakeSpeaker();
  std::vector<std::string> added;
  if (speaker_ != nullptr) added = FollowSessions();
  std::erase_if(down_since_, [&](const auto& down) {
    return std::none_of(
        peers.begin(), peers.end(),
        [&](const config::BgpPeer& peer) { return peer.name == down.first; });
  });
  for (const auto& [name, peer] : plan_.waiting) {
    down_since_.try_emplace(name, environment_.loop->Now());
  }
  FollowEstablished();
  return added;
}

void PeerSessions::FollowRouters(absl::Span<const config::BgpPeer> peers) {
  const absl::btree_set<std::string> interfaces = InterfacesOf(peers);
  if (interfaces.empty()) {
    finder_ = nullptr;
    return;
  }
  if (finder_ == nullptr) {
    finder_ = std::make_unique<bgp::RouterFinder>(
        bgp::RouterFinderPorts::From(environment_));
    finder_->SetObserver(observer_.on_routers);
  }
  finder_->Follow(interfaces);
}

std::vector<std::string> PeerSessions::FollowSessions() {
  // A peer may be promised a restart by a later change of the objects, too.
  if (plan_.restart_time > absl::ZeroDuration()) restart_.Keep();
  bgp::PeersChange change = speaker_->SetPeers(plan_.peers);
  for (const auto& [name, why] : change.refused) {
    refused_[name] = std::string(why.message());
  }
  const absl::Time now = environment_.loop->Now();
  for (const std::string& name : change.removed) down_since_.erase(name);
  for (const std::string& name : change.added) {
    down_since_.try_emplace(name, now);  // It may have waited for its router.
  }
  FollowBfd();
  FollowSignatures();
  return std::move(change.added);
}

void PeerSessions::MakeSpeaker() {
  bgp::SpeakerNodeOptions options = {
      .speaker = {.node_name = options_.node,
                  .restart = plan_.restart_time > absl::ZeroDuration()
                                 ? restart_.TakeUp(plan_.restart_time)
                                 : bgp::RestartState{}}};
  if (options_.listen) options.listen = *options_.listen;
  speaker_ = std::make_unique<bgp::SpeakerNode>(options,
                                                bgp::Ports::From(environment_));
  speaker_->SetObserver([this](const bgp::SpeakerNews& news) { OnNews(news); });
}

void PeerSessions::FollowBfd() {
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

void PeerSessions::FollowSignatures() {
  bgp::SignatureWatch::Peers unreached;
  const std::vector<bgp::PeerStatus> statuses = Statuses();
  for (const bgp::PeerOptions& peer : plan_.peers) {
    const auto status = std::find_if(
        statuses.begin(), statuses.end(),
        [&](const bgp::PeerStatus& one) { return one.name == peer.name; });
    if (status == statuses.end() || !status->last_error) continue;
    if (status->state == bgp::SessionState::kEstablished) continue;
    if (status->last_error->origin != bgp::SessionError::Origin::kTcp) continue;
    unreached[peer.name] = peer;
  }
  if (unreached.empty()) {
    signatures_ = nullptr;
    return;
  }
  if (signatures_ == nullptr) {
    signatures_ = std::make_unique<bgp::SignatureWatch>(
        bgp::SignatureWatchPorts::From(environment_));
  }
  signatures_->Follow(unreached);
}

void PeerSessions::OnLinks() {
  if (finder_ != nullptr) finder_->OnLinks();
  if (speaker_ != nullptr) speaker_->OnLinks();
  if (signatures_ != nullptr) signatures_->OnLinks();
}

void PeerSessions::OnNews(const bgp::SpeakerNews& news) {
  if (news.news.kind == bgp::SessionNews::Kind::kUp) {
    down_since_.erase(news.peer);
  } else {
    down_since_.try_emplace(news.peer, environment_.loop->Now());
  }
  FollowSignatures();
  FollowEstablished();
}

void PeerSessions::FollowEstablished() {
  const bool is_established =
      std::any_of(plan_.peers.begin(), plan_.peers.end(),
                  [this](const bgp::PeerOptions& peer) {
                    return !down_since_.contains(peer.name) &&
                           !refused_.contains(peer.name);
                  });
  if (std::exchange(is_established_, is_established) == is_established) return;
  observer_.on_established();
}

void PeerSessions::OnBfd(const bfd::SessionEvent& event) {
  if (event.change != bfd::SessionChange::kPeerFailed) return;
  const auto watched = plan_.watched.find(event.key);
  if (watched == plan_.watched.end()) return;
  for (const std::string& peer : watched->second) {
    // One that was refused has no session.
    speaker_->PeerFailed(peer).IgnoreError();
  }
}

void PeerSessions::SetRoutes(const std::string& peer,
                             const bgp::RouteSet& routes) {
  if (speaker_ != nullptr) Note(peer, speaker_->SetRoutes(peer, routes));
}

void PeerSessions::ChangeRoutes(const std::string& peer,
                                const bgp::RoutesChange& change) {
  if (speaker_ != nullptr) Note(peer, speaker_->ChangeRoutes(peer, change));
}

void PeerSessions::Note(const std::string& peer, const absl::Status& told) {
  untold_ = true;
  // A peer without a session is in refused_ already.
  if (told.ok() || absl::IsNotFound(told)) return;
  refused_[peer] = std::string(told.message());
}

void PeerSessions::BeginBatch() {
  if (speaker_ != nullptr) speaker_->BeginBatch();
}

void PeerSessions::EndBatch() {
  if (speaker_ != nullptr) untold_ |= speaker_->EndBatch();
}

void PeerSessions::Flush() {
  if (std::exchange(untold_, false)) speaker_->Flush();
}

void PeerSessions::Leave() {
  finder_ = nullptr;
  signatures_ = nullptr;
  if (speaker_ == nullptr) return;
  if (PromisesRestart(plan_)) {
    speaker_->Leave();
  } else {
    speaker_->Stop("lbd is stopping");
  }
}

absl::Time PeerSessions::DownSince(const std::string& peer) const {
  const auto since = down_since_.find(peer);
  return since == down_since_.end() ? environment_.loop->Now() : since->second;
}

std::vector<bgp::PeerStatus> PeerSessions::Statuses() const {
  if (speaker_ == nullptr) return {};
  return speaker_->Snapshot();
}

absl::btree_map<bfd::SessionKey, bfd::NodeSession> PeerSessions::BfdSessions()
    const {
  if (detector_ == nullptr) return {};
  return detector_->sessions();
}

std::optional<bgp::SignatureSeen> PeerSessions::SignatureOf(
    const std::string& peer) const {
  if (signatures_ == nullptr) return std::nullopt;
  return signatures_->seen(peer);
}

}  // namespace lb
