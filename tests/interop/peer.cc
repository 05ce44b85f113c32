// One node of lb/gossip for the interop tests: peer.go is the same program on
// hashicorp/memberlist.
//
//   peer NAME ADDRESS:PORT KEY|- compress|plain [lan|wan|local|fast|turbo]
//
// Each line of stdin is a command, answered by one line "= REPLY":
//
//   join ADDRESS:PORT...    members          meta TEXT
//   send TEXT               stats            sendreliable NAME TEXT
//   leave                   addkey|usekey|removekey HEX
//
// Lines that begin with "! " are events: joined, updated, gone, message, state;
// only our program has `heard`. `stats` are suspicions raised, refutations of
// our own, and deaths seen. Only our program has `cost`: datagrams sent, and
// how often it was run late.
#include <cstdio>
#include <iostream>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "lb/base/prng.h"
#include "lb/base/status_macros.h"
#include "lb/gossip/gossip_node.h"
#include "lb/gossip/member.h"
#include "lb/gossip/options.h"
#include "lb/gossip/ports.h"
#include "lb/gossip/wire/messages.h"
#include "lb/io/posix/posix_environment.h"
#include "lb/io/posix/posix_loop.h"
#include "lb/io/posix/tcp_transport.h"
#include "lb/io/posix/udp_transport.h"
#include "lb/net/endpoint.h"

