// Asks many IPv4 addresses again and again, and counts the questions without an
// answer: as a client that has them in its neighbour table, or as one that has
// not.
//
//   ask_all ping MILLISECONDS IPV4...
//                        by the kernel and its neighbour table
//   ask_all arp MILLISECONDS INTERFACE OWN-MAC OWN-IPV4 IPV4...
//                        by broadcast requests
//
// Each address is asked once in MILLISECONDS. After SIGTERM it waits a second
// for answers, and prints
//
//   IPV4 lost N at SECONDS     for each that lost any; the time of the first
//   asked N lost N late N twice N longest-silence MS address IPV4
//
// Late: answered after 300 ms. Twice: by two hosts, which `arp` alone can see.
// The silence of an address ends with the answer to a later question.
//
// It sleeps in between, as ping_often does, and for the same reason. For
// tests/kubernetes/move.sh. Needs CAP_NET_RAW.
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "fmt/core.h"
#include "lb/base/status_macros.h"
#include "lb/net/arp.h"
#include "lb/net/ethernet.h"
#include "lb/net/ip_address.h"
#include "lb/net/mac_address.h"
#include "tests/netns/raw_socket.h"

namespace lb::netns {
namespace {

constexpr absl::Duration kLate = absl::Milliseconds(300);
constexpr absl::Duration kLastAnswers = absl::Seconds(1);
constexpr uint16_t kIdentifier = 0x6c63;
// The number of a ping has 16 bits.
constexpr size_t kRoundsMax = 65536;

volatile sig_atomic_t stopped = 0;

struct Question {
  absl::Time asked;
  std::optional<absl::Time> answered = {};
  net::MacAddress by = {};
  bool twice = false;
};
using Questions = std::vector<Question>;  // One in each round.

struct Heard {
  net::IpAddress from;
  // Nullopt: it answers the last question.
  std::optional<size_t> round = {};
  net::MacAddress by = {};
};

class Sums {
 public:
  void Add(const net::IpAddress& address, const Questions& questions) {
    std::optional<absl::Time> heard;
    std::optional<absl::Time> first_lost;
    size_t lost = 0;
    for (const Question& question : questions) {
      twice_ += question.twice ? 1 : 0;
      if (!question.answered) {
        if (lost++ == 0) first_lost = question.asked;
        continue;
      }
      if (*question.answered - question.asked > kLate) ++late_;
      if (heard && *question.answered - *heard > silence_) {
        silence_ = *question.answered - *heard;
        address_ = address;
      }
      heard = question.answered;
    }
    asked_ += questions.size();
    lost_ += lost;
    if (lost == 0) return;
    fmt::print("{} lost {} at {:.3f}\n", address.ToString(), lost,
               absl::ToDoubleSeconds(*first_lost - absl::UnixEpoch()));
  }

  void Print() const {
    fmt::print(
        "asked {} lost {} late {} twice {} longest-silence {} address {}\n",
        asked_, lost_, late_, twice_, absl::ToInt64Milliseconds(silence_),
        address_.ToString());
  }

 private:
  size_t asked_ = 0;
  size_t lost_ = 0;
  size_t late_ = 0;
  size_t twice_ = 0;
  absl::Duration silence_;
  net::IpAddress address_;  // Of the longest silence.
};

class Pings {
 public:
  Pings() : socket_(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP)) {
    const int bytes = 8 << 20;
    (void)setsockopt(socket_, SOL_SOCKET, SO_RCVBUFFORCE, &bytes,
                     sizeof(bytes));
  }

  // An address that cannot be resolved is an error now and then; it is asked
  // again.
  void Ask(const net::IpAddress& address, size_t round) {
    std::array<uint8_t, 8> echo = {ICMP_ECHO};
    const auto put = [&](size_t at, size_t value) {
      echo[at] = static_cast<uint8_t>(value >> 8);
      echo[at + 1] = static_cast<uint8_t>(value);
    };
    put(4, kIdentifier);
    put(6, round);
    // One's complement sum (RFC 1071).
    size_t sum = (ICMP_ECHO << 8) + kIdentifier + round;
    sum = (sum >> 16) + (sum & 0xffff);
    put(2, ~(sum + (sum >> 16)));
    sockaddr_in to = {};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(static_cast<uint32_t>(address.number()));
    (void)sendto(socket_, echo.data(), echo.size(), MSG_DONTWAIT,
                 reinterpret_cast<const sockaddr*>(&to), sizeof(to));
  }

  // Waits a millisecond for an answer.
  std::optional<Heard> Take() {
    pollfd polled = {socket_, POLLIN, 0};
    if (poll(&polled, 1, 1) <= 0) return std::nullopt;
    std::array<uint8_t, 2048> packet;
    const ssize_t size =
        recv(socket_, packet.data(), packet.size(), MSG_DONTWAIT);
    const auto word = [&](size_t at) {
      return static_cast<size_t>(packet[at]) << 8 | packet[at + 1];
    };
    // IPv4 comes with its header, of so many words.
    const size_t start = size < 1 ? 0 : (packet[0] & 0x0fU) * 4;
    if (size < static_cast<ssize_t>(start + 8) || start < 20 ||
        packet[start] != ICMP_ECHOREPLY || word(start + 4) != kIdentifier) {
      return std::nullopt;
    }
    const auto from = static_cast<uint32_t>(word(12) << 16 | word(14));
    return Heard{.from = net::IpAddress::Ipv4(from), .round = word(start + 6)};
  }

