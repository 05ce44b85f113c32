#include "daemon/agent/announcing.h"

#include <algorithm>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "daemon/agent/strict_arp.h"

namespace lb {

Announcing::Announcing(AnnouncingOptions options,
                       const io::Environment& environment)
    : options_(std::move(options)),
      environment_(environment),
      macs_(environment),
      handover_(options_.handover),
      delivery_(options_.node, environment),
      announce_(NodeOptions(), environment),
      handover_timer_(environment.loop->NewTimer([this] { OnHandover(); })),
      delivery_timer_(environment.loop->NewTimer([this] { Apply(); })) {
  announce_.SetHandedOverObserver(
      [this](const announce::Announcement& announcement) {
        handover_.OnClaimed(environment_.loop->Now(), announcement.vip);
        OnHandover();
      });
}

announce::AnnounceNodeOptions Announcing::NodeOptions() const {
  announce::AnnounceNodeOptions node;
  node.interfaces = options_.interfaces;
  node.announcer.stall_max = options_.stall_max;
  node.announcer.precedence_of = [this](
                                     const announce::Announcement& announcement,
                                     const net::MacAddress& rival) {
    return PrecedenceOf(announcement.vip, rival);
  };
  return node;
}

// Members that are up hear of an election one after the other: who was elected
// just now must not leave the address to the one before. Where the two do not
// hear each other's gossip, only the order that both know decides.
announce::Precedence Announcing::PrecedenceOf(
    const net::IpAddress& vip, const net::MacAddress& mac) const {
  const std::optional<std::string> node = macs_.NodeOf(mac);
  if (!node || *node == options_.node) return announce::Precedence::kForeign;
  const RivalMember rival = options_.judge_rival(vip, *node);
  const auto since = since_.find(vip);
  const bool fresh = since != since_.end() &&
                     environment_.loop->Now() - since->second < kFresh;
  return rival.precedes && !(rival.live && fresh)
             ? announce::Precedence::kTheirs
             : announce::Precedence::kOurs;
}

absl::Status Announcing::Start(const std::vector<net::IpAddress>& leftovers) {
  absl::Status restored = macs_.Restore();
  if (options_.delivery == Delivery::kLoopback) {
    delivery_.RemoveLeftovers(leftovers);
  }
  announce_.Start();
  return restored;
}

void Announcing::Update(Elected elected) {
  const absl::Time now = environment_.loop->Now();
  BeginHandovers(now, elected);
  elected_ = std::move(elected);
  std::erase_if(since_, [&](const auto& known) {
    return !elected_.here.contains(known.first);
  });
  absl::btree_set<net::IpAddress> watched(elected_.elsewhere.begin(),
                                          elected_.elsewhere.end());
  for (const auto& [vip, terms] : elected_.here) {
    since_.try_emplace(vip, now);
    watched.insert(vip);
  }
  announce_.SetWatched(std::move(watched));
  Apply();
}

void Announcing::BeginHandovers(absl::Time now, const Elected& next) {
  for (const auto& [vip, terms] : elected_.here) {
    if (next.here.contains(vip) || !next.elsewhere.contains(vip)) continue;
    handover_.Begin(now, vip, terms.interfaces);
    // Left to a rival, say; but clients may not have heard that one yet.
    if (!Answers(vip)) handover_.OnClaimed(now, vip);
  }
  for (const net::IpAddress& vip : handover_.Delivering()) {
    if (!next.elsewhere.contains(vip)) handover_.Cancel(vip);
  }
}

void Announcing::OnHandover() {
  handover_.OnTimer(environment_.loop->Now());
  Apply();
  if (on_handover_) on_handover_();
}

void Announcing::Apply() {
  announce::Announcements all = elected_.here;
  for (const auto& [vip, interfaces] : handover_.Answering()) {
    all.try_emplace(vip,
                    announce::Terms{interfaces, announce::Role::kHandOver});
  }
  std::set<net::IpAddress> after = handover_.Delivering();
  for (const auto& [vip, terms] : elected_.here) after.insert(vip);
  const bool delivers = options_.delivery == Delivery::kLoopback;
  bool all_delivered = true;
  if (delivers) {
    std::set<net::IpAddress> both = after;
    both.insert(delivered_.begin(), delivered_.end());
    all_delivered = delivery_.Deliver(both);
    absl::erase_if(all, [this](const auto& announcement) {
      return !delivery_.Tried(announcement.first);
    });
  }
  announce_.SetAnnouncements(std::move(all));
  if (delivers) all_delivered &= delivery_.Deliver(after);
  if (!all_delivered) delivery_timer_->Arm(environment_.loop->Now());
  delivered_ = std::move(after);
  handover_timer_->Arm(handover_.NextDeadline());
}

void Announcing::Refresh() {
  absl::btree_set<net::IpAddress> all;
  for (const auto& [vip, terms] : elected_.here) all.insert(vip);
  announce_.Refresh(all);
}

void Announcing::Reclaim() {
  for (const auto& [vip, terms] : elected_.here) announce_.Reclaim(vip);
}

std::vector<AnnouncingInterface> Announcing::UsableInterfaces() const {
  std::vector<AnnouncingInterface> usable;
  for (const announce::InterfaceChoice& choice : announce_.interfaces()) {
    if (!announce::IsUsable(choice)) continue;
    usable.push_back({choice.interface.name, choice.interface.mac});
  }
  std::sort(usable.begin(), usable.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return usable;
}

std::vector<std::string> Announcing::StrictArpFaults(
    std::function<bool(const net::IpAddress&)> is_assigned) const {
  StrictArpFacts facts = {
      .is_assigned = std::move(is_assigned),
      .links = environment_.links->Links(),
      .delivers_on_loopback = options_.delivery == Delivery::kLoopback,
      .sysctl = environment_.sysctl};
  for (const AnnouncingInterface& interface : UsableInterfaces()) {
    facts.announcing.insert(interface.name);
  }
  return JudgeStrictArp(facts);
}

bool Announcing::Answers(const net::IpAddress& vip) const {
  if (fenced()) return false;
  const announce::Announcer& announcer = announce_.announcer();
  for (const AnnouncingInterface& interface : UsableInterfaces()) {
    const announce::Announcement announcement = {vip, interface.name};
    if (announcer.current().contains(announcement) &&
        announce::Answers(announcer.StateOf(announcement))) {
      return true;
    }
  }
  return false;
}

}  // namespace lb
