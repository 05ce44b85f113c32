#include "lb/announce/announcer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lb/base/check.h"
#include "lb/base/status_macros.h"

namespace lb::announce {
absl::Status Validate(const AnnouncerOptions& options) {
  LB_RETURN_IF_ERROR(Validate(options.schedule));
  LB_RETURN_IF_ERROR(Validate(options.claim));
  if (options.announcements_max < 1 || options.frames_max < 1) {
    return absl::InvalidArgumentError(fmt::format(
        "announcer: announcements_max {}, frames_max {}, want at least 1",
        options.announcements_max, options.frames_max));
  }
  if (options.stall_max < absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        "announcer: stall_max is negative, want 0 or more");
  }
  return absl::OkStatus();
}

Announcer::Announcer(const AnnouncerOptions& options, Prng prng)
    : options_(options),
      wanted_(options_.announcements_max),
      demand_(options_.announcements_max),
      segments_(&options_.schedule, &options_.claim, &demand_, std::move(prng)),
      outbox_(options_.frames_max),
      proxies_(options_.is_spare, &wanted_, &conflicts_),
      stall_guard_(options_.stall_max) {
  LB_CHECK(Validate(options).ok());
}

AnnouncementPlan Announcer::SetLinks(absl::Time now,
                                     std::vector<Interface> interfaces) {
  NoteRun(now);
  interfaces_ = std::move(interfaces);
  cross_hearing_.KeepOnly(segments_.Match(interfaces_));
  const AnnouncementPlan plan = wanted_.SetInterfaces(interfaces_);
  Follow(now, plan);
  return plan;
}

AnnouncementPlan Announcer::SetAnnouncements(absl::Time now,
                                             Announcements announcements) {
  NoteRun(now);
  const AnnouncementPlan plan =
      wanted_.SetAnnouncements(std::move(announcements), interfaces_);
  Follow(now, plan);
  return plan;
}

AnnouncementPlan Announcer::ChangeAnnouncements(
    absl::Time now, const AnnouncementChanges& changes) {
  NoteRun(now);
  const AnnouncementPlan plan = wanted_.Change(changes, interfaces_);
  Follow(now, plan);
  return plan;
}

Verdict Announcer::OnFrame(absl::Time now, std::string_view interface,
                           absl::Span<const uint8_t> frame) {
  NoteRun(now);
  Verdict verdict = Verdict::kFenced;
  if (!fenced_) {
    Segment* const segment = segments_.Find(interface);
    verdict = segment == nullptr ? Verdict::kUnknownInterface
                                 : Judge(now, *segment, frame);
  }
  verdicts_.Count(verdict);
  return verdict;
}

void Announcer::OnTimer(absl::Time now) {
  NoteRun(now);
  QueueDue(now);
}

absl::Time Announcer::NextDeadline() const {
  if (fenced_) return absl::InfiniteFuture();
  absl::Time next = cross_hearing_.NextDeadline();
  for (const auto& [name, entry] : segments_) {
    next = std::min(next, entry.segment.NextDeadline());
  }
  return std::min(next, stall_guard_.NextDeadline());
}

void Announcer::Refresh(absl::Time now,
                        const absl::btree_set<net::IpAddress>& addresses) {
  NoteRun(now);
  for (auto& [name, entry] : segments_) {
    for (const net::IpAddress& vip : addresses) entry.segment.Refresh(now, vip);
  }
  QueueDue(now);
}

void Announcer::Reclaim(absl::Time now, const net::IpAddress& vip) {
  NoteRun(now);
  for (auto& [name, entry] : segments_) {
    if (!entry.segment.held().contains(vip)) continue;
    entry.segment.Retry(now, vip);
    FollowChanges(entry.segment);
  }
  QueueDue(now);
}

void Announcer::ChangeDelivered(absl::Time now, const Delivered& changes) {
  NoteRun(now);
  for (const auto& [vip, is_delivered] : changes) {
    const bool is_change = is_delivered ? delivered_.insert(vip).second
                                        : delivered_.erase(vip) > 0;
    if (!is_change) continue;
    for (auto& [name, entry] : segments_)
      entry.segment.SetDelivered(now, vip, is_delivered);
  }
  for (auto& [name, entry] : segments_) FollowChanges(entry.segment);
  QueueDue(now);
}

void Announcer::Fence(absl::Time now) {
  if (std::exchange(fenced_, true)) return;
  for (const auto& [announcement, post] : current()) {
    NoteDelivery(announcement.vip);
  }
  cross_hearing_.KeepOnly({});  // A silent node answers on neither.
  segments_.Rest(now);
  outbox_.Clear();
}

