#include "daemon/announcing/announcing.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "lb/announce/strict_arp.h"

namespace lb {

Announcing::Announcing(AnnouncingOptions options,
                       const io::Environment& environment)
    : options_(std::move(options)),
      environment_(environment),
      macs_(environment.loop, environment.state),
      handover_(options_.handover),
      delivery_(options_.node,
                announce::LoopbackDelivery::Ports::From(environment)),
      announce_(NodeOptions(), announce::Ports::From(environment)),
      handover_timer_(environment.loop->NewTimer([this] { OnHandover(); })),
      claims_timer_(environment.loop->NewTimer([this] { OnDelivery(); })),
      delivery_timer_(environment.loop->NewTimer([this] { OnDelivery(); })) {
  announce_.SetInterfacesObserver([this] { OnLinks(); });
  announce_.SetDeliveryObserver(
      [this] { claims_timer_->Arm(environment_.loop->Now()); });
  announce_.SetConflictObserver([this](const announce::Conflict& conflict) {
    const net::IpAddress& vip = conflict.announcement.vip;
    if (elected_.here.contains(vip)) disputed_.insert(vip);
    if (on_conflict_) on_conflict_(conflict);
  });
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
  node.announcer.is_spare = options_.is_spare;
  node.announcer.awaits_delivery = options_.delivery == Delivery::kLoopback;
  node.announcer.precedence_of = [this](
                                     const announce::Announcement& announcement,
                                     const net::MacAddress& rival) {
    return PrecedenceOf(announcement.vip, rival);
  };
  return node;
}

// Members that are up hear of an election one after the other. A node that was
// just elected must not leave the address to the owner before it. If the two do
// not hear each other's gossip, only the order that both know decides.
announce::Precedence Announcing::PrecedenceOf(
    const net::IpAddress& vip, const net::MacAddress& mac) const {
  const std::optional<std::string> node = macs_.NodeOf(mac);
  if (!node || *node == options_.node) return announce::Precedence::kForeign;
  const RivalMember rival = options_.judge_rival(vip, *node);
  if (rival.owns) return announce::Precedence::kForeign;
  const auto since = since_.find(vip);
  const bool fresh = since != since_.end() &&
                     environment_.loop->Now() - since->second < kFresh;
  return rival.precedes && !(rival.live && fresh)
             ? announce::Precedence::kTheirs
             : announce::Precedence::kOurs;
}

absl::Status Announcing::Start() {
  absl::Status restored = macs_.Restore();
  delivery_.RemoveLeftovers();  // Also those of a run with other options.
  if (options_.delivery == Delivery::kLoopback) delivery_.Follow();
  announce_.Start();
  return restored;
}

void Announcing::Change(const ElectedChange& change) {
  const absl::Time now = environment_.loop->Now();
  std::set<net::IpAddress> due;
  Watched watched;
  for (const auto& [vip, place] : change) {
    BeginHandover(now, vip, place);
    Put(now, vip, place, watched);
    EndHandover(vip);
    due.insert(due.end(), vip);
  }
  Apply(std::move(due), watched);
}

void Announcing::BeginHandover(absl::Time now, const net::IpAddress& vip,
                               const ElectedPlace& next) {
  const auto here = elected_.here.find(vip);
  if (here == elected_.here.end() || next.here || !next.elsewhere) return;
  // This node hands over only addresses that it answers for.
  if (Answers(vip)) handover_.Begin(now, vip, here->second.interfaces);
}

void Announcing::EndHandover(const net::IpAddress& vip) {
  if (elected_.elsewhere.contains(vip)) return;
  elected_.here.contains(vip) ? handover_.Keep(vip) : handover_.Cancel(vip);
}

void Announcing::Put(absl::Time now, const net::IpAddress& vip,
                     const ElectedPlace& place, Watched& watched) {
  const bool was_watched =
      elected_.here.contains(vip) || elected_.elsewhere.contains(vip);
  if (place.here) {
    elected_.here.insert_or_assign(vip, *place.here);
    since_.try_emplace(vip, now);
  } else {
    elected_.here.erase(vip);
    since_.erase(vip);
    disputed_.erase(vip);
  }
  if (place.elsewhere) {
    elected_.elsewhere.insert(vip);
  } else {
    elected_.elsewhere.erase(vip);
  }
  const bool is_watched = place.here || place.elsewhere;
  if (is_watched != was_watched) watched.emplace(vip, is_watched);
}

void Announcing::OnHandover() {
  handover_.OnTimer(environment_.loop->Now());
  Apply({}, {});
  if (on_handover_) on_handover_();
}

void Announcing::Apply(std::set<net::IpAddress> due, const Watched& watched) {
  absl::btree_set<net::IpAddress> handed = handover_.TakeChanged();
  due.insert(handed.begin(), handed.end());
  announce::AnnouncementChanges changes;
  for (const net::IpAddress& vip : due) {
    auto& terms = changes[vip];
    const auto here = elected_.here.find(vip);
    const auto* const answering = handover_.Answering(vip);
    if (here != elected_.here.end()) {
      terms = here->second;
    } else if (answering != nullptr) {
      terms = {*answering, announce::Role::kHandOver};
    }
  }
  announce_.ChangeAnnouncements(changes, watched);
  Deliver(std::move(handed));
}

void Announcing::OnLinks() {
  if (options_.delivery == Delivery::kLoopback) {
    if (delivery_.Follow()) OnDelivery();
  } else if (!delivery_.Faults().empty()) {
    delivery_.RemoveLeftovers();
  }
  if (on_interfaces_) on_interfaces_();
}

void Announcing::OnDelivery() {
  Deliver();
  if (on_delivery_) on_delivery_();
}

void Announcing::Deliver(absl::btree_set<net::IpAddress> due) {
  const absl::btree_set<net::IpAddress> changes =
      announce_.TakeDeliveryChanges();
  if (options_.delivery == Delivery::kLoopback) {
    for (const net::IpAddress& vip : changes) {
      FollowClaim(vip);
      due.insert(vip);
    }
    due.merge(handover_.TakeChanged());
    for (const net::IpAddress& vip : due) delivery_.Want(vip, IsWanted(vip));
    const bool all_done = delivery_.Deliver();
    announce::Announcer::Delivered delivered;
    for (const net::IpAddress& vip : delivery_.TakeChanged()) {
      delivered.emplace(vip, delivery_.Delivers(vip));
    }
    delivery_timer_->Arm(all_done ? delivery_.NextDeadline()
                                  : environment_.loop->Now());
    if (!delivered.empty()) announce_.ChangeDelivered(delivered);
  }
  handover_timer_->Arm(handover_.NextDeadline());
}

void Announcing::ChangeRouted(
    const absl::btree_map<net::IpAddress, bool>& changes) {
  if (options_.delivery != Delivery::kLoopback || changes.empty()) return;
  absl::btree_set<net::IpAddress> due;
  for (const auto& [vip, is_routed] : changes) {
    if (is_routed) {
      routed_.insert(vip);
    } else {
      routed_.erase(vip);
    }
    due.insert(due.end(), vip);
  }
  Deliver(std::move(due));
}

bool Announcing::IsWanted(const net::IpAddress& vip) const {
  return claimed_.contains(vip) || handover_.Delivers(vip) ||
         (routed_.contains(vip) &&
          !announce_.announcer().IsLeftToForeigner(vip));
}

// When this node yields to a member, clients turn to that member one by one, so
// the address stays delivered for a while. When it yields to a foreign host, it
// stops delivery at once: its own kernel must reach that host.
void Announcing::FollowClaim(const net::IpAddress& vip) {
  const announce::Announcer& announcer = announce_.announcer();
  if (announcer.IsToDeliver(vip)) {
    claimed_.insert(vip);
    return;
  }
  if (claimed_.erase(vip) == 0) return;
  auto it = announcer.current().lower_bound({vip, ""});
  for (; it != announcer.current().end() && it->first.vip == vip; ++it) {
    if (announcer.StateOf(it->first) == announce::ClaimState::kYielded) {
      handover_.Yield(environment_.loop->Now(), vip);
    }
  }
}

void Announcing::Learn(const std::string& node, const NodeMetadata& metadata) {
  if (!metadata.interfaces) return;
  std::vector<net::MacAddress> macs;
  for (const AnnouncingInterface& interface : *metadata.interfaces) {
    macs.push_back(interface.mac);
  }
  macs_.Learn(node, macs);
}

void Announcing::Refresh() {
  absl::btree_set<net::IpAddress> all;
  for (const auto& [vip, terms] : elected_.here) all.insert(vip);
  announce_.Refresh(all);
}

void Announcing::Reclaim() {
  for (const auto& [vip, terms] : elected_.here) announce_.Reclaim(vip);
}

std::set<std::string> Announcing::UsableInterfaces() const {
  std::set<std::string> names;
  for (const announce::InterfaceChoice& choice : announce_.interfaces()) {
    if (announce::IsUsable(choice)) names.insert(choice.interface.name);
  }
  return names;
}

std::vector<AnnouncingInterface> Announcing::InterfacesToTell(
    const std::set<std::string>& wanted) const {
  const net::IpFamilies undeliverable = Undeliverable();
  std::vector<AnnouncingInterface> usable;
  for (const announce::InterfaceChoice& choice : announce_.interfaces()) {
    if (!announce::IsUsable(choice)) continue;
    const net::IpFamilies families = {
        .ipv4 = choice.arp == announce::InterfaceState::kUsable &&
                !undeliverable.ipv4,
        .ipv6 = choice.ndp == announce::InterfaceState::kUsable &&
                !undeliverable.ipv6};
    usable.push_back({choice.interface.name, choice.interface.mac, families});
    for (const std::string& name : choice.interface.alt_names) {
      if (wanted.contains(name)) usable.push_back({name, {}, families});
    }
  }
  std::sort(usable.begin(), usable.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return usable;
}

std::vector<std::string> Announcing::StrictArpFaults(
    std::function<bool(const net::IpAddress&)> is_assigned) const {
  announce::StrictArpFacts facts = {
      .is_assigned = std::move(is_assigned),
      .links = environment_.links->Links(),
      .delivers_on_loopback = options_.delivery == Delivery::kLoopback,
      .sysctl = environment_.sysctl};
  facts.announcing = UsableInterfaces();
  return announce::JudgeStrictArp(facts);
}

std::string Withheld::ToString() const {
  const std::string host = fmt::format("{}: {} ({})", interface, mac.ToString(),
                                       node ? "member " + *node : "no member");
  if (!by_proxy) return host + " has it";
  return host +
         " answers for every address near it (proxy ARP, or an ND proxy)";
}

std::string_view Withheld::ProxyRemedy() {
  return "that off there, or lb.io/announce-despite-proxy-arp: \"true\" on the "
         "pool";
}

std::vector<Withheld> Announcing::WithheldOf(const net::IpAddress& vip) const {
  std::vector<Withheld> withheld;
  for (const announce::WithheldAddress& found :
       announce_.announcer().Withheld(vip)) {
    withheld.push_back({.interface = found.announcement.interface,
                        .mac = found.rival,
                        .node = macs_.NodeOf(found.rival),
                        .by_proxy = found.by_proxy,
                        .since = found.since});
  }
  return withheld;
}

std::vector<WithheldFact> Announcing::WithheldFactsOf(
    const net::IpAddress& vip, absl::Duration civil_offset) const {
  std::vector<WithheldFact> facts;
  for (const Withheld& withheld : WithheldOf(vip)) {
    const int64_t since = absl::ToUnixSeconds(withheld.since + civil_offset);
    facts.push_back({.address = vip,
                     .interface = withheld.interface,
                     .mac = withheld.mac,
                     .member = withheld.node.value_or(""),
                     .by_proxy = withheld.by_proxy,
                     .since = absl::FromUnixSeconds(since)});
  }
  return facts;
}

WithheldFacts Announcing::AllWithheld(absl::Duration civil_offset) const {
  WithheldFacts all;
  for (const net::IpAddress& vip : disputed_) {
    for (WithheldFact& fact : WithheldFactsOf(vip, civil_offset)) {
      all.facts.push_back(std::move(fact));
    }
  }
  return all;
}

bool Announcing::Answers(const net::IpAddress& vip) const {
  return !fenced() && announce_.announcer().IsAnswered(vip);
}

}  // namespace lb
