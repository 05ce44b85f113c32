// MakeSynFrame: a router's SYN, as a frame, for tests.
//
//   port->Send(MakeSynFrame({.from = {router, 40000}, .to = {node, 179},
//                            .key = "secret", .to_mac = host->mac()}));
#ifndef LB_BGP_SIGNATURE_TESTING_SYN_FRAME_H_
#define LB_BGP_SIGNATURE_TESTING_SYN_FRAME_H_

#include <cstdint>
#include <string>
#include <vector>

#include "lb/net/endpoint.h"
#include "lb/net/mac_address.h"

namespace lb::bgp {

struct SynFrame {
  net::Endpoint from;  // Both of one family.
  net::Endpoint to;
  std::string key;  // Empty: it is not signed.
  net::MacAddress from_mac = {{2, 0, 0, 0, 0, 0xfe}};
  net::MacAddress to_mac;
};

std::vector<uint8_t> MakeSynFrame(const SynFrame& syn);

}  // namespace lb::bgp

#endif  // LB_BGP_SIGNATURE_TESTING_SYN_FRAME_H_
