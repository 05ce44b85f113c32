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

absl::Duration RestartTimeOf(const PeerPlan& plan) {
  absl::Duration longest;
  for (const bgp::PeerOptions& peer : plan.peers) {
    longest = std::max(longest, peer.restart_time.value_or(longest));
  }
  return longest;
}

}  // namespace

PeerSessions::PeerSessions(std::string node, std::string boot_id,
                           const io::Environment& environment)
    : node_(std::move(node)),
      environment_(environment),
      restart_(std::move(boot_id), io::StatePorts::From(environment)) {}

std::vector<std::string> PeerSessions::Follow(
    absl::Span<const config::BgpPeer> peers) {
  const auto links = environment_.links->Links();
  plan_ = PlanPeers(peers, links);
  refused_ = plan_.refused;
  if (speaker_ == nullptr && !plan_.peers.empty()) MakeSpeaker();
  if (speaker_ == nullptr) return {};
  bgp::PeersChange change = speaker_->SetPeers(plan_.peers);
  for (const auto& [name, why] : change.refused) {
    refused_[name] = std::string(why.message());
  }
  const absl::Time now = environment_.loop->Now();
  for (const std::string& name : change.added) down_since_[name] = now;
  for (const std::string& name : change.removed) down_since_.erase(name);
  FollowBfd();
  return std::move(change.added);
}

void PeerSessions::MakeSpeaker() {
  speaker_ = std::make_unique<bgp::SpeakerNode>(
      bgp::SpeakerNodeOptions{
          .speaker = {.node_name = node_,
                      .restart = PromisesRestart(plan_)
                                     ? restart_.TakeUp(RestartTimeOf(plan_))
                                     : bgp::RestartState{}}},
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

void PeerSessions::OnLinks() {
  if (speaker_ != nullptr) speaker_->OnLinks();
}

void PeerSessions::OnNews(const bgp::SpeakerNews& news) {
  if (news.news.kind == bgp::SessionNews::Kind::kUp) {
    down_since_.erase(news.peer);
  } else {
    down_since_.try_emplace(news.peer, environment_.loop->Now());
  }
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

}  // namespace lb
