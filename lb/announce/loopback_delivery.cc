#include "lb/announce/loopback_delivery.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "absl/status/status.h"

namespace lb::announce {
namespace {

using net::IpFamilies;

constexpr char kLoopback[] = "lo";
constexpr size_t kNamedMax = 6;  // In one event.

bool IsOwn(const io::Link& link, const net::IpAddress& address) {
  return std::any_of(link.addresses.begin(), link.addresses.end(),
                     [&](const auto& own) { return own.address == address; });
}

std::string NamesOf(const std::vector<net::IpAddress>& addresses) {
  std::vector<std::string> names;
  for (const net::IpAddress& address : addresses) {
    if (names.size() == kNamedMax) break;
    names.push_back(address.ToString());
  }
  std::string text = fmt::format("{}", fmt::join(names, ", "));
  if (addresses.size() > kNamedMax) {
    text += fmt::format(" and {} more", addresses.size() - kNamedMax);
  }
  return text;
}

}  // namespace

void LoopbackDelivery::RemoveLeftovers() {
  const auto leftovers = ports_.installer->Installed(kLoopback);
  if (!leftovers.ok())
    return RecordFailure(std::string(
        fmt::format("what an earlier run left on {} cannot be read: {}",
                    kLoopback, std::string(leftovers.status().message()))));
  std::erase_if(refused_, [&](const auto& refused) {
    return !std::binary_search(leftovers->begin(), leftovers->end(),
                               refused.first);
  });
  for (const net::IpAddress& address : *leftovers) {
    Report(address, "taken off",
           ports_.installer->Uninstall(kLoopback, address));
  }
}

bool LoopbackDelivery::Follow() {
  const std::vector<io::Link> links = ports_.links->Links();
  const auto loopback =
      std::find_if(links.begin(), links.end(),
                   [](const io::Link& link) { return link.name == kLoopback; });
  if (loopback == links.end()) return false;
  io::Link seen = *loopback;
  seen.installed.clear();
  const bool changed = std::exchange(seen_, seen) != seen;
  const std::vector<net::IpAddress> lost = FindLost(*loopback);
  if (!lost.empty()) NoteLost(lost);
  const bool may_work_now = changed && !(refused_.empty() && on_trial_.empty());
  return !lost.empty() || may_work_now;
}

// What the link is said to have may be older than what this object has done, so
// that only a suspicion comes from it.
std::vector<net::IpAddress> LoopbackDelivery::FindLost(
    const io::Link& loopback) const {
  std::vector<net::IpAddress> lost;
  std::set_difference(delivered_.begin(), delivered_.end(),
                      loopback.installed.begin(), loopback.installed.end(),
                      std::back_inserter(lost));
  std::erase_if(lost, [&](const net::IpAddress& address) {
    return IsOwn(loopback, address);
  });
  if (lost.empty()) return lost;
  const auto installed = ports_.installer->Installed(kLoopback);
  if (!installed.ok()) return {};
  std::erase_if(lost, [&](const net::IpAddress& address) {
    return std::binary_search(installed->begin(), installed->end(), address);
  });
  return lost;
}

void LoopbackDelivery::NoteLost(const std::vector<net::IpAddress>& lost) {
  const absl::Time now = ports_.loop->Now();
  std::erase_if(losses_, [now](const auto& entry) {
    return now - entry.second.at >= kHold;
  });
  std::vector<net::IpAddress> first;
  for (const net::IpAddress& address : lost) {
    delivered_.erase(address);
    NoteDue(address);
    const auto [loss, is_new] = losses_.try_emplace(address, Loss{now});
    if (is_new) {
      first.push_back(address);
    } else if (now - loss->second.at < kSweep) {
      loss->second.swept = true;
    } else {
      loss->second = Loss{now};
      Report(address, "kept on",
             absl::UnavailableError("another program takes it off each time"));
    }
  }
  if (first.empty()) return;
  ports_.log->Record(
      {.time = ports_.loop->CivilNow(),
       .type = EventType::kWarning,
       .reason = "DeliveryRestored",
       .object = {EventObject::kNode, node_},
       .message = fmt::format("{}: taken off {} by another program, and put "
                              "back",
                              NamesOf(first), kLoopback)});
}

absl::Time LoopbackDelivery::LeftUntil(const net::IpAddress& address) const {
  const auto found = losses_.find(address);
  if (found == losses_.end()) return absl::InfinitePast();
  const auto& [at, swept] = found->second;
  if (swept) return at + kSweep;
  return refused_.contains(address) ? at + kRetry : absl::InfinitePast();
}

bool LoopbackDelivery::IsLeft(const net::IpAddress& address) const {
  return ports_.loop->Now() < LeftUntil(address);
}

void LoopbackDelivery::Want(const net::IpAddress& address, bool wanted) {
  if (wanted == wanted_.contains(address)) return;
  if (wanted) {
    wanted_.insert(address);
  } else {
    wanted_.erase(address);
  }
  NoteDue(address);
}

// `address` was wanted, delivered or refused, or is so no more.
void LoopbackDelivery::NoteDue(const net::IpAddress& address) {
  changed_.insert(address);
  if (IsDue(address) && !refused_.contains(address)) {
    due_.insert(address);
  } else {
    due_.erase(address);
  }
}

std::vector<net::IpAddress> LoopbackDelivery::FindDue() const {
  std::vector<net::IpAddress> found;
  const auto is_full = [&] { return found.size() > kChangesMax; };
  for (auto it = due_.begin(); it != due_.end() && !is_full(); ++it) {
    if (!IsLeft(*it)) found.push_back(*it);
  }
  for (auto it = refused_.begin(); it != refused_.end() && !is_full(); ++it) {
    if (IsDue(it->first) && !IsLeft(it->first)) found.push_back(it->first);
  }
  return found;
}

bool LoopbackDelivery::Deliver() {
  Judge();
  PutOnTrial();
  const std::vector<net::IpAddress> changes = FindDue();
  const bool all_tried =
      changes.size() <= kChangesMax || refused_.contains(changes.back());
  bool any_done = false;
  for (size_t i = 0; i < std::min(changes.size(), kChangesMax); ++i) {
    any_done |= Change(changes[i], wanted_.contains(changes[i]));
  }
  for (const net::IpAddress& address : on_trial_) {
    if (!IsLeft(address)) Try(address);
  }
  Judge();
  std::erase_if(on_trial_, [this](const net::IpAddress& address) {
    return !Unable().IncludesAll(net::FamilyOf(address));
  });
  const absl::Time now = ports_.loop->Now();
  retry_at_ = refused_.empty() && on_trial_.empty() ? absl::InfiniteFuture()
                                                    : now + kRetry;
  for (const auto& [address, loss] : losses_) {
    if (IsLeft(address)) retry_at_ = std::min(retry_at_, LeftUntil(address));
  }
  return all_tried && (changes.size() <= kChangesMax || !any_done);
}

// One refused address of each family that is no longer wanted is tried further,
// as long as the family counts as unable: it shows whether the family works
// again, and keeps working.
void LoopbackDelivery::PutOnTrial() {
  const auto is_ours = [&](const net::IpAddress& address) {
    return wanted_.contains(address) || delivered_.contains(address);
  };
  std::erase_if(on_trial_, is_ours);
  IpFamilies tried;
  for (const net::IpAddress& address : on_trial_) {
    tried = Union(tried, net::FamilyOf(address));
  }
  std::erase_if(refused_, [&](const auto& refused) {
    const net::IpAddress& address = refused.first;
    if (is_ours(address) || on_trial_.contains(address)) return false;
    const IpFamilies family = net::FamilyOf(address);
    if (tried.IncludesAll(family)) return true;
    tried = Union(tried, family);
    on_trial_.insert(address);
    return false;
  });
}

bool LoopbackDelivery::Change(const net::IpAddress& address, bool deliver) {
  io::AddressInstaller& installer = *ports_.installer;
  absl::Status status = deliver ? installer.Install(kLoopback, address)
                                : installer.Uninstall(kLoopback, address);
  if (!status.ok() && address.is_ipv6() && ports_.sysctl &&
      ports_.sysctl("net/ipv6/conf/lo/disable_ipv6") == 1) {
    // The kernel says no more than "permission denied".
    status = absl::FailedPreconditionError(
        "IPv6 is disabled there, want net.ipv6.conf.lo.disable_ipv6=0");
  }
  Report(address, deliver ? "put on" : "taken off", status);
  if (!status.ok()) return false;
  if (deliver) {
    delivered_.insert(address);
  } else {
    delivered_.erase(address);
  }
  NoteDue(address);
  return true;
}

// The address is another node's by now: it is there for no longer than a call.
void LoopbackDelivery::Try(const net::IpAddress& address) {
  if (Change(address, /*deliver=*/true)) Change(address, /*deliver=*/false);
}

IpFamilies LoopbackDelivery::Refused() const {
  IpFamilies refused;
  for (const auto& [address, why] : refused_) {
    if (delivered_.contains(address)) continue;  // It cannot be taken off.
    refused = Union(refused, net::FamilyOf(address));
  }
  return refused;
}

// Notes how long which family is unable.
void LoopbackDelivery::Judge() {
  const IpFamilies refused = Refused();
  if (refused.ipv4) ipv4_.Hold(ports_.loop->Now());
  if (refused.ipv6) ipv6_.Hold(ports_.loop->Now());
}

void LoopbackDelivery::Fault::Hold(absl::Time now) {
  if (now >= until) {  // A new one.
    hold = now - until < kHoldMax ? std::min(2 * hold, kHoldMax) : kHold;
  }
  until = now + hold;
}

IpFamilies LoopbackDelivery::Unable() const {
  const absl::Time now = ports_.loop->Now();
  return {.ipv4 = now < ipv4_.until, .ipv6 = now < ipv6_.until};
}

absl::Time LoopbackDelivery::NextDeadline() const {
  const absl::Time now = ports_.loop->Now();
  absl::Time next = retry_at_;
  for (const Fault* fault : {&ipv4_, &ipv6_}) {
    if (fault->until > now) next = std::min(next, fault->until);
  }
  return next;
}

std::vector<std::string> LoopbackDelivery::Faults() const {
  const IpFamilies unable = Unable();
  std::vector<std::string> faults;
  for (const auto& [address, why] : refused_) {
    const bool matters = unable.IncludesAll(net::FamilyOf(address)) &&
                         !delivered_.contains(address);
    faults.push_back(
        !matters ? why
                 : fmt::format("{}; meanwhile this node is not elected "
                               "for {} addresses",
                               why, address.is_ipv6() ? "IPv6" : "IPv4"));
  }
  return faults;
}

std::optional<absl::Time> LoopbackDelivery::HeldUntil(
    const IpFamilies& families) const {
  const IpFamilies refused = Refused();
  if ((families.ipv4 && refused.ipv4) || (families.ipv6 && refused.ipv6)) {
    return std::nullopt;
  }
  absl::Time until = ports_.loop->Now();
  if (families.ipv4) until = std::max(until, ipv4_.until);
  if (families.ipv6) until = std::max(until, ipv6_.until);
  if (until == ports_.loop->Now()) return std::nullopt;
  return until;
}

void LoopbackDelivery::Report(const net::IpAddress& address, const char* what,
                              const absl::Status& status) {
  if (status.ok()) {
    refused_.erase(address);
    return;
  }
  due_.erase(address);
  std::string message =
      fmt::format("{} cannot be {} {}: {}", address.ToString(), what, kLoopback,
                  std::string(status.message()));
  std::string& reported = refused_[address];
  if (reported == message) return;
  reported = message;
  RecordFailure(std::move(message));
}

void LoopbackDelivery::RecordFailure(std::string message) {
  ports_.log->Record({.time = ports_.loop->CivilNow(),
                      .type = EventType::kWarning,
                      .reason = "DeliveryFailed",
                      .object = {EventObject::kNode, node_},
                      .message = std::move(message)});
}

}  // namespace lb::announce
