#include "lb/announce/strict_arp.h"

#include <fmt/format.h>

#include <algorithm>

namespace lb::announce {
namespace {

// The kernel takes the greater of an interface's value and that of all.
std::optional<int> Effective(const StrictArpFacts& facts,
                             const std::string& interface,
                             const std::string& setting) {
  const auto read = [&](const std::string& conf) {
    return facts.sysctl(fmt::format("net/ipv4/conf/{}/{}", conf, setting));
  };
  const std::optional<int> all = read("all");
  const std::optional<int> own = read(interface);
  if (!all || !own) return all ? all : own;
  return std::max(*all, *own);
}

// Does an interface that does not announce have a service's IPv4 address?
bool IsHeldElsewhere(const StrictArpFacts& facts) {
  for (const io::Link& link : facts.links) {
    if (facts.announcing.contains(link.name)) continue;
    for (const net::IpPrefix& prefix : link.addresses) {
      if (prefix.address.is_ipv4() && facts.is_assigned(prefix.address)) {
        return true;
      }
    }
  }
  return false;
}

void CheckSetting(const StrictArpFacts& facts, const std::string& interface,
                  const std::string& setting, int wanted, const char* harm,
                  std::set<std::string>* faults) {
  const std::optional<int> value = Effective(facts, interface, setting);
  if (!value || *value >= wanted) return;
  faults->insert(
      fmt::format("{0}: net.ipv4.conf.all.{1}: {2}, want {3}: the kernel {4}; "
                  "sysctl -w net.ipv4.conf.all.{1}={3}",
                  interface, setting, *value, wanted, harm));
}

}  // namespace

std::vector<std::string> JudgeStrictArp(const StrictArpFacts& facts) {
  std::set<std::string> faults;
  if ((facts.delivers_on_loopback || IsHeldElsewhere(facts)) && facts.sysctl) {
    for (const std::string& interface : facts.announcing) {
      CheckSetting(facts, interface, "arp_ignore", 1,
                   "answers for services' addresses, whichever node is elected",
                   &faults);
      CheckSetting(facts, interface, "arp_announce", 2,
                   "names services' addresses as the sender of its requests",
                   &faults);
    }
  }
  return {faults.begin(), faults.end()};
}

}  // namespace lb::announce
