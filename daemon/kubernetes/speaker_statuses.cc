#include "daemon/kubernetes/speaker_statuses.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "daemon/kubernetes/service_bgp_status.h"
#include "daemon/kubernetes/service_l2_status.h"
#include "daemon/kubernetes/source_kinds.h"
#include "fmt/format.h"
#include "lb/base/label_syntax.h"

namespace lb {
namespace {

StatusObjectWriter::Options ServiceOptionsOf(
    const SpeakerStatuses::Options& options,
    std::function<std::string(const std::string&)> name_of) {
  return {.list = ServiceL2StatusesOf(options.node, options.own_namespace),
          .kind = std::string(kServiceL2Status),
          .read = ReadServiceL2Status,
          .name_of = std::move(name_of)};
}

StatusObjectWriter::Options RoutedOptionsOf(
    const SpeakerStatuses::Options& options,
    std::function<std::string(const std::string&)> name_of) {
  return {.list = ServiceBgpStatusesOf(options.node, options.own_namespace),
          .kind = std::string(kServiceBgpStatus),
          .read = ReadServiceBgpStatus,
          .name_of = std::move(name_of)};
}

}  // namespace

SpeakerStatuses::SpeakerStatuses(const Ports& ports, Options options,
                                 const Prng& prng)
    : ports_(ports),
      options_(std::move(options)),
      prng_(prng),
      places_(options_.node),
      writer_(ports.loop, ports.client, {}, prng.Fork("writer")),
      events_(
          ports.loop, &writer_,
          {.controller = "metallb.io/lbd-speaker", .instance = options_.node}),
      services_(
          {ports.loop, ports.client, &writer_, ports.record},
          ServiceOptionsOf(
              options_, [this](const std::string&) { return NewName("l2-"); }),
          prng),
      routed_(
          {ports.loop, ports.client, &writer_, ports.record},
          RoutedOptionsOf(
              options_, [this](const std::string&) { return NewName("bgp-"); }),
          prng.Fork("routed")),
      configuration_({ports.loop, ports.client, &writer_, ports.record},
                     ConfigurationReader::Speaker(options_.node),
                     options_.own_namespace, prng) {
  timer_ = ports_.loop->NewTimer([this] { Visit(); });
}

void SpeakerStatuses::OnUpdate(const SourceUpdate& update, bool is_complete) {
  for (const ServiceChange& change : update.services) {
    const std::string service = change.record.name();
    if (change.kind == ServiceChange::Kind::kSet &&
        change.record.is_load_balancer) {
      uids_[service] = change.record.meta.uid;
    } else {
      uids_.erase(service);
    }
  }
  if (is_complete) configuration_.Follow(update);
}

void SpeakerStatuses::SetPlace(const std::string& service,
                               L2Places::Place place) {
  const L2Places::Effect effect = places_.Set(service, std::move(place));
  if (!acts_ || !effect.is_news) return;
  Put(service);
  services_.CarryOut();
  if (!effect.takes_over) return;
  TellTakeover(service);
  const absl::Time at = ports_.loop->Now() + kVisitDelay;
  for (const std::string& node : effect.from) {
    // A member may have any name; such a one labels no object.
    if (CheckLabelValue(node).ok()) visits_.emplace(node, at);
  }
  Visit();
}

void SpeakerStatuses::SetPeers(const std::string& service,
                               std::vector<std::string> peers) {
  const auto known = peers_.find(service);
  if (known == peers_.end() ? peers.empty() : peers == known->second) return;
  peers_[service] = std::move(peers);
  had_peers_ = true;
  if (!acts_) return;
  PutPeers(service);
  CarryOutPeers();
}

void SpeakerStatuses::PutPeers(const std::string& service) {
  const std::vector<std::string>& peers = peers_.at(service);
  if (peers.empty()) return routed_.objects().Unwant(service);
  routed_.objects().Want(
      service, WishOf(ServiceBgpStatus{options_.node, service, peers}));
}

void SpeakerStatuses::CarryOutPeers() {
  std::erase_if(peers_, [](const auto& one) { return one.second.empty(); });
  if (has_routed_) return routed_.CarryOut();
  if (!had_peers_) return;
  has_routed_ = true;
  routed_.Start();
}

void SpeakerStatuses::Erase(const std::string& service) {
  SetPeers(service, {});
  places_.Erase(service);
  Put(service);
  services_.CarryOut();
}

void SpeakerStatuses::SetActs(bool acts) {
  if (acts == acts_) return;
  acts_ = acts;
  if (!acts_) return;
  for (const std::string& service : places_.Services()) Put(service);
  std::exchange(has_begun_, true) ? services_.CarryOut() : services_.Start();
  for (const auto& [service, peers] : peers_) PutPeers(service);
  CarryOutPeers();
}

void SpeakerStatuses::SetPod(const StatusOwner& pod) {
  services_.objects().SetOwner(pod);
  services_.CarryOut();
  routed_.objects().SetOwner(pod);
  if (has_routed_) routed_.CarryOut();
  configuration_.SetOwner(pod);
}

// As the API server makes names: some letters, of which none makes a word.
std::string SpeakerStatuses::NewName(std::string_view prefix) {
  constexpr std::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789";
  std::string name(prefix);
  for (int i = 0; i < 8; ++i) name += kLetters[prng_.Uniform(kLetters.size())];
  return name;
}

void SpeakerStatuses::Put(const std::string& service) {
  const L2Places::Place* const place = places_.FindHere(service);
  if (place == nullptr) return services_.objects().Unwant(service);
  services_.objects().Want(
      service,
      WishOf(ServiceL2Status{options_.node, service, place->interfaces}));
}

void SpeakerStatuses::TellTakeover(const std::string& service) {
  const auto uid = uids_.find(service);
  if (uid == uids_.end()) return;
  events_.Record({.reason = "nodeAssigned",
                  .action = "Announce",
                  .note = fmt::format(
                      "announcing from node \"{}\" with protocol \"layer2\"",
                      options_.node),
                  .regarding = {"v1", "Service", KeyOf(service), uid->second}});
}

void SpeakerStatuses::Visit() {
  if (visit_ != nullptr || visits_.empty()) return timer_->Disarm();
  const auto next = std::min_element(
      visits_.begin(), visits_.end(),
      [](const auto& a, const auto& b) { return a.second < b.second; });
  if (next->second > ports_.loop->Now()) return timer_->Arm(next->second);
  const std::string node = next->first;
  visits_.erase(next);
  visit_ = std::make_unique<StatusObjectList>(
      ports_.loop, ports_.client,
      ServiceL2StatusesOf(node, options_.own_namespace), prng_,
      StatusObjectList::Handlers{
          ReadServiceL2Status,
          [this, node](const auto& objects) { OnVisited(node, objects); }});
}

void SpeakerStatuses::OnVisited(
    const std::string& node,
    const std::vector<StatusObjects::Object>& objects) {
  visit_.reset();
  for (const StatusObjects::Object& object : objects) {
    if (object.key.empty() || places_.FindHere(object.key) == nullptr) continue;
    if (places_.IsAnnouncedBy(object.key, node)) continue;
    services_.objects().Delete(object.name);
  }
  services_.CarryOut();
  Visit();
}

}  // namespace lb
