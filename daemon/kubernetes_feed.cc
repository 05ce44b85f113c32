#include "daemon/kubernetes_feed.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "lb/base/utc_text.h"
#include "lb/config/difference.h"

namespace lb {

namespace {

constexpr char kStrictArp[] = "StrictArp";

KeptObjectStore::Options KeptOptionsOf(const KubernetesFeed::Options& options) {
  return {
      .node = options.node.node,
      .owner =
          fmt::format("node {}, API server {}, namespace {}", options.node.node,
                      options.server, options.node.own_namespace),
      .manifests = {.load_balancer_class = options.node.load_balancer_class}};
}

}  // namespace

KubernetesFeed::KubernetesFeed(const Ports& ports, Options options,
                               const Prng& prng, Agent* agent)
    : ports_(ports),
      options_(std::move(options)),
      agent_(agent),
      kept_(KeptOptionsOf(options_),
            {ports.node.loop, ports.state, ports.node.log},
            [this] { return SightToKeep(); }),
      restored_(kept_.Restore()),
      started_at_(ports.node.loop->CivilNow()),
      timer_(ports.node.loop->NewTimer([this] { LookForServer(); })),
      node_(
          NodePorts(), options_.node, prng,
          [this](const SourceUpdate& update) { OnUpdate(update); },
          std::move(restored_.objects)),
      speaker_(ports.node.loop, agent, &node_),
      pods_(ports.node.loop, ports.node.client,
            {options_.node.own_namespace, options_.node.settings.speaker_pods},
            prng, [this] { OnPods(); }),
      kube_proxy_(ports.node.loop, ports.node.client,
                  [this](const std::string& fault) {
                    if (fault.empty()) return;
                    node_.Record(EventType::kWarning, kStrictArp, fault);
                  }) {}

void KubernetesFeed::Start() {
  if (!restored_.refused.ok()) {
    node_.Record(EventType::kWarning, "StateRefused",
                 std::string(restored_.refused.message()));
  }
  // Any service may exist, so nothing is released.
  config::Desired unknown;
  unknown.may_define.any = true;
  agent_->SetDesired(std::move(unknown));
  node_.Start();
  pods_.Start();
  kube_proxy_.Start();
  wait_until_ = ports_.node.loop->Now() + kServerWait;
  timer_->Arm(wait_until_);
}

// The first failure ends the wait for the server.
KubernetesNode::Ports KubernetesFeed::NodePorts() {
  KubernetesNode::Ports ports = ports_.node;
  ports.on_failure = [this] {
    const bool waits = wait_until_ != absl::InfinitePast() && !has_waited_;
    if (waits && !is_complete_) timer_->Arm(ports_.node.loop->Now());
  };
  return ports;
}

void KubernetesFeed::LookForServer() {
  if (is_complete_) return;
  has_waited_ = true;
  JoinAt(pods_.addresses());
  if (restored_.as_of == absl::InfinitePast()) return;
  uses_kept_ = true;
  const auto& desired = node_.source().desired();
  node_.Record(
      EventType::kNormal, "ObjectsRestored",
      fmt::format("{} objects of the API server as of {} are in force until "
                  "it was read",
                  desired->objects.size(), FormatUtc(restored_.as_of)));
  agent_->SetDesired(desired);
  JoinAt(restored_.pods);
}

void KubernetesFeed::OnEvent(const Event& event) {
  if (event.reason != kStrictArp) return;
  // As kubelet does, so that `kubectl describe node` shows it.
  const std::string& node = options_.node.node;
  node_.speaker()->Record({.type = kubernetes::KubernetesEventType::kWarning,
                           .reason = kStrictArp,
                           .action = "CheckStrictArp",
                           .note = event.message,
                           .regarding = {"v1", "Node", {"", node}, node}});
}

void KubernetesFeed::Stop(absl::AnyInvocable<void()> done) {
  kept_.Flush();
  node_.Stop(std::move(done));
}

void KubernetesFeed::OnUpdate(const SourceUpdate& update) {
  const bool was_complete =
      std::exchange(is_complete_, node_.source().is_complete());
  if (!was_complete) {
    for (const ServiceChange& change : update.services) {
      early_[change.record.name()] = RecordedOf(change);
    }
  }
  if (!is_complete_) return;
  if (!was_complete && !uses_kept_) {
    agent_->SetDesired(update.desired);  // It has nothing yet.
  } else if (!was_complete || update.difference != config::Difference()) {
    agent_->SetDesired(update.desired, update.difference);
  } else {
    agent_->KeepDesired(update.desired);
  }
  kept_.OnObjects(update.desired, update.objects);
  if (!was_complete) {
    JoinAt(pods_.addresses());
    return SetEarly();
  }
  for (const ServiceChange& change : update.services) {
    agent_->SetRecorded(change.record.name(), RecordedOf(change));
  }
}

void KubernetesFeed::SetEarly() {
  const auto early = std::exchange(early_, {});
  for (const ipam::Record& record :
       agent_->View().addresses.ledger().AllRecords()) {
    if (!early.contains(record.service)) {
      agent_->SetRecorded(record.service, {});
    }
  }
  for (const auto& [service, assignment] : early) {
    agent_->SetRecorded(service, assignment);
  }
}

ipam::Assignment KubernetesFeed::RecordedOf(const ServiceChange& change) const {
  const ServiceRecord& record = change.record;
  ipam::Assignment recorded;
  const bool is_ours =
      change.kind == ServiceChange::Kind::kSet && record.is_load_balancer &&
      record.load_balancer_class == options_.node.load_balancer_class;
  if (!is_ours) return recorded;
  for (ipam::AssignedAddress& assigned : record.Assigned()) {
    // One of each family, as the controller writes it; others wrote the rest.
    const bool is_second =
        !recorded.addresses.empty() &&
        recorded.addresses.back().address.family() == assigned.address.family();
    if (!is_second) recorded.addresses.push_back(assigned);
  }
  return recorded;
}

void KubernetesFeed::OnPods() {
  // Speakers of MetalLB leave addresses to a member that they hear of, at once.
  if (is_complete_ || has_waited_) JoinAt(pods_.addresses());
  kept_.OnPods();
  const std::string& pod = options_.node.pod;
  node_.speaker()->SetPod({pod, pods_.UidOf(pod)});
}

void KubernetesFeed::JoinAt(const std::vector<net::IpAddress>& pods) {
  std::vector<net::Endpoint> endpoints;
  for (const net::IpAddress& address : pods) {
    endpoints.push_back({address, options_.gossip_port});
  }
  agent_->JoinAt(endpoints);
}

KeptObjectStore::Sight KubernetesFeed::SightToKeep() const {
  return {.as_of = node_.followed_at(),
          .pods = pods_.is_listed() ? pods_.addresses() : restored_.pods};
}

ApiServerSight KubernetesFeed::Sight() const {
  const absl::Time followed_at = node_.followed_at();
  return {.trouble = node_.source().Trouble(),
          .away_since = std::max(followed_at, started_at_),
          .as_of = std::max(followed_at, restored_.as_of),
          .kube_proxy_fault = kube_proxy_.fault()};
}

}  // namespace lb
