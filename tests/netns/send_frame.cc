// Sends one frame that says something about an address, as lb/net writes it.
//
//   send_frame INTERFACE FORM ADDRESS MAC CLIENT-ADDRESS CLIENT-MAC
//
// FORM is one of those below; MAC is that of the host that claims ADDRESS. For
// tests/netns/neighbour.sh. Needs CAP_NET_RAW.
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

// The forms of the table in neighbour.sh.
std::map<std::string, Bytes> ArpForms(const Claim& c) {
  using enum net::ArpOperation;
  using net::ArpFrame;
  const net::MacAddress all = net::kBroadcastMac;
  return {
      {"garp-request", ArpFrame(all, {kRequest, c.mac, c.vip, {}, c.vip})},
      // RFC 5944 section 4.6
      {"garp-reply-own-mac",
       ArpFrame(all, {kReply, c.mac, c.vip, c.mac, c.vip})},
      {"garp-reply-broadcast",
       ArpFrame(all, {kReply, c.mac, c.vip, all, c.vip})},
      {"unicast-reply",
       ArpFrame(c.client_mac, {kReply, c.mac, c.vip, c.client_mac, c.client})},
      {"unicast-request",
       ArpFrame(c.client_mac, {kRequest, c.mac, c.vip, {}, c.client})},
      {"broadcast-request",
       ArpFrame(all, {kRequest, c.mac, c.vip, {}, c.client})},
      // RFC 5227 section 2.1.1
      {"probe",
       ArpFrame(all, {kRequest, c.mac, net::IpAddress::Ipv4(0), {}, c.vip})},
  };
}

std::map<std::string, Bytes> NdpForms(const Claim& c) {
  const auto advert = [&c](bool solicited, net::NeighborAdvertisement sent) {
    sent.target = c.vip;
    sent.solicited = solicited;
    const net::IpAddress to = solicited ? c.client : net::AllNodesGroup();
    return net::NdpFrame(solicited ? c.client_mac : net::MulticastMac(to),
                         c.mac, {c.vip, to, sent});
  };
  return {
      {"na-override",
       advert(false, {.override_cache = true, .target_mac = c.mac})},
      {"na-plain", advert(false, {.target_mac = c.mac})},
      {"na-solicited-override",
       advert(true, {.override_cache = true, .target_mac = c.mac})},
      {"na-solicited-plain", advert(true, {.target_mac = c.mac})},
      {"na-override-no-mac", advert(false, {.override_cache = true})},
  };
}

absl::Status Send(char** arguments) {
  Claim claim;
  LB_ASSIGN_OR_RETURN(claim.vip, net::ParseIpAddress(arguments[3]));
  LB_ASSIGN_OR_RETURN(claim.mac, net::ParseMacAddress(arguments[4]));
  LB_ASSIGN_OR_RETURN(claim.client, net::ParseIpAddress(arguments[5]));
  LB_ASSIGN_OR_RETURN(claim.client_mac, net::ParseMacAddress(arguments[6]));
  const auto forms = claim.vip.is_ipv4() ? ArpForms(claim) : NdpForms(claim);
  const auto form = forms.find(arguments[2]);
  if (form == forms.end()) {
    return absl::InvalidArgumentError(
        fmt::format("form \"{}\": not one of the forms of the address's family",
                    arguments[2]));
  }
  LB_ASSIGN_OR_RETURN(RawSocket socket,
                      RawSocket::Open(arguments[1], /*ether_type=*/0));
  if (socket.Send(form->second)) return absl::OkStatus();
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
