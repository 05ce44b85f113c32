// Sends one frame that says something about an address, as lb/net writes it.
//
//   send_frame INTERFACE FORM ADDRESS MAC CLIENT-ADDRESS CLIENT-MAC
//
// FORM is one of those below; MAC is who claims to have ADDRESS. For
// tests/netns/neighbour.sh. Needs CAP_NET_RAW.
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "fmt/core.h"
#include "lb/base/status_macros.h"
#include "lb/net/arp.h"
#include "lb/net/ndp.h"
#include "tests/netns/raw_socket.h"

namespace lb::netns {
namespace {

struct Claim {
  net::IpAddress vip;
  net::MacAddress mac;
  net::IpAddress client;
  net::MacAddress client_mac;
};
using Bytes = std::vector<uint8_t>;

Bytes Arp(const Claim& claim, net::ArpOperation operation,
          const net::MacAddress& to, const net::IpAddress& sender,
          const net::MacAddress& target_mac, const net::IpAddress& target) {
  return net::ArpFrame(to, {operation, claim.mac, sender, target_mac, target});
}

Bytes Advert(const Claim& claim, bool solicited, bool override_cache,
             bool with_mac) {
  net::NeighborAdvertisement advert = {.target = claim.vip,
                                       .solicited = solicited,
                                       .override_cache = override_cache};
  if (with_mac) advert.target_mac = claim.mac;
  const net::IpAddress to = solicited ? claim.client : net::AllNodesGroup();
  return net::NdpFrame(solicited ? claim.client_mac : net::MulticastMac(to),
                       claim.mac, {claim.vip, to, advert});
}

// Those of reference/peers.md section 2b.
const std::map<std::string, std::function<Bytes(const Claim&)>>& Forms() {
  using net::ArpOperation;
  using net::kBroadcastMac;
  static const std::map<std::string, std::function<Bytes(const Claim&)>> forms =
      {
          {"garp-request",
           [](const Claim& c) {
             return Arp(c, ArpOperation::kRequest, kBroadcastMac, c.vip, {},
                        c.vip);
           }},
          {"garp-reply-own-mac",  // RFC 5944 section 4.6
           [](const Claim& c) {
             return Arp(c, ArpOperation::kReply, kBroadcastMac, c.vip, c.mac,
                        c.vip);
           }},
          {"garp-reply-broadcast",
           [](const Claim& c) {
             return Arp(c, ArpOperation::kReply, kBroadcastMac, c.vip,
                        kBroadcastMac, c.vip);
           }},
          {"unicast-reply",
           [](const Claim& c) {
             return Arp(c, ArpOperation::kReply, c.client_mac, c.vip,
                        c.client_mac, c.client);
           }},
          {"unicast-request",
           [](const Claim& c) {
             return Arp(c, ArpOperation::kRequest, c.client_mac, c.vip, {},
                        c.client);
           }},
          {"broadcast-request",
           [](const Claim& c) {
             return Arp(c, ArpOperation::kRequest, kBroadcastMac, c.vip, {},
                        c.client);
           }},
          {"probe",  // RFC 5227 section 2.1.1
           [](const Claim& c) {
             return Arp(c, ArpOperation::kRequest, kBroadcastMac,
                        net::IpAddress::Ipv4(0), {}, c.vip);
           }},
          {"na-override",
           [](const Claim& c) { return Advert(c, false, true, true); }},
          {"na-plain",
           [](const Claim& c) { return Advert(c, false, false, true); }},
          {"na-solicited-override",
           [](const Claim& c) { return Advert(c, true, true, true); }},
          {"na-solicited-plain",
           [](const Claim& c) { return Advert(c, true, false, true); }},
          {"na-override-no-mac",
           [](const Claim& c) { return Advert(c, false, true, false); }},
      };
  return forms;
}

absl::Status Send(char** arguments) {
  const auto form = Forms().find(arguments[2]);
  if (form == Forms().end()) {
    return absl::InvalidArgumentError(
        fmt::format("form \"{}\": not one of the forms", arguments[2]));
  }
  Claim claim;
  LB_ASSIGN_OR_RETURN(claim.vip, net::ParseIpAddress(arguments[3]));
  LB_ASSIGN_OR_RETURN(claim.mac, net::ParseMacAddress(arguments[4]));
  LB_ASSIGN_OR_RETURN(claim.client, net::ParseIpAddress(arguments[5]));
  LB_ASSIGN_OR_RETURN(claim.client_mac, net::ParseMacAddress(arguments[6]));
  LB_ASSIGN_OR_RETURN(RawSocket socket,
                      RawSocket::Open(arguments[1], /*ether_type=*/0));
  if (socket.Send(form->second(claim))) return absl::OkStatus();
  return absl::UnavailableError("the kernel refused the frame");
}

}  // namespace
}  // namespace lb::netns

int main(int argc, char** argv) {
  if (argc != 7) {
    fmt::print(stderr,
               "usage: send_frame INTERFACE FORM ADDRESS MAC CLIENT-ADDRESS "
               "CLIENT-MAC\n");
    return 2;
  }
  const absl::Status status = lb::netns::Send(argv);
  if (status.ok()) return 0;
  fmt::print(stderr, "send_frame: {}\n", std::string(status.message()));
  return 1;
}