void Announcer::Unfence(absl::Time now) {
  NoteRun(now);
  if (!std::exchange(fenced_, false)) return;
  for (const auto& [announcement, post] : wanted_.current()) {
    Start(now, announcement);
  }
  QueueDue(now);
}

std::vector<Announcement> Announcer::TakeHandedOver() {
  const auto taken = std::exchange(handed_over_, {});
  return {taken.begin(), taken.end()};
}

void Announcer::NoteRun(absl::Time now) {
  const std::optional<absl::Duration> stall = stall_guard_.NoteRun(now);
  if (!stall || fenced_) return;
  stall_ = stall;
  Fence(now);
}

void Announcer::Follow(absl::Time now, const AnnouncementPlan& plan) {
  for (const Announcement& announcement : plan.stop) Stop(now, announcement);
  for (const Announcement& announcement : plan.hand_over) {
    HandOver(now, announcement);
  }
  for (const Announcement& announcement : plan.refresh) {
    Renew(now, announcement);
  }
  for (const Announcement& announcement : plan.start) Start(now, announcement);
  for (const Announcement& announcement : plan.retune) {
    Retune(now, announcement);
  }
  QueueDue(now);
}

void Announcer::Start(absl::Time now, const Announcement& announcement) {
  Segment& segment = segments_.At(announcement.interface);
  const net::IpAddress& vip = announcement.vip;
  segment.Hold(vip);
  segments_.NoteGroups();
  demand_.Hold(vip);
  outbox_.Hold(vip);
  handed_over_.erase(announcement);
  if (options_.awaits_delivery) {
    segment.SetDelivered(now, vip, delivered_.contains(vip));
  }
  const Post& post = current().at(announcement);
  segment.SetPeriod(now, vip, post.refresh);
  if (fenced_) return;  // Unfence() starts it once more.
  // It goes on where a fence has interrupted it.
  const bool goes_on =
      post.role == Role::kProbeFirst && wanted_.IsProven(announcement);
  segment.Start(now, vip, goes_on ? Role::kAnnounce : post.role);
  FollowChanges(segment);
}

void Announcer::Stop(absl::Time now, const Announcement& announcement) {
  NoteDelivery(announcement.vip);
  outbox_.Drop(announcement);
  conflicts_.Drop(announcement);
  wanted_.Forget(announcement);
  handed_over_.erase(announcement);
  if (Segment* const segment = segments_.Find(announcement.interface)) {
    segment->Drop(now, announcement.vip);
    segments_.NoteGroups();
  }
  if (wanted_.Of(announcement.vip).empty()) {
    outbox_.Release(announcement.vip);
    demand_.Drop(announcement.vip);
  }
}

void Announcer::HandOver(absl::Time now, const Announcement& announcement) {
  if (fenced_) return;
  Segment& segment = segments_.At(announcement.interface);
  segment.HandOver(now, announcement.vip);
  FollowChanges(segment);
}

// An address that a proxy alone keeps from us may be announced now.
void Announcer::Retune(absl::Time now, const Announcement& announcement) {
  Segment& segment = segments_.At(announcement.interface);
  const Post& post = current().at(announcement);
  segment.SetPeriod(now, announcement.vip, post.refresh);
  if (fenced_ || !post.despite_proxy) return;
  if (segment.StateOf(announcement.vip) != ClaimState::kConflicted) return;
  segment.Retry(now, announcement.vip);
  FollowChanges(segment);
}

void Announcer::Renew(absl::Time now, const Announcement& announcement) {
  outbox_.Drop(announcement);  // They have the old MAC.
  if (fenced_) return;
  segments_.At(announcement.interface).Renew(now, announcement.vip);
}

Verdict Announcer::Judge(absl::Time now, Segment& segment,
                         absl::Span<const uint8_t> frame) {
  const auto packet = net::ParseNeighborPacket(frame);
  if (!packet.ok()) {
    return absl::IsUnimplemented(packet.status()) ? Verdict::kTagged
                                                  : Verdict::kMalformed;
  }
  if (proxies_.HearDecoys(segment, *packet)) JudgeProxies(now, segment);
  segments_.HearReleased(segment, *packet);
  const Reception reception =
      Receive(segment.interface().mac, segment.held(), *packet);
  switch (reception.verdict) {
    case Verdict::kNotOurs:
      if (IsQuestion(*packet)) demand_.Note(now, reception.vip);
      return reception.verdict;
    case Verdict::kConflict:
      return OnClaim(now, segment, reception);
    case Verdict::kReply:
      return OnQuestion(now, segment, reception, *packet);
    default:
      return reception.verdict;
  }
}

