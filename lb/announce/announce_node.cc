#include "lb/announce/announce_node.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "lb/base/check.h"
#include "lb/base/event_log.h"

namespace lb::announce {
namespace {

// What the announcer judges, and nothing else: the kernel drops the rest before
// it costs us a wake-up. In IPv6 the byte at 40 is the ICMPv6 type.
constexpr char kFilter[] =
    "arp or (icmp6 and (ip6[40] == 135 or ip6[40] == 136))";

}  // namespace

AnnounceNode::AnnounceNode(const AnnounceNodeOptions& options,
                           io::Environment environment)
    : options_(options),
      environment_(std::move(environment)),
      announcer_(options.announcer, environment_.prng.Fork("announce")),
      timer_(environment_.loop->NewTimer([this] { OnTimer(); })) {}

AnnounceNode::~AnnounceNode() {
  if (started_) environment_.links->SetObserver(nullptr);
}

void AnnounceNode::Start() {
  LB_CHECK(!started_);
  started_ = true;
  environment_.links->SetObserver([this] { FollowLinks(); });
  FollowLinks();
}

AnnouncementPlan AnnounceNode::SetAnnouncements(Announcements announcements) {
  AnnouncementPlan plan = announcer_.SetAnnouncements(environment_.loop->Now(),
                                                      std::move(announcements));
  Drain();
  return plan;
}

void AnnounceNode::FollowLinks() {
  std::vector<InterfaceChoice> choices =
      SelectInterfaces(environment_.links->Links(), options_.interfaces);
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
  ports_ = std::move(ports);  // Closes those that are no longer usable.
  announcer_.SetLinks(environment_.loop->Now(), std::move(usable));
  const bool changed = choices != choices_;
  const std::vector<InterfaceChoice> before =
      std::exchange(choices_, std::move(choices));
  RecordChanges(before);
  Drain();
  if (changed && on_interfaces_) on_interfaces_();
}

// The open port, if it is still the same interface with the same MAC.
AnnounceNode::Port AnnounceNode::ReusePort(const Interface& interface) {
  const auto it = ports_.find(interface.name);
  if (it == ports_.end() || it->second.index != interface.index ||
      it->second.mac != interface.mac) {
    return {};
  }
  return std::move(it->second);
}

AnnounceNode::Port AnnounceNode::OpenPort(InterfaceChoice& choice) {
  const Interface& interface = choice.interface;
  auto port = environment_.frames->Open(interface.name, kFilter);
  if (!port.ok()) {
    choice.arp = choice.ndp = InterfaceState::kNoPort;
    choice.detail = std::string(port.status().message());
    retry_at_ = environment_.loop->Now() + options_.port_retry;
    return {};
  }
  (*port)->SetReceiver(
      [this, name = interface.name](absl::Span<const uint8_t> frame) {
        announcer_.OnFrame(environment_.loop->Now(), name, frame);
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
  environment_.log->Record({.time = environment_.loop->CivilNow(),
                            .reason = "InterfaceChanged",
                            .object = fmt::format("Interface/{}", name),
                            .message = std::move(message)});
}

void AnnounceNode::OnTimer() {
  const absl::Time now = environment_.loop->Now();
  if (now >= retry_at_) FollowLinks();
  announcer_.OnTimer(now);
  Drain();
}

void AnnounceNode::Drain() {
  for (const GroupChange& change : announcer_.TakeGroups()) ChangeGroup(change);
  for (const OutgoingFrame& frame : announcer_.TakeFrames()) {
    if (!ports_.at(frame.interface).port->Send(frame.bytes).ok()) {
      ++frames_unsent_;
    }
  }
  timer_->Arm(std::min(announcer_.NextDeadline(), retry_at_));
  for (const Conflict& conflict : announcer_.TakeConflicts()) {
    ReportConflict(conflict);
  }
}

void AnnounceNode::ChangeGroup(const GroupChange& change) {
  io::FramePort& port = *ports_.at(change.interface).port;
  const absl::Status status = change.action == GroupChange::Action::kJoin
                                  ? port.JoinGroup(change.group)
                                  : port.LeaveGroup(change.group);
  if (status.ok()) return;
  environment_.log->Record(
      {.time = environment_.loop->CivilNow(),
       .type = EventType::kWarning,
       .reason = "GroupRefused",
       .object = fmt::format("Interface/{}", change.interface),
       .message = fmt::format("{}: {}", change.group.ToString(),
                              std::string(status.message()))});
}

void AnnounceNode::ReportConflict(const Conflict& conflict) {
  environment_.log->Record(
      {.time = environment_.loop->CivilNow(),
       .type = EventType::kWarning,
       .reason = "AddressConflict",
       .object = fmt::format("Vip/{}", conflict.announcement.vip.ToString()),
       .message = fmt::format("{}: {} answers for it too",
                              conflict.announcement.interface,
                              conflict.rival.ToString())});
  if (on_conflict_) on_conflict_(conflict);
}

}  // namespace lb::announce
