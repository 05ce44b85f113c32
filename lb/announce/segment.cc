#include "lb/announce/segment.h"

#include <algorithm>

#include "lb/announce/arp_responder.h"
#include "lb/announce/ndp_responder.h"
#include "lb/base/check.h"

namespace lb::announce {
namespace {

std::vector<uint8_t> AnnouncementFrame(const Interface& interface,
                                       const ScheduledFrame& frame) {
  switch (frame.form) {
    case AnnouncementForm::kArpRequest:
      return GratuitousRequestFrame(interface.mac, frame.address);
    case AnnouncementForm::kArpReply:
      return GratuitousReplyFrame(interface.mac, frame.address);
    case AnnouncementForm::kNdpAdvertisement:
      return UnsolicitedAdvertFrame(interface.mac, frame.address);
    case AnnouncementForm::kProbe:
      break;  // Probe()'s.
  }
  LB_UNREACHABLE();
}

std::vector<uint8_t> QuestionToAll(const net::MacAddress& own_mac,
                                   const net::IpAddress& address) {
  return address.is_ipv4() ? ArpProbeFrame(own_mac, net::kBroadcastMac, address)
                           : DuplicateDetectionFrame(own_mac, address);
}

}  // namespace

Segment::Segment(const ScheduleOptions& schedule_options,
                 const ClaimOptions* claim_options, const Demand* demand,
                 Interface interface, Prng prng)
    : claim_options_(claim_options),
      demand_(demand),
      interface_(std::move(interface)),
      schedule_(schedule_options, std::move(prng)) {}

void Segment::Hold(const net::IpAddress& vip) {
  held_.insert(vip);
  claims_.try_emplace(vip, claim_options_);
}

void Segment::SetInterface(Interface interface) {
  if (interface_ != interface) released_.Clear();
  interface_ = std::move(interface);
}

void Segment::Drop(absl::Time now, const net::IpAddress& vip) {
  held_.erase(vip);
  if (const auto it = claims_.find(vip); it != claims_.end()) {
    if (it->second.IsUndisputed(now)) released_.Add(now, vip);
    deadlines_.erase({it->second.deadline(), vip});
    claims_.erase(it);
  }
  schedule_.Stop(vip);
  schedule_.SetPeriod(absl::InfinitePast(), vip, std::nullopt);
}

void Segment::Start(absl::Time now, const net::IpAddress& vip, Role role) {
  const bool was_ours = released_.Take(now, vip);
  if (!was_ours || role != Role::kProbeFirst) return Begin(now, vip, role);
  Take(now, vip, [&](Claim& claim) { return claim.BeginOnTrial(now); });
}

void Segment::Begin(absl::Time now, const net::IpAddress& vip, Role role) {
  Take(now, vip, [&](Claim& claim) { return claim.Begin(now, role); });
}

void Segment::HandOver(absl::Time now, const net::IpAddress& vip) {
  Take(now, vip, [&](Claim& claim) { return claim.HandOver(now); });
}

void Segment::SetDelivered(absl::Time now, const net::IpAddress& vip,
                           bool delivered) {
  if (!held_.contains(vip)) return;
  Take(now, vip,
       [&](Claim& claim) { return claim.SetDelivered(now, delivered); });
}

void Segment::Retry(absl::Time now, const net::IpAddress& vip) {
  Take(now, vip, [&](Claim& claim) { return claim.Retry(now); });
}

void Segment::OnRival(absl::Time now, const net::IpAddress& vip,
                      const Rival& rival) {
  Take(now, vip, [&](Claim& claim) { return claim.OnRival(now, rival); });
}

void Segment::Renew(absl::Time now, const net::IpAddress& vip) {
  const ClaimState state = StateOf(vip);
  if (state == ClaimState::kProbing || claims_.at(vip).on_trial()) {
    Begin(now, vip, Role::kProbeFirst);
  } else if (state == ClaimState::kAnnouncing) {
    Begin(now, vip, Role::kAnnounce);
  }
}

void Segment::Refresh(absl::Time now, const net::IpAddress& vip) {
  schedule_.AnnounceOnce(now, vip, Urgency::kAsRepeat);
}

void Segment::RefreshOne(absl::Time now) {
  const auto announced = std::find_if(
      held_.begin(), held_.end(),
      [this](const net::IpAddress& vip) { return Answers(StateOf(vip)); });
  if (announced != held_.end()) Refresh(now, *announced);
}

void Segment::Rest(absl::Time now) {
  released_.Clear();
  for (const net::IpAddress& vip : held_) {
    Take(now, vip, [&](Claim& claim) { return claim.Rest(now); });
  }
}

std::vector<UnaskedFrame> Segment::TakeDue(absl::Time now) {
  std::vector<UnaskedFrame> frames;
  for (const net::IpAddress& decoy : proxies_.TakeQuestions(now)) {
    frames.push_back({.vip = decoy,
                      .is_probe = true,
                      .bytes = QuestionToAll(interface_.mac, decoy)});
  }
  RunDeadlines(now);
  // Once more if a claim went on to something that is due at once.
  while (schedule_.NextDeadline() <= now) {
    for (const ScheduledFrame& due : schedule_.TakeDue(now)) {
      if (due.form != AnnouncementForm::kProbe) {
        frames.push_back(
            {.vip = due.address, .bytes = AnnouncementFrame(interface_, due)});
      } else if (auto probe = Probe(now, due.address)) {
        frames.push_back(*std::move(probe));
      }
    }
  }
  return frames;
}

absl::Time Segment::NextDeadline() const {
  const absl::Time scheduled =
      std::min({schedule_.NextDeadline(), proxies_.NextDeadline(),
                released_.NextDeadline()});
  if (deadlines_.empty()) return scheduled;
  return std::min(scheduled, deadlines_.begin()->first);
}

void Segment::Take(absl::Time now, const net::IpAddress& vip,
                   absl::FunctionRef<Claim::Step(Claim&)> act) {
  Claim& claim = claims_.at(vip);
  const ClaimState before = claim.state();
  deadlines_.erase({claim.deadline(), vip});
  const Claim::Step step = act(claim);
  if (claim.deadline() != absl::InfiniteFuture()) {
    deadlines_.emplace(claim.deadline(), vip);
  }
  Schedule(now, vip, step.move);
  const bool ends_trial = step.move == Claim::Move::kEndProbes;
  if (claim.state() == before && !step.report && !ends_trial) return;
  changes_.push_back({.vip = vip,
                      .before = before,
                      .after = claim.state(),
                      .on_trial = claim.on_trial(),
                      .rival = claim.rival(),
                      .report = step.report});
}

void Segment::Schedule(absl::Time now, const net::IpAddress& vip,
                       Claim::Move move) {
  const absl::Time asked = demand_->LastAsked(vip);
  switch (move) {
    case Claim::Move::kNone:
      return;
    case Claim::Move::kAnnounce:
      schedule_.StopProbes(vip);
      return schedule_.Start(now, vip, asked);
    case Claim::Move::kTry:
      return schedule_.Start(now, vip, asked);
    case Claim::Move::kEndProbes:
      return schedule_.StopProbes(vip);
    case Claim::Move::kAnnounceOnce:
      return schedule_.AnnounceOnce(now, vip, Urgency::kAsFirst);
    case Claim::Move::kTryFirst:
      schedule_.StartProbes(now, vip, claim_options_->probe_interval, asked);
      return schedule_.Start(now, vip, asked);
    case Claim::Move::kProbe:
      return schedule_.StartProbes(now, vip, claim_options_->probe_interval,
                                   asked);
    case Claim::Move::kWatch:
      return schedule_.StartProbes(now, vip, claim_options_->watch_interval,
                                   asked);
    case Claim::Move::kKeepQuiet:
    case Claim::Move::kSilence:
      return schedule_.Stop(vip);
  }
  LB_UNREACHABLE();
}

void Segment::RunDeadlines(absl::Time now) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const net::IpAddress vip = deadlines_.begin()->second;
    Take(now, vip, [&](Claim& claim) { return claim.OnDeadline(now); });
  }
}

std::optional<UnaskedFrame> Segment::Probe(absl::Time now,
                                           const net::IpAddress& vip) {
  const ClaimState before = StateOf(vip);
  Take(now, vip, [&](Claim& claim) { return claim.OnProbe(now); });
  if (StateOf(vip) != before) return std::nullopt;
  return UnaskedFrame{.vip = vip, .is_probe = true, .bytes = ProbeFrame(vip)};
}

std::vector<uint8_t> Segment::ProbeFrame(const net::IpAddress& vip) const {
  const bool asks_all = StateOf(vip) != ClaimState::kYielded;
  const net::MacAddress& rival = claims_.at(vip).rival();
  if (asks_all) return QuestionToAll(interface_.mac, vip);
  if (vip.is_ipv4()) return ArpProbeFrame(interface_.mac, rival, vip);
  // IPv6 is announced only where there is one.
  return WatchSolicitFrame(interface_.mac, *interface_.link_local, rival, vip);
}

}  // namespace lb::announce
