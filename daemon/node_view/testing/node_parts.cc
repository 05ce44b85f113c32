#include "daemon/node_view/testing/node_parts.h"

#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lb/config/difference.h"
#include "lb/io/state_ports.h"

namespace lb {
namespace {

AgentOptions OptionsOf(const io::SimHost& host, const std::string& join) {
  AgentOptions options;
  options.node = host.name();
  options.advertise = host.endpoint();
  if (!join.empty()) options.join = {*net::ParseHostPort(join, 7946)};
  return options;
}

AnnouncingOptions AnnouncingOptionsOf(const AgentOptions& options) {
  AnnouncingOptions announcing;
  announcing.node = options.node;
  announcing.judge_rival = [](const auto&, const auto&) {
    return RivalMember();
  };
  return announcing;
}

}  // namespace

NodeParts::NodeParts(io::SimHost* on, const std::string& join)
    : host(on),
      options(OptionsOf(*host, join)),
      presence(*GossipPresence::Create(options, host->environment())),
      announcing(AnnouncingOptionsOf(options), host->environment()),
      routing({.identity = {.node = options.node}}, host->environment(), [] {}),
      addresses(options.node, io::StatePorts::From(host->environment()), [] {}),
      owners({.node = options.node}, host->environment(), [] {}),
      elections(options.node, options.election_policy),
      history(options.node),
      tally(options.node, host->environment().loop->Now()),
      author(options.node) {
  tally.OnStart(host->environment().loop->CivilNow());
  presence->SetPorts(
      {.record = [](auto, const auto&, const auto&) {}, .on_address = [] {}});
  EXPECT_TRUE(announcing.Start().ok());
  presence->Start();
}

NodeParts::~NodeParts() { host->Crash(); }

void NodeParts::Want(const std::string& service) {
  if (desired.pools.empty()) {
    desired.pools.push_back(
        {.name = "p", .ranges = {*net::ParseIpRange("10.64.0.0/16")}});
    desired.advertisements.push_back({.name = "all"});
  }
  config::Service& added = desired.services[service];
  added.request = {.service = service,
                   .service_namespace = "default",
                   .ports = {{ipam::Protocol::kTcp, 80}}};
  ipam::ReplicatedAllocator::Wanted wanted = {.pools = desired.pools};
  for (const auto& [name, one] : desired.services) {
    wanted.requests[name] = one.request;
  }
  addresses.SetWanted(std::move(wanted));
  addresses.SetAuthor(options.node);
}

void NodeParts::Elect() {
  elections.SetMembers(View().LiveMembers());
  elections.SetDesired(desired);
  elections.Update(desired, addresses.entries(), addresses.version());
}

void NodeParts::AddPeer(const std::string& name, const std::string& address) {
  config::BgpPeer& peer = desired.bgp.peers.emplace_back();
  peer.name = name;
  peer.my_as = {64512};
  peer.peer_as = {{65000}};
  peer.address = *net::ParseIpAddress(address);
  if (desired.bgp.advertisements.empty()) {
    desired.bgp.advertisements.push_back({.name = "all"});
  }
}

void NodeParts::Route() {
  config::Difference difference = {.bgp = true};
  RoutePlanner::Services services;
  for (const auto& [name, service] : desired.services) services.insert(name);
  routing.SetDesired(desired, difference);
  routing.Update({.acts = true,
                  .desired = desired,
                  .entries = addresses.entries(),
                  .changed = services,
                  .withheld = {},
                  .members_changed = true,
                  .members = [this] { return std::vector{options.node}; },
                  .others = [] { return std::vector<std::string>(); }});
}

NodeView NodeParts::View() const {
  const io::Environment environment = host->environment();
  return {.options = options,
          .desired = desired,
          .addresses = addresses,
          .elections = elections,
          .owners = owners,
          .announcing = announcing,
          .routing = routing,
          .presence = *presence,
          .history = history,
          .tally = tally,
          .health = health,
          .name_conflicts = name_conflicts,
          .host = {*environment.links, environment.turns},
          .stage = stage,
          .drain = {.is_on = draining},
          .ledger = {author, untold},
          .api_server = api_server,
          .last_event_sequence = environment.log->last_sequence(),
          .now = environment.loop->Now(),
          .civil_now = environment.loop->CivilNow()};
}

}  // namespace lb