 private:
  const int socket_;
};

class ArpRequests {
 public:
  ArpRequests(RawSocket socket, const net::MacAddress& mac,
              const net::IpAddress& own)
      : socket_(std::move(socket)), mac_(mac), own_(own) {
    socket_.SetPatience(/*milliseconds=*/1);
  }

  void Ask(const net::IpAddress& address, size_t) {
    (void)socket_.Send(net::ArpFrame(net::kBroadcastMac,
                                     {.operation = net::ArpOperation::kRequest,
                                      .sender_mac = mac_,
                                      .sender_ip = own_,
                                      .target_ip = address}));
  }

  std::optional<Heard> Take() {
    std::array<uint8_t, 2048> buffer;
    size_t size = 0;
    if (!socket_.Receive(absl::MakeSpan(buffer), &size, /*flags=*/0)) {
      return std::nullopt;
    }
    const auto frame =
        net::ParseEthernet(absl::MakeConstSpan(buffer.data(), size));
    if (!frame.ok() || frame->header.destination != mac_) return std::nullopt;
    const auto arp = net::ParseArp(frame->payload);
    if (!arp.ok() || arp->operation != net::ArpOperation::kReply) {
      return std::nullopt;
    }
    return Heard{.from = arp->sender_ip, .by = arp->sender_mac};
  }

 private:
  RawSocket socket_;
  const net::MacAddress mac_;
  const net::IpAddress own_;
};

void Note(const Heard& heard, std::map<net::IpAddress, Questions>& all) {
  const auto asked = all.find(heard.from);
  if (asked == all.end() || asked->second.empty()) return;
  Questions& questions = asked->second;
  const size_t round = heard.round.value_or(questions.size() - 1);
  if (round >= questions.size()) return;
  Question& question = questions[round];
  if (question.answered) {
    question.twice |= question.by != heard.by;
    return;
  }
  question.answered = absl::Now();
  question.by = heard.by;
}

template <typename Asker>
absl::Status Run(Asker asker, absl::Duration interval,
                 absl::Span<char* const> addresses) {
  std::map<net::IpAddress, Questions> all;
  for (const char* const text : addresses) {
    LB_ASSIGN_OR_RETURN(const net::IpAddress address,
                        net::ParseIpAddress(text));
    all[address];
  }
  absl::Time next = absl::Now();
  absl::Time end = absl::InfiniteFuture();
  size_t round = 0;
  while (absl::Now() < end) {
    if (stopped != 0 && end == absl::InfiniteFuture()) {
      end = absl::Now() + kLastAnswers;
    }
    if (stopped == 0 && absl::Now() >= next) {
      if (round == kRoundsMax) return absl::OutOfRangeError("too many rounds");
      for (auto& [address, questions] : all) {
        questions.push_back({.asked = absl::Now()});
        asker.Ask(address, round);
      }
      ++round;
      next += interval;
    }
    if (const std::optional<Heard> heard = asker.Take()) Note(*heard, all);
  }
  Sums sums;
  for (const auto& [address, questions] : all) sums.Add(address, questions);
  sums.Print();
  return absl::OkStatus();
}

absl::Status RunAs(absl::Span<char* const> arguments) {
  const std::string_view way = arguments.size() < 4 ? "" : arguments[1];
  int milliseconds = 0;
  if (way.empty() || !absl::SimpleAtoi(arguments[2], &milliseconds)) {
    return absl::InvalidArgumentError(
        "want ping MILLISECONDS IPV4..., or arp MILLISECONDS INTERFACE MAC "
        "IPV4 IPV4...");
  }
  const absl::Duration interval = absl::Milliseconds(milliseconds);
  if (way == "ping") return Run(Pings(), interval, arguments.subspan(3));
  if (way != "arp" || arguments.size() < 7) {
    return absl::InvalidArgumentError("want ping or arp");
  }
  LB_ASSIGN_OR_RETURN(const net::MacAddress mac,
                      net::ParseMacAddress(arguments[4]));
  LB_ASSIGN_OR_RETURN(const net::IpAddress own,
                      net::ParseIpAddress(arguments[5]));
  LB_ASSIGN_OR_RETURN(RawSocket socket,
                      RawSocket::Open(arguments[3], ETH_P_ARP));
  return Run(ArpRequests(std::move(socket), mac, own), interval,
             arguments.subspan(6));
}

}  // namespace
}  // namespace lb::netns

int main(int argc, char** argv) {
  signal(SIGTERM, [](int) { lb::netns::stopped = 1; });
  const absl::Status status =
      lb::netns::RunAs(absl::MakeConstSpan(argv, static_cast<size_t>(argc)));
  if (status.ok()) return 0;
  fmt::print(stderr, "ask_all: {}\n", std::string(status.message()));
  return 1;
}
