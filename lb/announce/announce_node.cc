#include "lb/announce/announce_node.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lb/announce/frame_filter.h"
#include "lb/base/check.h"
#include "lb/base/event_log.h"
#include "lb/base/status_text.h"
#include "lb/io/turn_cause.h"

namespace lb::announce {
namespace {

// Until a port has the filter of its addresses.
constexpr char kFilterNothing[] = "less 1";

std::string_view Describe(Outcome outcome) {
  switch (outcome) {
    case Outcome::kWithheld:
      return "has it: not announced, tried again later";
    case Outcome::kDefended:
      return "answers for it too: announced again";
    case Outcome::kYielded:
      return "goes before us: left to it";
    case Outcome::kRivalYields:
      return "answered for it too, and left it to us";
    case Outcome::kTakenBack:
      return "is silent: announced again";
    case Outcome::kProxied:
      return "has it, and answers for every address near it (proxy ARP or an "
             "ND proxy): not announced, tried again later";
    case Outcome::kOverlooked:
      return "answers for every address near it (proxy ARP or an ND proxy): "
             "announced all the same";
  }
  LB_UNREACHABLE();
}

std::string Describe(const Conflict& conflict) {
  return fmt::format("{}: {} {}", conflict.announcement.interface,
                     conflict.rival.ToString(), Describe(conflict.outcome));
}

}  // namespace

AnnounceNode::AnnounceNode(const AnnounceNodeOptions& options,
                           const Ports& ports)
    : options_(options),
      ports_(ports),
      announcer_(options.announcer, ports_.prng.Fork("announce")),
      timer_(ports_.loop->NewTimer([this] { OnTimer(); })) {}

AnnounceNode::~AnnounceNode() {
  if (started_) ports_.links->SetObserver(nullptr);
}

void AnnounceNode::Start() {
  LB_CHECK(!started_);
  started_ = true;
  ports_.links->SetObserver([this] { OnLinks(); });
  OnLinks();
}

AnnouncementPlan AnnounceNode::SetAnnouncements(Announcements announcements) {
  AnnouncementPlan plan =
      announcer_.SetAnnouncements(ports_.loop->Now(), std::move(announcements));
  UpdateFilters();
  Drain();
  return plan;
}

AnnouncementPlan AnnounceNode::ChangeAnnouncements(
    const AnnouncementChanges& changes, const WatchedChanges& watched) {
  for (const auto& [address, is_watched] : watched) {
    is_watched ? announcer_.Watch(address) : announcer_.Unwatch(address);
  }
  AnnouncementPlan plan =
      announcer_.ChangeAnnouncements(ports_.loop->Now(), changes);
  if (!plan.empty() || !watched.empty()) UpdateFilters(plan, watched);
  Drain();
  return plan;
}

void AnnounceNode::SetWatched(absl::btree_set<net::IpAddress> addresses) {
  announcer_.SetWatched(std::move(addresses));
  UpdateFilters();
}

void AnnounceNode::UpdateFilters() {
  const io::TurnCause cause(ports_.loop, "sets filters of frames");
  for (auto& [name, port] : frame_ports_) {
    absl::btree_set<net::IpAddress> heard = announcer_.HeardOn(name);
    if (heard == port.heard && !port.is_behind) continue;
    port.heard = std::move(heard);
    SetFilter(name, port);
  }
}

void AnnounceNode::UpdateFilters(const AnnouncementPlan& plan,
                                 const WatchedChanges& watched) {
  const io::TurnCause cause(ports_.loop, "sets filters of frames");
  absl::btree_set<net::IpAddress> concerned;
  for (const auto* begun_or_ended : {&plan.start, &plan.stop}) {
    for (const Announcement& announcement : *begun_or_ended) {
      concerned.insert(announcement.vip);
    }
  }
  for (const auto& [address, is_watched] : watched) concerned.insert(address);
  for (auto& [name, port] : frame_ports_) {
    const size_t before = port.heard.size();
    bool has_new = false;
    for (const net::IpAddress& address : concerned) {
      if (announcer_.Hears(name, address)) {
        has_new |= port.heard.insert(address).second;
      } else {
        port.heard.erase(address);
      }
    }
    const bool is_same = !has_new && port.heard.size() == before;
    if (!is_same || port.is_behind) SetFilter(name, port);
  }
}

void AnnounceNode::SetFilter(const std::string& name, Port& port) {
  const absl::Status watched = Watch(*port.port, port.heard);
  port.is_behind = !watched.ok();
  if (watched.ok()) return;
  RecordInterface(name, fmt::format("{}: filter: {}", name, watched.message()));
}

void AnnounceNode::Refresh(const absl::btree_set<net::IpAddress>& addresses) {
  announcer_.Refresh(ports_.loop->Now(), addresses);
  Drain();
}

void AnnounceNode::Reclaim(const net::IpAddress& vip) {
  announcer_.Reclaim(ports_.loop->Now(), vip);
  Drain();
}

void AnnounceNode::ChangeDelivered(const Announcer::Delivered& changes) {
  announcer_.ChangeDelivered(ports_.loop->Now(), changes);
  Drain();
}

void AnnounceNode::Fence() {
  announcer_.Fence(ports_.loop->Now());
  Drain();
}

void AnnounceNode::Unfence() {
  announcer_.Unfence(ports_.loop->Now());
  Drain();
}

// Most news are of addresses, and change nothing here.
void AnnounceNode::OnLinks() {
  std::vector<InterfaceChoice> selected =
      SelectInterfaces(ports_.links->Links(), options_.interfaces);
  if (selected != selected_ || retry_at_ != absl::InfiniteFuture()) {
    selected_ = selected;
    FollowLinks(std::move(selected));
  }
  if (on_interfaces_) on_interfaces_();
}

void AnnounceNode::FollowLinks(std::vector<InterfaceChoice> choices) {
  retry_at_ = absl::InfiniteFuture();
  std::map<std::string, Port> ports;
  std::vector<Interface> usable;
  for (InterfaceChoice& choice : choices) {
    if (!IsUsable(choice)) continue;
    Port port = ReusePort(choice.interface);
    if (port.port == nullptr) port = OpenPort(choice);
    if (port.port == nullptr) continue;
    usable.push_back(choice.interface);
    ports.emplace(choice.interface.name, std::move(port));
  }
  frame_ports_ = std::move(ports);  // Closes those that are no longer usable.
  announcer_.SetLinks(ports_.loop->Now(), std::move(usable));
  UpdateFilters();
  const std::vector<InterfaceChoice> before =
      std::exchange(choices_, std::move(choices));
  RecordChanges(before);
  Drain();
}

// The open port, if it is still the same interface with the same MAC.
AnnounceNode::Port AnnounceNode::ReusePort(const Interface& interface) {
  const auto it = frame_ports_.find(interface.name);
  if (it == frame_ports_.end() || it->second.index != interface.index ||
      it->second.mac != interface.mac) {
    return {};
  }
  return std::move(it->second);
}

AnnounceNode::Port AnnounceNode::OpenPort(InterfaceChoice& choice) {
  const Interface& interface = choice.interface;
  auto port = ports_.frames->Open(interface.name, kFilterNothing);
  if (!port.ok()) {
    choice.arp = choice.ndp = InterfaceState::kNoPort;
    choice.detail = std::string(port.status().message());
    retry_at_ = ports_.loop->Now() + options_.port_retry;
    return {};
  }
  (*port)->SetReceiver(
      [this, name = interface.name](absl::Span<const uint8_t> frame) {
        announcer_.OnFrame(ports_.loop->Now(), name, frame);
        Drain();
      });
  return {interface.index, interface.mac, *std::move(port)};
}

void AnnounceNode::RecordChanges(const std::vector<InterfaceChoice>& before) {
  std::map<std::string, std::string> then;
  for (const InterfaceChoice& choice : before) {
    then[choice.interface.name] = ToString(choice);
  }
  for (const InterfaceChoice& choice : choices_) {
    const std::string text = ToString(choice);
    const auto known = then.extract(choice.interface.name);
    if (!known.empty() && known.mapped() == text) continue;
    RecordInterface(choice.interface.name, text);
  }
  for (const auto& [name, text] : then) {
    RecordInterface(name, fmt::format("{}: gone", name));
  }
}

void AnnounceNode::RecordInterface(const std::string& name,
                                   std::string message) {
  ports_.log->Record({.time = ports_.loop->CivilNow(),
                      .reason = "InterfaceChanged",
                      .object = {EventObject::kInterface, name},
                      .message = std::move(message)});
}

void AnnounceNode::OnTimer() {
  const io::TurnCause cause(ports_.loop, "announces addresses");
  const absl::Time now = ports_.loop->Now();
  if (now >= retry_at_) OnLinks();
  announcer_.OnTimer(now);
  Drain();
}

void AnnounceNode::Drain() {
  if (announcer_.TakeHearingChange()) UpdateFilters();
  for (const GroupChange& change : announcer_.TakeGroups()) ChangeGroup(change);
  for (const OutgoingFrame& frame : announcer_.TakeFrames()) {
    if (!frame_ports_.at(frame.interface).port->Send(frame.bytes).ok()) {
      ++frames_unsent_;
    }
  }
  timer_->Arm(std::min(announcer_.NextDeadline(), retry_at_));
  Report();
}

// The announcer may be called from each observer, so all is taken before.
void AnnounceNode::Report() {
  const std::optional<absl::Duration> stall = announcer_.TakeStall();
  const std::vector<Conflict> conflicts = announcer_.TakeConflicts();
  const std::vector<Announcement> handed_over = announcer_.TakeHandedOver();
  if (announcer_.has_delivery_changes() && on_delivery_) on_delivery_();
  if (stall && on_stall_) on_stall_(*stall);
  for (const Conflict& conflict : conflicts) ReportConflict(conflict);
  if (!on_handed_over_) return;
  for (const Announcement& announcement : handed_over) {
    on_handed_over_(announcement);
  }
}

void AnnounceNode::ChangeGroup(const GroupChange& change) {
  io::FramePort& port = *frame_ports_.at(change.interface).port;
  const absl::Status status = change.action == GroupChange::Action::kJoin
                                  ? port.JoinGroup(change.group)
                                  : port.LeaveGroup(change.group);
  if (status.ok()) return;
  ports_.log->Record({.time = ports_.loop->CivilNow(),
                      .type = EventType::kWarning,
                      .reason = "GroupRefused",
                      .object = {EventObject::kInterface, change.interface},
                      .message = fmt::format("{}: {}", change.group.ToString(),
                                             status.message())});
}

void AnnounceNode::ReportConflict(const Conflict& conflict) {
  const bool is_over = conflict.outcome == Outcome::kTakenBack ||
                       conflict.outcome == Outcome::kOverlooked;
  ports_.log->Record(
      {.time = ports_.loop->CivilNow(),
       .type = is_over ? EventType::kNormal : EventType::kWarning,
       .reason = conflict.outcome == Outcome::kTakenBack ? "AddressTakenBack"
                                                         : "AddressConflict",
       .object = {EventObject::kVip, conflict.announcement.vip.ToString()},
       .message = Describe(conflict)});
  if (on_conflict_) on_conflict_(conflict);
}

}  // namespace lb::announce
