// SimLinkMonitor: a LinkMonitor whose links a test sets.
//
// Its observer is told on a later turn, once for all changes until then.
#ifndef LB_IO_SIM_SIM_LINK_MONITOR_H_
#define LB_IO_SIM_SIM_LINK_MONITOR_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "lb/io/link_monitor.h"
#include "lb/io/sim/sim_process.h"
#include "lb/net/ip_prefix.h"

namespace lb::io {

class SimLinkMonitor final : public LinkMonitor {
 public:
  explicit SimLinkMonitor(SimProcess* process) : process_(process) {}

  std::vector<Link> Links() const override;
  void SetObserver(absl::AnyInvocable<void()> on_change) override;

  // Adds the link, or replaces the one of that index.
  void SetLink(Link link);
  // REQUIRES: there is a link of that name.
  void SetCarrier(std::string_view name, bool carrier);
  void AddAddress(std::string_view name, const net::IpPrefix& address);
  void RemoveAddress(std::string_view name, const net::IpPrefix& address);
  // What a SimAddressInstaller puts there, of which no observer is told, and
  // what it takes off.
  void AddInstalled(std::string_view name, const net::IpAddress& address);
  void RemoveInstalled(std::string_view name, const net::IpAddress& address);

  // Null: none of that name. Valid until the next change.
  const Link* Find(std::string_view name) const;

 private:
  Link& At(std::string_view name);
  void Notify();

  SimProcess* const process_;
  std::map<int, Link> links_;  // By index.
  std::shared_ptr<absl::AnyInvocable<void()>> on_change_;
  int notified_run_ = 0;  // The run that a notification is under way to, or 0.
};

}  // namespace lb::io

#endif  // LB_IO_SIM_SIM_LINK_MONITOR_H_
