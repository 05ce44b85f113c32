#include "lb/bgp/testing/speaker_sim_fixture.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "gtest/gtest.h"

namespace lb::bgp {

Route RouteTo(std::string_view prefix, const PathAttributes& attributes) {
  return {*net::ParseIpPrefix(prefix), attributes};
}

RouteSet RoutesTo(const std::vector<std::string_view>& prefixes) {
  RouteSet routes;
  for (const std::string_view prefix : prefixes) {
    EXPECT_TRUE(routes.Set(RouteTo(prefix)).ok());
  }
  return routes;
}

SpeakerSim::SpeakerSim(uint64_t seed)
    : seed_(seed),
      world_(seed),
      host_(world_.AddHost(
          {.name = "n1",
           .addresses = {*net::ParseIpPrefix("10.0.0.1/24"),
                         *net::ParseIpPrefix("2001:db8::1/64")}})) {
  world_.loop().SetAfterEvent([this] { CheckInvariants(); });
}

SimRouter& SpeakerSim::AddRouter(SimRouterOptions options) {
  const size_t number = 201 + routers_.size();
  Place place;
  place.host = world_.AddHost(
      {.name = fmt::format("r{}", routers_.size() + 1),
       .addresses = {
           *net::ParseIpPrefix(fmt::format("10.0.0.{}/24", number)),
           *net::ParseIpPrefix(fmt::format("2001:db8::{:x}/64", number))}});
  options.md5_peer = host_->address();
  place.router = std::make_unique<SimRouter>(place.host, std::move(options));
  routers_.push_back(std::move(place));
  return *routers_.back().router;
}

const SpeakerSim::Place& SpeakerSim::PlaceOf(const SimRouter& router) const {
  return *std::find_if(
      routers_.begin(), routers_.end(),
      [&](const Place& place) { return place.router.get() == &router; });
}

io::SimHost* SpeakerSim::HostOf(const SimRouter& router) const {
  return PlaceOf(router).host;
}

std::string SpeakerSim::NameOf(const SimRouter& router) const {
  return PlaceOf(router).host->name();
}

PeerOptions SpeakerSim::PeerOf(const SimRouter& router) const {
  const Place& place = PlaceOf(router);
  return {.name = place.host->name(),
          .address = place.host->address(),
          .own_asn = {place.router->options().peer_asn},
          .peer_as = {.asn = {place.router->options().asn}},
          .password = place.router->options().md5_key};
}

void SpeakerSim::StartNode(const SpeakerNodeOptions& options) {
  node_ =
      std::make_unique<SpeakerNode>(options, Ports::From(host_->environment()));
  host_->environment().links->SetObserver([this] {
    if (node_ != nullptr) node_->OnLinks();
  });
}

void SpeakerSim::KillNode() {
  host_->Kill();
  node_ = nullptr;
  host_->Restart();
}

bool SpeakerSim::RunUntil(absl::FunctionRef<bool()> done,
                          absl::Duration limit) {
  return world_.loop().RunUntil(done, limit);
}

bool SpeakerSim::WaitEstablished(const SimRouter& router,
                                 absl::Duration limit) {
  return RunUntil(
      [&] {
        return router.established() == 1 &&
               StatusOf(router).state == SessionState::kEstablished;
      },
      limit);
}

PeerStatus SpeakerSim::StatusOf(const SimRouter& router) {
  for (PeerStatus& status : node_->Snapshot()) {
    if (status.name == NameOf(router)) return std::move(status);
  }
  return {};
}

void SpeakerSim::ExpectTold(const SimRouter& router, const RouteSet& routes) {
  SimRouter::Routes wanted;
  for (const auto& [prefix, attributes] : routes) {
    const std::string_view hop =
        prefix.address.is_ipv6() ? "2001:db8::1" : "10.0.0.1";
    wanted[prefix] = {.attributes = Receiver::AsTold({}, attributes),
                      .next_hop = net::ParseIpAddress(hop)->ToBytes()};
  }
  EXPECT_TRUE(router.routes() == wanted)
      << NameOf(router) << ", seed " << seed_ << ": wants\n"
      << routes.ToString() << "and has\n"
      << router.RoutesText();
}

std::vector<std::string> SpeakerSim::Events() {
  std::vector<std::string> texts;
  for (const Event& event : host_->log().Since(0)) {
    texts.push_back(fmt::format("{} {}: {}", event.reason, event.object.name,
                                event.message));
  }
  return texts;
}

// The router's own checks, and at most one Established session of each.
void SpeakerSim::CheckInvariants() {
  for (Place& place : routers_) {
    const SimRouter& router = *place.router;
    for (; place.faults < router.faults().size(); ++place.faults) {
      ADD_FAILURE() << place.host->name() << ": "
                    << router.faults()[place.faults] << ", seed " << seed_;
    }
    EXPECT_LE(router.established(), 1) << "seed " << seed_;
  }
  if (node_ == nullptr) return;
  for (const PeerStatus& status : node_->Snapshot()) {
    const bool has_told = status.of_family[0].advertised > 0 ||
                          status.of_family[1].advertised > 0;
    if (has_told) {
      EXPECT_EQ(status.state, SessionState::kEstablished)
          << status.name << ", seed " << seed_;
    }
  }
}

}  // namespace lb::bgp