namespace lb::gossip {
namespace {

constexpr uint16_t kPort = 7946;

wire::Bytes FromText(std::string_view text) {
  return {text.begin(), text.end()};
}

wire::Bytes FromHex(const std::string& hex) {
  const std::string bytes = absl::HexStringToBytes(hex);
  return {bytes.begin(), bytes.end()};
}

std::string ToText(const wire::Bytes& bytes) {
  return {bytes.begin(), bytes.end()};
}

void Say(std::string_view line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

void Reply(const absl::Status& status) {
  Say(status.ok() ? "= ok" : fmt::format("= error: {}", status.ToString()));
}

void Report(const GossipEvent& event) {
  if (const auto* change = std::get_if<MemberEvent>(&event)) {
    if (change->change == MemberChange::kVerified) {
      return Say("! heard " + change->member.name);
    }
    static constexpr const char* kVerbs[] = {"joined", "updated", "gone",
                                             "gone",   "heard",   "updated"};
    Say(fmt::format("! {} {} {}", kVerbs[static_cast<int>(change->change)],
                    change->member.name, ToText(change->member.meta)));
  } else if (const auto* user = std::get_if<UserMessageEvent>(&event)) {
    Say("! message " + ToText(user->payload));
  } else if (const auto* state = std::get_if<UserStateEvent>(&event)) {
    Say("! state " + ToText(state->payload));
  }
}

absl::Status Join(GossipNode& node, const std::vector<std::string>& seeds) {
  std::vector<net::Endpoint> endpoints;
  for (const std::string& seed : seeds) {
    LB_ASSIGN_OR_RETURN(endpoints.emplace_back(),
                        net::ParseEndpoint(seed, kPort));
  }
  return node.Join(endpoints);
}

std::string UpNames(const GossipNode& node) {
  std::vector<std::string> names;
  for (const Member& member : node.Members()) {
    if (member.is_up()) names.push_back(member.name);
  }
  return absl::StrJoin(names, " ");
}

void Obey(GossipNode& node, const std::string& line) {
  const std::pair<std::string, std::string> split =
      absl::StrSplit(line, absl::MaxSplits(' ', 1));
  const auto& [verb, rest] = split;
  if (verb == "join") {
    Reply(Join(node, absl::StrSplit(rest, ' ')));
  } else if (verb == "members") {
    Say("= " + UpNames(node));
  } else if (verb == "meta") {
    Reply(node.SetMeta(FromText(rest)));
  } else if (verb == "move") {
    const auto endpoint = net::ParseEndpoint(rest, kPort);
    Reply(endpoint.ok() ? node.MoveTo(*endpoint) : endpoint.status());
  } else if (verb == "send") {
    Reply(node.Broadcast(FromText(rest)));
  } else if (verb == "sendreliable") {
    const std::pair<std::string, std::string> what =
        absl::StrSplit(rest, absl::MaxSplits(' ', 1));
    Reply(node.SendReliably(what.first, FromText(what.second)));
  } else if (verb == "leave") {
    node.Leave(absl::Seconds(5), [] { Reply(absl::OkStatus()); });
  } else if (verb == "addkey") {
    Reply(node.keyring().Add(FromHex(rest)));
  } else if (verb == "usekey") {
    Reply(node.keyring().Use(FromHex(rest)));
  } else if (verb == "removekey") {
    Reply(node.keyring().Remove(FromHex(rest)));
  } else if (verb == "stats") {
    const GossipCounters& counters = node.counters();
    Say(fmt::format("= {} {} {}", counters.detection.suspicions,
                    counters.detection.refutations,
                    counters.detection.failures));
  } else if (verb == "cost") {
    Say(fmt::format("= {} {}", node.counters().traffic.datagrams_out,
                    node.counters().detection.late_wakeups));
  } else {
    Say("= error: unknown command");
  }
}

GossipOptions ProfileOf(const std::vector<std::string>& arguments) {
  const std::string name = arguments.size() > 4 ? arguments[4] : "lan";
  if (name == "fast") return FastProfile();
  if (name == "turbo") return TurboProfile();
  if (name == "wan") return WanProfile();
  return name == "local" ? LocalProfile() : LanProfile();
}

absl::Status Run(const std::vector<std::string>& arguments) {
  LB_ASSIGN_OR_RETURN(const auto endpoint,
                      net::ParseEndpoint(arguments[1], kPort));
  // Other ports than the usual one are bound at all addresses, so that the node
  // can move between them.
  const net::Endpoint bound = {
      endpoint.port == kPort ? endpoint.address : net::IpAddress(),
      endpoint.port};
  io::PosixLoop loop;
  LB_ASSIGN_OR_RETURN(auto datagrams, io::UdpTransport::Create(&loop, bound));
  LB_ASSIGN_OR_RETURN(auto streams, io::TcpTransport::Create(&loop, bound));
  const Ports ports{.loop = &loop,
                    .datagrams = datagrams.get(),
                    .streams = streams.get(),
                    .prng = Prng(std::random_device()()),
                    .random_bytes = &io::FillRandom};
  GossipNodeOptions options{
      .self = {.name = arguments[0], .endpoint = endpoint},
      .gossip = ProfileOf(arguments)};
  options.codec.compress = arguments[3] == "compress";
  if (arguments[2] != "-") {
    LB_RETURN_IF_ERROR(options.keyring.Add(FromHex(arguments[2])));
  }
  LB_ASSIGN_OR_RETURN(auto node, GossipNode::Create(options, ports));
  node->SetObserver(Report);
  node->SetUserState(
      [name = arguments[0]] { return FromText("state of " + name); });
  node->Start();
  Say("= ready");
  std::thread reader([&loop, &node] {
    for (std::string line; std::getline(std::cin, line);) {
      loop.Post([&node, line] { Obey(*node, line); });
    }
    loop.Stop();
  });
  loop.Run();
  reader.join();
  return absl::OkStatus();
}

}  // namespace
}  // namespace lb::gossip

int main(int argc, char** argv) {
  if (argc != 5 && argc != 6) {
    fmt::print(stderr,
               "peer NAME ADDRESS:PORT KEY|- compress|plain "
               "[lan|wan|local|fast|turbo]\n");
    return 2;
  }
  const absl::Status status = lb::gossip::Run({argv + 1, argv + argc});
  if (!status.ok()) fmt::print(stderr, "{}\n", status.ToString());
  return status.ok() ? 0 : 1;
}
