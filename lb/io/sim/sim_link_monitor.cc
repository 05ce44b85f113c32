#include "lb/io/sim/sim_link_monitor.h"

#include <algorithm>
#include <utility>

#include "lb/base/check.h"

namespace lb::io {

std::vector<Link> SimLinkMonitor::Links() const {
  std::vector<Link> links;
  for (const auto& [index, link] : links_) links.push_back(link);
  return links;
}

void SimLinkMonitor::SetObserver(absl::AnyInvocable<void()> on_change) {
  on_change_ =
      on_change && process_->running()
          ? std::make_shared<absl::AnyInvocable<void()>>(std::move(on_change))
          : nullptr;
}

void SimLinkMonitor::SetLink(Link link) {
  LB_CHECK(link.index > 0);
  std::sort(link.addresses.begin(), link.addresses.end());
  const int index = link.index;
  links_[index] = std::move(link);
  Notify();
}

void SimLinkMonitor::SetCarrier(std::string_view name, bool carrier) {
  At(name).carrier = carrier;
  Notify();
}

void SimLinkMonitor::AddAddress(std::string_view name,
                                const net::IpPrefix& address) {
  std::vector<net::IpPrefix>& addresses = At(name).addresses;
  const auto at = std::lower_bound(addresses.begin(), addresses.end(), address);
  if (at != addresses.end() && *at == address) return;
  addresses.insert(at, address);
  Notify();
}

void SimLinkMonitor::RemoveAddress(std::string_view name,
                                   const net::IpPrefix& address) {
  if (std::erase(At(name).addresses, address) > 0) Notify();
}

void SimLinkMonitor::AddInstalled(std::string_view name,
                                  const net::IpAddress& address) {
  std::vector<net::IpAddress>& installed = At(name).installed;
  installed.insert(
      std::lower_bound(installed.begin(), installed.end(), address), address);
}

void SimLinkMonitor::RemoveInstalled(std::string_view name,
                                     const net::IpAddress& address) {
  if (std::erase(At(name).installed, address) > 0) Notify();
}

const Link* SimLinkMonitor::Find(std::string_view name) const {
  for (const auto& [index, link] : links_) {
    if (link.name == name) return &link;
  }
  return nullptr;
}

Link& SimLinkMonitor::At(std::string_view name) {
  const Link* link = Find(name);
  LB_CHECK(link != nullptr);
  return links_.at(link->index);
}

void SimLinkMonitor::Notify() {
  if (!process_->running() || notified_run_ == process_->run()) return;
  notified_run_ = process_->run();
  process_->Post([this] {
    notified_run_ = 0;
    const auto on_change = on_change_;  // Lives while it runs.
    if (on_change != nullptr) (*on_change)();
  });
}

}  // namespace lb::io
