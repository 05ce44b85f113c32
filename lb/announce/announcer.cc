#include "lb/announce/announcer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "lb/announce/arp_responder.h"
#include "lb/announce/ndp_responder.h"
#include "lb/base/check.h"
#include "lb/base/status_macros.h"
#include "lb/net/arp.h"
#include "lb/net/ndp.h"

namespace lb::announce {
namespace {

std::vector<uint8_t> BuildFrame(const Interface& interface,
                                const ScheduledFrame& frame) {
  switch (frame.form) {
    case AnnouncementForm::kArpRequest:
      return GratuitousRequestFrame(interface.mac, frame.address);
    case AnnouncementForm::kArpReply:
      return GratuitousReplyFrame(interface.mac, frame.address);
    case AnnouncementForm::kNdpAdvertisement:
      return UnsolicitedAdvertFrame(interface.mac, frame.address);
  }
  LB_UNREACHABLE();
}

absl::btree_set<net::IpAddress> GroupsOf(
    const absl::btree_set<net::IpAddress>& announced) {
  absl::btree_set<net::IpAddress> groups;
  for (const net::IpAddress& vip : announced) {
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
  if (options.announcements_max < 1 || options.frames_max < 1) {
    return absl::InvalidArgumentError(fmt::format(
        "announcer: announcements_max {}, frames_max {}, want at least 1",
        options.announcements_max, options.frames_max));
  }
  if (options.conflict_interval < absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        "announcer: conflict_interval is negative, want 0 or more");
  }
  return absl::OkStatus();
}

Announcer::Announcer(const AnnouncerOptions& options, Prng prng)
    : options_(options), prng_(std::move(prng)) {
  LB_CHECK(Validate(options).ok());
}

AnnouncementPlan Announcer::SetLinks(absl::Time now,
                                     std::vector<Interface> interfaces) {
  interfaces_ = std::move(interfaces);
  MatchSegments();
  return Reconcile(now);
}

AnnouncementPlan Announcer::SetAnnouncements(absl::Time now,
                                             Announcements announcements) {
  announcements_ = std::move(announcements);
  return Reconcile(now);
}

Verdict Announcer::OnFrame(absl::Time now, std::string_view interface,
                           absl::Span<const uint8_t> frame) {
  const auto it = segments_.find(interface);
  const Verdict verdict = it == segments_.end()
                              ? Verdict::kUnknownInterface
                              : Receive(now, it->second, frame);
  verdicts_.Count(verdict);
  return verdict;
}

void Announcer::OnTimer(absl::Time now) { QueueDue(now); }

absl::Time Announcer::NextDeadline() const {
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [name, segment] : segments_) {
    next = std::min(next, segment.schedule.NextDeadline());
  }
  return next;
}

std::vector<OutgoingFrame> Announcer::TakeFrames() {
  return std::exchange(frames_, {});
}

std::vector<GroupChange> Announcer::TakeGroups() {
  std::vector<GroupChange> changes;
  if (!std::exchange(groups_stale_, false)) return changes;
  for (auto& [name, segment] : segments_) {
    absl::btree_set<net::IpAddress> wanted = GroupsOf(segment.announced);
    for (const net::IpAddress& group : wanted) {
      if (segment.groups.contains(group)) continue;
      changes.push_back({name, group, GroupChange::Action::kJoin});
    }
    for (const net::IpAddress& group : segment.groups) {
      if (wanted.contains(group)) continue;
      changes.push_back({name, group, GroupChange::Action::kLeave});
    }
    segment.groups = std::move(wanted);
  }
  return changes;
}

std::vector<Conflict> Announcer::TakeConflicts() {
  std::vector<Conflict> conflicts;
  for (const auto& [announcement, rival] : conflicts_) {
    conflicts.push_back({announcement, rival});
  }
  conflicts_.clear();
  return conflicts;
}

// Makes segments_ mirror interfaces_. What is announced on them follows in
// Reconcile().
void Announcer::MatchSegments() {
  groups_stale_ = true;
  absl::btree_set<std::string> usable;
  for (const Interface& interface : interfaces_) {
    usable.insert(interface.name);
    const auto [it, is_new] = segments_.try_emplace(
        interface.name,
        Segment{.interface = interface,
                .schedule = AnnouncementSchedule(options_.schedule,
                                                 prng_.Fork(interface.name))});
    Segment& segment = it->second;
    if (segment.interface.index != interface.index ||
        segment.interface.mac != interface.mac) {
      segment.groups.clear();  // They were the old interface's.
    }
    segment.interface = interface;
  }
  std::erase_if(segments_, [&](const auto& named) {
    return !usable.contains(named.first);
  });
}

AnnouncementPlan Announcer::Reconcile(absl::Time now) {
  AnnouncementSet wanted = Expand(announcements_, interfaces_);
  refused_ = Truncate(wanted, options_.announcements_max);
  const AnnouncementPlan plan = PlanAnnouncements(wanted, current_);
  current_ = std::move(wanted);
  for (const Announcement& announcement : plan.stop) Stop(announcement);
  for (const Announcement& announcement : plan.refresh) {
    DropFrames(announcement);  // They have the old MAC.
    Start(now, announcement);
  }
  for (const Announcement& announcement : plan.start) Start(now, announcement);
  QueueDue(now);
  return plan;
}

void Announcer::Start(absl::Time now, const Announcement& announcement) {
  Segment& segment = segments_.at(announcement.interface);
  segment.announced.insert(announcement.vip);
  segment.schedule.Start(now, announcement.vip);
  counters_.try_emplace(announcement.vip);
  groups_stale_ = true;
}

void Announcer::Stop(const Announcement& announcement) {
  DropFrames(announcement);
  reported_.erase(announcement);
  conflicts_.erase(announcement);
  if (const auto it = segments_.find(announcement.interface);
      it != segments_.end()) {
    it->second.announced.erase(announcement.vip);
    it->second.schedule.Stop(announcement.vip);
    groups_stale_ = true;
  }
  const auto left = current_.lower_bound({announcement.vip, ""});
  if (left == current_.end() || left->first.vip != announcement.vip) {
    counters_.erase(announcement.vip);
  }
}

void Announcer::DropFrames(const Announcement& announcement) {
  std::erase_if(frames_, [&](const OutgoingFrame& frame) {
    return frame.vip == announcement.vip &&
           frame.interface == announcement.interface;
  });
}

Verdict Announcer::Receive(absl::Time now, const Segment& segment,
                           absl::Span<const uint8_t> bytes) {
  const auto frame = net::ParseEthernet(bytes);
  if (absl::IsUnimplemented(frame.status())) return Verdict::kTagged;
  if (!frame.ok()) return Verdict::kMalformed;
  switch (frame->header.ether_type) {
    case net::kEtherTypeArp:
      return OnArp(now, segment, *frame);
    case net::kEtherTypeIpv6:
      return OnNdp(now, segment, *frame);
    default:
      return Verdict::kUnsupported;
  }
}

Verdict Announcer::OnArp(absl::Time now, const Segment& segment,
                         const net::EthernetFrame& frame) {
  const auto packet = net::ParseArp(frame.payload);
  if (!packet.ok()) return Verdict::kMalformed;
  const Interface& self = segment.interface;
  const Verdict verdict =
      JudgeArp(self.mac, segment.announced, frame.header, *packet);
  if (verdict == Verdict::kConflict) {
    return OnConflict(now, {.announcement = {packet->sender_ip, self.name},
                            .rival = packet->sender_mac});
  }
  if (verdict != Verdict::kReply) return verdict;
  return Reply({packet->target_ip, self.name},
               ArpReplyFrame(self.mac, *packet));
}

Verdict Announcer::OnNdp(absl::Time now, const Segment& segment,
                         const net::EthernetFrame& frame) {
  const auto packet = net::ParseNdp(frame.payload);
  if (absl::IsUnimplemented(packet.status())) return Verdict::kUnsupported;
  if (!packet.ok()) return Verdict::kMalformed;
  const Interface& self = segment.interface;
  const Verdict verdict =
      JudgeNdp(self.mac, segment.announced, frame.header, *packet);
  if (verdict == Verdict::kConflict) {
    Conflict conflict{.announcement = {packet->source, self.name},
                      .rival = frame.header.source};
    if (!segment.announced.contains(packet->source)) {  // Then by its target.
      const auto& advert =
          std::get<net::NeighborAdvertisement>(packet->message);
      conflict.announcement.vip = advert.target;
      conflict.rival = advert.target_mac.value_or(frame.header.source);
    }
    return OnConflict(now, conflict);
  }
  if (verdict != Verdict::kReply) return verdict;
  const auto& asked = std::get<net::NeighborSolicitation>(packet->message);
  return Reply({asked.target, self.name},
               NdpReplyFrame(self.mac, frame.header, *packet));
}

Verdict Announcer::Reply(const Announcement& announcement,
                         std::vector<uint8_t> bytes) {
  AddressCounters& counters = counters_.at(announcement.vip);
  ++counters.requests_received;
  if (frames_.size() >= options_.frames_max) return Verdict::kQueueFull;
  ++counters.responses_sent;
  frames_.push_back(
      {announcement.interface, announcement.vip, std::move(bytes)});
  return Verdict::kReply;
}

Verdict Announcer::OnConflict(absl::Time now, const Conflict& conflict) {
  // Two interfaces of ours on one segment hear each other.
  for (const Interface& interface : interfaces_) {
    if (interface.mac == conflict.rival) return Verdict::kOwnFrame;
  }
  ++counters_.at(conflict.announcement.vip).conflicts_seen;
  const auto [it, is_new] = reported_.try_emplace(conflict.announcement, now);
  if (is_new || now - it->second >= options_.conflict_interval) {
    it->second = now;
    conflicts_.insert_or_assign(conflict.announcement, conflict.rival);
  }
  return Verdict::kConflict;
}

void Announcer::QueueDue(absl::Time now) {
  for (auto& [name, segment] : segments_) {
    if (frames_.size() >= options_.frames_max) return;
    for (const ScheduledFrame& due : segment.schedule.TakeDue(now)) {
      ++counters_.at(due.address).gratuitous_sent;
      frames_.push_back(
          {name, due.address, BuildFrame(segment.interface, due)});
    }
  }
}

}  // namespace lb::announce
