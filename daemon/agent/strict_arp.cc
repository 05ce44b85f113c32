#include "daemon/agent/strict_arp.h"

#include <fmt/format.h>

#include <algorithm>

namespace lb {
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

// A service's IPv4 address that the kernel holds, and where.
struct Held {
  net::IpAddress address;
  std::string link;
};

std::vector<Held> HeldByKernel(const StrictArpFacts& facts) {
  std::vector<Held> held;
  for (const io::Link& link : facts.links) {
    for (const net::IpPrefix& prefix : link.addresses) {
      if (prefix.address.family() == net::IpFamily::kIpv4 &&
          facts.is_assigned(prefix.address)) {
        held.push_back({prefix.address, link.name});
      }
    }
  }
  return held;
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
  bool elsewhere = facts.delivers_on_loopback;
  for (const Held& held : HeldByKernel(facts)) {
    if (facts.announcing.contains(held.link)) {
      faults.insert(fmt::format(
          "{0}: {1}: is on the interface, want it off: the kernel answers for "
          "it, whichever node is elected; ip address del {1}/32 dev {0}",
          held.link, held.address.ToString()));
    } else {
      elsewhere = true;
    }
  }
  if (elsewhere && facts.sysctl) {
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

}  // namespace lb
