// Which node announces which address, by lb/election alone.
//
//   election n1 n2 n3 -- 172.18.8.201 172.18.8.202 2001:db8::10
//
// Prints for each address the nodes in the order in which they would take it
// over; leave a node out and see that only its own addresses move.
#include "lb/election/election.h"

#include <string>
#include <string_view>
#include <vector>

#include "fmt/core.h"
#include "lb/net/ip_address.h"

int main(int argc, char** argv) {
  lb::election::Cluster cluster;
  cluster.advertisements.push_back({.name = "every-pool-on-every-node"});
  std::vector<std::string> addresses;
  bool after_separator = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--") {
      after_separator = true;
    } else if (after_separator) {
      addresses.emplace_back(argument);
    } else {
      cluster.members.emplace_back(argument);
    }
  }
  if (cluster.members.empty() || addresses.empty()) {
    fmt::print(stderr, "usage: election NODE... -- ADDRESS...\n");
    return 2;
  }
  for (const std::string& text : addresses) {
    const auto address = lb::net::ParseIpAddress(text);
    if (!address.ok()) {
      fmt::print(stderr, "{}\n", std::string(address.status().message()));
      return 2;
    }
    const lb::election::Decision decision =
        lb::election::Elect(cluster, {.address = *address, .pool = "example"});
    fmt::print("{} is announced by {}", address->ToString(), *decision.winner);
    for (size_t i = 1; i < decision.ranked.size(); ++i) {
      fmt::print("{}{}", i == 1 ? ", else by " : ", ", decision.ranked[i].node);
    }
    fmt::print("\n");
  }
  return 0;
}
