#include "lb/announce/announcer.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "lb/base/check.h"
#include "lb/base/status_macros.h"
#include "lb/net/ndp.h"

namespace lb::announce {
namespace {

absl::btree_set<net::IpAddress> GroupsOf(
    const absl::btree_set<net::IpAddress>& held) {
  absl::btree_set<net::IpAddress> groups;
  for (const net::IpAddress& vip : held) {
    if (vip.is_ipv6()) groups.insert(net::SolicitedNodeGroup(vip));
  }
  return groups;
}

// Keeps the first `size_max`; returns how many it dropped.
size_t Truncate(AnnouncementSet& set, size_t size_max) {
  if (set.size() <= size_max) return 0;
  const size_t refused = set.size() - size_max;
  set.erase(std::next(set.begin(), static_cast<ptrdiff_t>(size_max)),
            set.end());
  return refused;
}

}  // namespace

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
      prng_(std::move(prng)),
      demand_(options_.announcements_max) {
  LB_CHECK(Validate(options).ok());
}

AnnouncementPlan Announcer::SetLinks(absl::Time now,
                                     std::vector<Interface> interfaces) {
  NoteRun(now);
  interfaces_ = std::move(interfaces);
  MatchPorts();
  return Reconcile(now, announcements_);
}

AnnouncementPlan Announcer::SetAnnouncements(absl::Time now,
                                             Announcements announcements) {
  NoteRun(now);
  const Announcements before =
      std::exchange(announcements_, std::move(announcements));
  absl::erase_if(proven_, [this](const Announcement& announcement) {
    return !announcements_.contains(announcement.vip);
  });
  return Reconcile(now, before);
}

Verdict Announcer::OnFrame(absl::Time now, std::string_view interface,
                           absl::Span<const uint8_t> frame) {
  NoteRun(now);
  Verdict verdict = Verdict::kFenced;
  if (!fenced_) {
    const auto it = ports_.find(interface);
    verdict = it == ports_.end() ? Verdict::kUnknownInterface
                                 : Judge(now, it->second.segment, frame);
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
  for (const auto& [name, port] : ports_) {
    next = std::min(next, port.segment.NextDeadline());
  }
  if (options_.stall_max > absl::ZeroDuration()) {
    next = std::min(next, run_at_ + options_.stall_max / 4);
  }
  return next;
}

void Announcer::Refresh(absl::Time now,
                        const absl::btree_set<net::IpAddress>& addresses) {
  NoteRun(now);
  for (auto& [name, port] : ports_) {
    for (const net::IpAddress& vip : addresses) port.segment.Refresh(now, vip);
  }
  QueueDue(now);
}

void Announcer::Reclaim(absl::Time now, const net::IpAddress& vip) {
  NoteRun(now);
  for (auto& [name, port] : ports_) {
    if (!port.segment.held().contains(vip)) continue;
    port.segment.Retry(now, vip);
    FollowChanges(port.segment);
  }
  QueueDue(now);
}

void Announcer::SetDelivered(absl::Time now,
                             absl::btree_set<net::IpAddress> delivered) {
  NoteRun(now);
  const absl::btree_set<net::IpAddress> before =
      std::exchange(delivered_, std::move(delivered));
  for (auto& [name, port] : ports_) {
    for (const net::IpAddress& vip : port.segment.held()) {
      const bool is_delivered = delivered_.contains(vip);
      if (is_delivered == before.contains(vip)) continue;
      port.segment.SetDelivered(now, vip, is_delivered);
    }
    FollowChanges(port.segment);
  }
  QueueDue(now);
}

void Announcer::Fence(absl::Time now) {
  if (std::exchange(fenced_, true)) return;
  delivery_stale_ = true;
  cross_hearing_.KeepOnly({});  // A silent node answers on neither.
  for (auto& [name, port] : ports_) {
    port.segment.Rest(now);
    port.segment.TakeChanges();
  }
  frames_.clear();
}

void Announcer::Unfence(absl::Time now) {
  NoteRun(now);
  if (!std::exchange(fenced_, false)) return;
  for (const auto& [announcement, post] : current_) {
    Start(now, announcement);
  }
  QueueDue(now);
}

std::vector<OutgoingFrame> Announcer::TakeFrames() {
  return std::exchange(frames_, {});
}

std::vector<GroupChange> Announcer::TakeGroups() {
  std::vector<GroupChange> changes;
  if (!std::exchange(groups_stale_, false)) return changes;
  for (auto& [name, port] : ports_) {
    absl::btree_set<net::IpAddress> wanted = GroupsOf(port.segment.held());
    for (const net::IpAddress& group : wanted) {
      if (port.groups.contains(group)) continue;
      changes.push_back({name, group, GroupChange::Action::kJoin});
    }
    for (const net::IpAddress& group : port.groups) {
      if (wanted.contains(group)) continue;
      changes.push_back({name, group, GroupChange::Action::kLeave});
    }
    port.groups = std::move(wanted);
  }
  return changes;
}

std::vector<Conflict> Announcer::TakeConflicts() {
  std::vector<Conflict> conflicts;
  for (const auto& [announcement, conflict] : conflicts_) {
    conflicts.push_back(conflict);
  }
  conflicts_.clear();
  return conflicts;
}

std::vector<Announcement> Announcer::TakeHandedOver() {
  const auto taken = std::exchange(handed_over_, {});
  return {taken.begin(), taken.end()};
}

std::optional<absl::Duration> Announcer::TakeStall() {
  return std::exchange(stall_, std::nullopt);
}

void Announcer::NoteRun(absl::Time now) {
  const absl::Duration pause = now - std::exchange(run_at_, now);
  const bool guards = options_.stall_max > absl::ZeroDuration() && !fenced_;
  if (!guards || pause <= options_.stall_max) return;
  stall_ = pause;
  Fence(now);
}

// Makes ports_ mirror interfaces_. What is announced on them follows in
// Reconcile().
void Announcer::MatchPorts() {
  groups_stale_ = true;
  absl::btree_set<std::string> usable;
  for (const Interface& interface : interfaces_) {
    usable.insert(interface.name);
    const auto it = ports_.find(interface.name);
    if (it == ports_.end()) {
      ports_.try_emplace(
          interface.name,
          Port{.segment = Segment(options_.schedule, &options_.claim, &demand_,
                                  interface, prng_.Fork(interface.name))});
      continue;
    }
    Port& port = it->second;
    const Interface& before = port.segment.interface();
    if (before.index != interface.index || before.mac != interface.mac) {
      port.groups.clear();  // They were the old interface's.
    }
    port.segment.SetInterface(interface);
  }
  std::erase_if(
      ports_, [&](const auto& named) { return !usable.contains(named.first); });
  cross_hearing_.KeepOnly(usable);
}

AnnouncementPlan Announcer::Reconcile(absl::Time now,
                                      const Announcements& before) {
  AnnouncementSet wanted = Expand(announcements_, interfaces_);
  SetRoles(before, wanted);
  refused_ = Truncate(wanted, options_.announcements_max);
  const AnnouncementPlan plan = PlanAnnouncements(wanted, current_);
  current_ = std::move(wanted);
  Follow(now, plan);
  return plan;
}

void Announcer::Follow(absl::Time now, const AnnouncementPlan& plan) {
  for (const Announcement& announcement : plan.stop) Stop(announcement);
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

// Only an address that is new to this announcer can be taken over from a
// member. An interface that comes later was never asked for it, unless it was
// announced there before.
void Announcer::SetRoles(const Announcements& before,
                         AnnouncementSet& wanted) const {
  for (auto it = wanted.begin(); it != wanted.end();) {
    auto& [announcement, post] = *it;
    const auto known = current_.find(announcement);
    const bool is_new = known == current_.end();
    const bool goes_on = !is_new && known->second.role != Role::kHandOver;
    const bool is_proven = proven_.contains(announcement);
    const bool is_unproven = before.contains(announcement.vip) && !is_proven;
    if (post.role == Role::kHandOver) {
      // Where it was not announced there is nothing to hand over.
      const bool is_none = is_unproven && (is_new || goes_on);
      it = is_none ? wanted.erase(it) : std::next(it);
      continue;
    }
    if (is_proven) {
      post.role = Role::kAnnounce;
    } else if (goes_on) {
      post.role = known->second.role;
    } else if (is_unproven) {
      post.role = Role::kProbeFirst;
    }
    ++it;
  }
}

void Announcer::Start(absl::Time now, const Announcement& announcement) {
  Segment& segment = ports_.at(announcement.interface).segment;
  const net::IpAddress& vip = announcement.vip;
  segment.Hold(vip);
  demand_.Hold(vip);
  counters_.try_emplace(vip);
  handed_over_.erase(announcement);
  groups_stale_ = true;
  if (options_.awaits_delivery) {
    segment.SetDelivered(now, vip, delivered_.contains(vip));
  }
  segment.SetPeriod(now, vip, current_.at(announcement).refresh);
  if (fenced_) return;  // Unfence() starts it once more.
  Role role = current_.at(announcement).role;
  if (role == Role::kProbeFirst && proven_.contains(announcement)) {
    role = Role::kAnnounce;  // It goes on where a fence has interrupted it.
  }
  segment.Begin(now, vip, role);
  FollowChanges(segment);
}

void Announcer::Stop(const Announcement& announcement) {
  delivery_stale_ = true;
  DropFrames(announcement);
  conflicts_.erase(announcement);
  unjudged_.erase(announcement);
  foreign_.erase(announcement);
  handed_over_.erase(announcement);
  if (const auto it = ports_.find(announcement.interface); it != ports_.end()) {
    it->second.segment.Drop(announcement.vip);
    groups_stale_ = true;
  }
  const auto left = current_.lower_bound({announcement.vip, ""});
  if (left == current_.end() || left->first.vip != announcement.vip) {
    counters_.erase(announcement.vip);
    demand_.Drop(announcement.vip);
  }
}

void Announcer::HandOver(absl::Time now, const Announcement& announcement) {
  if (fenced_) return;
  Segment& segment = ports_.at(announcement.interface).segment;
  segment.HandOver(now, announcement.vip);
  FollowChanges(segment);
}

// An address that a proxy alone keeps from us may be announced now.
void Announcer::Retune(absl::Time now, const Announcement& announcement) {
  Segment& segment = ports_.at(announcement.interface).segment;
  const Post& post = current_.at(announcement);
  segment.SetPeriod(now, announcement.vip, post.refresh);
  if (fenced_ || !post.despite_proxy) return;
  if (segment.StateOf(announcement.vip) != ClaimState::kConflicted) return;
  segment.Retry(now, announcement.vip);
  FollowChanges(segment);
}

void Announcer::Renew(absl::Time now, const Announcement& announcement) {
  DropFrames(announcement);  // They have the old MAC.
  if (fenced_) return;
  ports_.at(announcement.interface).segment.Renew(now, announcement.vip);
}

void Announcer::DropFrames(const Announcement& announcement) {
  std::erase_if(frames_, [&](const OutgoingFrame& frame) {
    return frame.vip == announcement.vip &&
           frame.interface == announcement.interface;
  });
}

Verdict Announcer::Judge(absl::Time now, Segment& segment,
                         absl::Span<const uint8_t> bytes) {
  if (segment.proxies().asking()) HearDecoys(now, segment, bytes);
  Reception reception = Receive(segment.interface().mac, segment.held(), bytes);
  switch (reception.verdict) {
    case Verdict::kNotOurs:
      demand_.Note(now, reception.vip);
      return reception.verdict;
    case Verdict::kConflict:
      return OnClaim(now, segment, reception);
    case Verdict::kReply:
      return OnQuestion(now, segment, std::move(reception));
    default:
      return reception.verdict;
  }
}

Verdict Announcer::OnQuestion(absl::Time now, Segment& segment,
                              Reception reception) {
  const net::IpAddress& vip = reception.vip;
  if (reception.is_rival) {
    const bool meets = reception.sign == RivalSign::kProbes &&
                       segment.StateOf(vip) == ClaimState::kProbing;
    const bool is_own = TellRival(now, segment, reception) == Told::kOurselves;
    if (meets && is_own) return Verdict::kOwnFrame;
    if (meets) {
      ++counters_.at(vip).conflicts_seen;
      return Verdict::kConflict;
    }
  } else {
    demand_.Note(now, vip);
  }
  if (!Answers(segment.StateOf(vip))) return Verdict::kSilent;
  AddressCounters& counters = counters_.at(vip);
  ++counters.requests_received;
  if (frames_.size() >= options_.frames_max) return Verdict::kQueueFull;
  ++counters.responses_sent;
  frames_.push_back(
      {segment.interface().name, vip, std::move(reception.reply)});
  return Verdict::kReply;
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
  ++counters_.at(reception.vip).conflicts_seen;
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
      Overlooks(now, segment, reception)) {
    return Told::kProxy;
  }
  segment.OnRival(now, reception.vip, rival);
  FollowChanges(segment);
  QueueDue(now);
  return Told::kRival;
}

void Announcer::FollowChanges(Segment& segment) {
  for (const ClaimChange& change : segment.TakeChanges()) {
    const Announcement announcement = {change.vip, segment.interface().name};
    if (WantsDelivery(change.before) != WantsDelivery(change.after)) {
      delivery_stale_ = true;
    }
    if (change.before != change.after && !Answers(change.after)) {
      DropFrames(announcement);
    }
    if (change.after == ClaimState::kConflicted) {
      foreign_.insert(announcement);
      proven_.erase(announcement);
    } else if (change.after != ClaimState::kProbing) {
      foreign_.erase(announcement);
    }
    const bool is_free = change.before == ClaimState::kProbing &&
                         change.after == ClaimState::kAwaiting;
    if (is_free || Answers(change.after)) proven_.insert(announcement);
    if (change.after == ClaimState::kHandedOver) {
      handed_over_.insert(announcement);
    }
    if (change.report) Report(segment, change);
  }
}

void Announcer::QueueDue(absl::Time now) {
  if (fenced_) return;
  TryCrossHearing(now);
  for (auto& [name, port] : ports_) {
    if (frames_.size() >= options_.frames_max) return;
    JudgeProxies(now, port.segment);
    std::vector<UnaskedFrame> due = port.segment.TakeDue(now);
    FollowChanges(port.segment);
    for (UnaskedFrame& frame : due) {
      // No decoy has counters.
      if (const auto it = counters_.find(frame.vip); it != counters_.end()) {
        AddressCounters& counters = it->second;
        ++(frame.is_probe ? counters.probes_sent : counters.gratuitous_sent);
      }
      frames_.push_back({name, frame.vip, std::move(frame.bytes)});
    }
  }
}

}  // namespace lb::announce
