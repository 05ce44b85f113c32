// The hosts of tests whose names are letters: "self" is at 10.0.0.1, "b" at .2,
// "c" at .3, ...
#ifndef LB_GOSSIP_TESTING_NAMED_HOSTS_H_
#define LB_GOSSIP_TESTING_NAMED_HOSTS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "lb/gossip/wire/messages.h"
#include "lb/net/endpoint.h"
#include "lb/net/ip_address.h"

namespace lb::gossip {

inline net::Endpoint At(uint32_t number) {
  return {net::IpAddress::Ipv4(0x0a000000u + number), 7946};
}

inline net::Endpoint AddressOf(std::string_view name) {
  return name == "self" ? At(1) : At(name[0] - 'a' + 1);
}

inline wire::Source SourceOf(std::string_view name) {
  return {.address = AddressOf(name).address.ToBytes(),
          .port = 7946,
          .node = std::string(name)};
}

}  // namespace lb::gossip

#endif  // LB_GOSSIP_TESTING_NAMED_HOSTS_H_
