// Asks a segment again and again who has an IPv4 and an IPv6 address, and says
// each answer and each other claim of them that it hears.
//
//   ask_often INTERFACE OWN-MAC OWN-IPV4 OWN-IPV6 IPV4 IPV6
//
// Asks every 5 ms until SIGTERM. Lines of SECONDS FAMILY KIND MAC: the time of
// day, 4 or 6, "asked" (MAC is ours), "answer" (an ARP reply or a solicited
// advertisement to us) or "claim" (any other frame whose sender says that it
// has the address). For tests/netns/takeover.sh and rivals.sh. Needs
// CAP_NET_RAW.
#include <linux/if_ether.h>
#include <signal.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "fmt/core.h"
#include "lb/base/status_macros.h"
#include "lb/net/arp.h"
#include "lb/net/ethernet.h"
#include "lb/net/ndp.h"
#include "tests/netns/raw_socket.h"

namespace lb::netns {
namespace {

constexpr std::chrono::milliseconds kInterval(5);

volatile sig_atomic_t stopped = 0;

struct Questions {
  net::MacAddress mac;  // Ours, as the next two.
  net::IpAddress own4, own6, vip4, vip6;
};

struct Claim {
  int family;
  bool is_answer;
  net::MacAddress mac;
};

void Say(int family, const char* kind, const net::MacAddress& mac) {
  const std::chrono::duration<double> now =
      std::chrono::system_clock::now().time_since_epoch();
  fmt::print("{:.6f} {} {} {}\n", now.count(), family, kind, mac.ToString());
}

std::vector<uint8_t> ArpQuestion(const Questions& questions) {
  return net::ArpFrame(net::kBroadcastMac,
                       {.operation = net::ArpOperation::kRequest,
                        .sender_mac = questions.mac,
                        .sender_ip = questions.own4,
                        .target_ip = questions.vip4});
}

std::vector<uint8_t> NdpQuestion(const Questions& questions) {
  const net::IpAddress group = net::SolicitedNodeGroup(questions.vip6);
  return net::NdpFrame(
      net::MulticastMac(group), questions.mac,
      {questions.own6, group,
       net::NeighborSolicitation{questions.vip6, questions.mac}});
}

// Returns the claim if the frame says that a host has one of the addresses.
std::optional<Claim> ReadClaim(absl::Span<const uint8_t> bytes,
                               const Questions& questions) {
  const auto frame = net::ParseEthernet(bytes);
  if (!frame.ok()) return std::nullopt;
  const bool to_us = frame->header.destination == questions.mac;
  if (frame->header.ether_type == net::kEtherTypeArp) {
    const auto arp = net::ParseArp(frame->payload);
    if (!arp.ok() || arp->sender_ip != questions.vip4) return std::nullopt;
    return Claim{4, to_us && arp->operation == net::ArpOperation::kReply,
                 arp->sender_mac};
  }
  const auto ndp = net::ParseNdp(frame->payload);
  if (!ndp.ok()) return std::nullopt;
  const auto* advert = std::get_if<net::NeighborAdvertisement>(&ndp->message);
  if (advert == nullptr || advert->target != questions.vip6) {
    return std::nullopt;
  }
  return Claim{6, to_us && advert->solicited,
               advert->target_mac.value_or(frame->header.source)};
}

absl::StatusOr<Questions> ParseQuestions(char** arguments) {
  Questions questions;
  LB_ASSIGN_OR_RETURN(questions.mac, net::ParseMacAddress(arguments[2]));
  LB_ASSIGN_OR_RETURN(questions.own4, net::ParseIpAddress(arguments[3]));
  LB_ASSIGN_OR_RETURN(questions.own6, net::ParseIpAddress(arguments[4]));
  LB_ASSIGN_OR_RETURN(questions.vip4, net::ParseIpAddress(arguments[5]));
  LB_ASSIGN_OR_RETURN(questions.vip6, net::ParseIpAddress(arguments[6]));
  return questions;
}

absl::Status Ask(char** arguments) {
  LB_ASSIGN_OR_RETURN(const Questions questions, ParseQuestions(arguments));
  LB_ASSIGN_OR_RETURN(RawSocket socket,
                      RawSocket::Open(arguments[1], ETH_P_ALL));
  socket.SetPatience(/*milliseconds=*/1);
  const auto arp = ArpQuestion(questions);
  const auto ndp = NdpQuestion(questions);
  auto next = std::chrono::steady_clock::now();
  std::array<uint8_t, 2048> buffer;
  while (stopped == 0) {
    if (std::chrono::steady_clock::now() >= next) {
      next += kInterval;
      Say(4, "asked", questions.mac);
      Say(6, "asked", questions.mac);
      if (!socket.Send(arp) || !socket.Send(ndp)) {
        return absl::UnavailableError("the kernel refused a frame");
      }
    }
    size_t size = 0;
    if (!socket.Receive(absl::MakeSpan(buffer), &size, /*flags=*/0)) continue;
    const auto claim =
        ReadClaim(absl::MakeConstSpan(buffer.data(), size), questions);
    if (!claim) continue;
    Say(claim->family, claim->is_answer ? "answer" : "claim", claim->mac);
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace lb::netns

int main(int argc, char** argv) {
  if (argc != 7) {
    fmt::print(stderr,
               "usage: ask_often INTERFACE OWN-MAC OWN-IPV4 OWN-IPV6 IPV4 "
               "IPV6\n");
    return 2;
  }
  signal(SIGTERM, [](int) { lb::netns::stopped = 1; });
  setvbuf(stdout, nullptr, _IOLBF, 0);
  const absl::Status status = lb::netns::Ask(argv);
  if (status.ok()) return 0;
  fmt::print(stderr, "ask_often: {}\n", std::string(status.message()));
  return 1;
}