Verdict Announcer::OnQuestion(absl::Time now, Segment& segment,
                              const Reception& reception,
                              const net::NeighborPacket& packet) {
  const net::IpAddress& vip = reception.vip;
  if (reception.is_rival) {
    const bool meets = reception.sign == RivalSign::kProbes &&
                       segment.StateOf(vip) == ClaimState::kProbing;
    const bool is_own = TellRival(now, segment, reception) == Told::kOurselves;
    if (meets && is_own) return Verdict::kOwnFrame;
    if (meets) {
      outbox_.CountConflict(vip);
      return Verdict::kConflict;
    }
  } else {
    demand_.Note(now, vip);
  }
  if (!Answers(segment.StateOf(vip))) return Verdict::kSilent;
  const Interface& interface = segment.interface();
  const bool is_queued =
      outbox_.AddReply(interface.name, vip, ReplyFrame(interface.mac, packet));
  return is_queued ? Verdict::kReply : Verdict::kQueueFull;
}

Verdict Announcer::OnClaim(absl::Time now, Segment& segment,
                           const Reception& reception) {
  const ClaimState before = segment.StateOf(reception.vip);
  const Told told = TellRival(now, segment, reception);
  if (told == Told::kOurselves) return Verdict::kOwnFrame;
  if (told == Told::kProxy) return Verdict::kRival;
  if (before != ClaimState::kAnnouncing && before != ClaimState::kProbing) {
    return Verdict::kRival;
  }
  outbox_.CountConflict(reception.vip);
  return Verdict::kConflict;
}

Announcer::Told Announcer::TellRival(absl::Time now, Segment& segment,
                                     const Reception& reception) {
  // Two interfaces of ours on one segment hear each other.
  for (const Interface& interface : interfaces_) {
    if (interface.mac != reception.mac) continue;
    cross_hearing_.OnHeard(now, interface.name, segment.interface().name);
    return Told::kOurselves;
  }
  Rival rival = {.mac = reception.mac, .sign = reception.sign};
  if (options_.precedence_of) {
    rival.precedence = options_.precedence_of(
        {reception.vip, segment.interface().name}, rival.mac);
  }
  if (rival.precedence == Precedence::kForeign &&
      proxies_.Overlooks(now, segment, reception)) {
    return Told::kProxy;
  }
  segment.OnRival(now, reception.vip, rival);
  FollowChanges(segment);
  QueueDue(now);
  return Told::kRival;
}

void Announcer::JudgeProxies(absl::Time now, Segment& segment) {
  if (proxies_.Judge(now, segment)) FollowChanges(segment);
}

void Announcer::FollowChanges(Segment& segment) {
  for (const ClaimChange& change : segment.TakeChanges()) {
    const Announcement announcement = {change.vip, segment.interface().name};
    if (change.before != change.after && !Answers(change.after)) {
      outbox_.Drop(announcement);
    }
    const bool may_differ = wanted_.OnClaimChange(
        announcement, change.before, change.after, change.on_trial);
    if (may_differ) NoteDelivery(change.vip);
    if (change.after == ClaimState::kHandedOver) {
      handed_over_.insert(announcement);
    }
    if (change.report) Report(segment, change);
  }
}

void Announcer::Report(const Segment& segment, const ClaimChange& change) {
  const Announcement announcement = {change.vip, segment.interface().name};
  conflicts_.Add({announcement, change.rival, *change.report},
                 segment.proxies().VerdictOf(change.rival, change.vip.family()),
                 wanted_.DespiteProxy(announcement));
}

void Announcer::TryCrossHearing(absl::Time now) {
  for (const std::string& name : cross_hearing_.TakeDue(now)) {
    segments_.At(name).RefreshOne(now);
  }
}

void Announcer::QueueDue(absl::Time now) {
  if (fenced_) return;
  TryCrossHearing(now);
  segments_.ExpireReleased(now);
  for (auto& [name, entry] : segments_) {
    if (outbox_.is_full()) return;
    JudgeProxies(now, entry.segment);
    std::vector<UnaskedFrame> due = entry.segment.TakeDue(now);
    FollowChanges(entry.segment);
    for (UnaskedFrame& frame : due) outbox_.AddUnasked(name, std::move(frame));
  }
}

}  // namespace lb::announce
