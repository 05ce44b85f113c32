#include "daemon/kubernetes_feed.h"

#include <utility>
#include <vector>

#include "lb/config/difference.h"

namespace lb {

KubernetesFeed::KubernetesFeed(const KubernetesNode::Ports& ports,
                               Options options, const Prng& prng, Agent* agent)
    : options_(std::move(options)),
      agent_(agent),
      node_(ports, options_.node, prng,
            [this](const SourceUpdate& update) { OnUpdate(update); }),
      speaker_(ports.loop, agent, &node_),
      pods_(ports.loop, ports.client, options_.node.own_namespace, prng,
            [this] { OnPods(); }) {}

void KubernetesFeed::Start() {
  // It says that any service may exist, so nothing is released.
  agent_->SetDesired(node_.source().desired());
  node_.Start();
  speaker_.Start();
  pods_.Start();
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
  const bool is_news =
      !was_complete || update.difference != config::Difference();
  is_news ? agent_->SetDesired(update.desired, update.difference)
          : agent_->KeepDesired(update.desired);
  if (!was_complete) return SetEarly();
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
  std::vector<net::Endpoint> endpoints;
  for (const net::IpAddress& address : pods_.addresses()) {
    endpoints.push_back({address, options_.gossip_port});
  }
  agent_->JoinAt(endpoints);
  const std::string& pod = options_.node.pod;
  node_.speaker()->SetPod({pod, pods_.UidOf(pod)});
}

}  // namespace lb
