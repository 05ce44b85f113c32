#include "daemon/speaker_feed.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "daemon/agent/life_stage.h"
#include "daemon/kubernetes/configuration_state.h"
#include "daemon/kubernetes/l2_places.h"
#include "daemon/kubernetes/speaker_statuses.h"
#include "daemon/node_view/node_view.h"
#include "daemon/placement/cluster_view.h"
#include "daemon/placement/placement.h"
#include "daemon/routes/route_planner.h"
#include "daemon/routing/routing.h"
#include "lb/election/announcer.h"

namespace lb {
namespace {

constexpr absl::Duration kSettled = absl::Seconds(1);

L2Places::Place PlaceOf(const ServicePlacement& placed,
                        const std::string& node) {
  L2Places::Place place;
  for (const election::Announcer& announcer : placed.announcers) {
    if (announcer.protocol != election::Protocol::kLayer2) continue;
    place.nodes.push_back(announcer.node);
    if (announcer.node == node) place.interfaces = announcer.interfaces;
  }
  return place;
}

}  // namespace

SpeakerFeed::SpeakerFeed(io::Loop* loop, Agent* agent, KubernetesNode* node)
    : loop_(loop), agent_(agent), node_(node) {
  timer_ = loop_->NewTimer([this] { node_->speaker()->SetActs(true); });
  agent_->outcomes().Subscribe(
      [this, alive = std::weak_ptr<bool>(alive_)](const Outcome& outcome) {
        if (!alive.expired()) OnOutcome(outcome);
      });
  agent_->outcomes().SubscribeToLooks(
      [this, alive = std::weak_ptr<bool>(alive_)] {
        if (!alive.expired()) OnLook();
      });
}

void SpeakerFeed::OnOutcome(const Outcome& outcome) {
  SpeakerStatuses* const statuses = node_->speaker();
  if (!outcome.announces) statuses->SetActs(false);
  const RoutePlanner& planner = agent_->View().routing.planner();
  for (const std::string& service : outcome.changed) {
    statuses->SetPeers(service, planner.PeersOf(service));
    const auto placed = outcome.after.placement.find(service);
    if (placed != outcome.after.placement.end()) {
      statuses->SetPlace(service, PlaceOf(placed->second, node_->name()));
    } else if (outcome.after.entries.contains(service)) {
      statuses->SetPlace(service, {});
    } else {
      statuses->Erase(service);
    }
  }
}

void SpeakerFeed::OnLook() {
  const NodeView view = agent_->View();
  node_->speaker()->SetLost(LostMembersText(view.gossip().lost()));
  LookForSpeakers();
  const bool acts = Acts(view.stage) && !Leaves(view.stage);
  const bool is_settled =
      acts && node_->source().is_complete() && !view.ledger.is_behind;
  if (!acts) node_->speaker()->SetActs(false);
  if (std::exchange(is_settled_, is_settled) == is_settled) return;
  is_settled ? timer_->Arm(loop_->Now() + kSettled) : timer_->Disarm();
}

void SpeakerFeed::LookForSpeakers() {
  std::set<std::string> others;
  for (const LiveMember& member : agent_->View().elections.live()) {
    if (!member.metadata) others.insert(member.name);
  }
  const bool came = !std::includes(others_.begin(), others_.end(),
                                   others.begin(), others.end());
  others_ = std::move(others);
  if (came) node_->speaker()->OnSpeakerCame();
}

}  // namespace lb
