// gossip NAME ADDRESS:PORT [SEED...]: joins a cluster and prints which members
// come and go, until Ctrl-C. Several on one machine, each with its own port:
//
//   gossip a 127.0.0.1:7001
//   gossip b 127.0.0.1:7002 127.0.0.1:7001
#include <csignal>
#include <cstdio>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/gossip/gossip_node.h"
#include "lb/gossip/ports.h"
#include "lb/io/posix/posix_environment.h"
#include "lb/io/posix/signals.h"
#include "lb/net/endpoint.h"

namespace {

constexpr uint16_t kPort = 7946;

std::string_view Text(lb::gossip::MemberChange change) {
  switch (change) {
    case lb::gossip::MemberChange::kJoined:
      return "joined";
    case lb::gossip::MemberChange::kUpdated:
      return "updated";
    case lb::gossip::MemberChange::kLeft:
      return "left";
    case lb::gossip::MemberChange::kFailed:
      return "failed";
    case lb::gossip::MemberChange::kVerified:
      return "heard";
    case lb::gossip::MemberChange::kMoved:
      return "moved";
  }
  return "";
}

absl::Status Run(const std::vector<std::string>& arguments) {
  std::vector<lb::net::Endpoint> endpoints;  // Ours first, then the seeds.
  for (size_t i = 1; i < arguments.size(); ++i) {
    LB_ASSIGN_OR_RETURN(const auto endpoint,
                        lb::net::ParseEndpoint(arguments[i], kPort));
    endpoints.push_back(endpoint);
  }
  LB_ASSIGN_OR_RETURN(
      auto world, lb::io::PosixEnvironment::Create({.gossip = endpoints[0]}));
  lb::gossip::GossipNodeOptions options;
  options.self = {.name = arguments[0], .endpoint = endpoints[0]};
  options.gossip = lb::gossip::FastProfile();
  LB_ASSIGN_OR_RETURN(
      auto node, lb::gossip::GossipNode::Create(
                     options, lb::gossip::Ports::From(world->environment())));
  node->SetObserver([](const lb::gossip::GossipEvent& event) {
    const auto* member = std::get_if<lb::gossip::MemberEvent>(&event);
    if (member == nullptr) return;
    fmt::print("{} {} at {}\n", member->member.name, Text(member->change),
               member->member.endpoint.ToString());
    std::fflush(stdout);
  });
  node->Start();
  LB_RETURN_IF_ERROR(node->Join(absl::MakeSpan(endpoints).subspan(1)));
  LB_ASSIGN_OR_RETURN(
      const auto signals,
      lb::io::Signals::Create(world->loop(), {SIGINT, SIGTERM}, [&](int) {
        node->Leave(absl::Seconds(1), [&] { world->Stop(); });
      }));
  world->Run();
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return fmt::print("gossip NAME ADDRESS:PORT [SEED...]\n"), 2;
  const absl::Status status = Run({argv + 1, argv + argc});
  if (!status.ok()) fmt::print("{}\n", status.ToString());
  return status.ok() ? 0 : 1;
}
