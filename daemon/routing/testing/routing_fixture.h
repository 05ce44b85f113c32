// RoutingTest: a Routing in front of a simulated router. It has one service,
// and one peer that is told all.
#ifndef LB_DAEMON_ROUTING_TESTING_ROUTING_FIXTURE_H_
#define LB_DAEMON_ROUTING_TESTING_ROUTING_FIXTURE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/routing/routing.h"
#include "gtest/gtest.h"
#include "lb/bgp/testing/sim_router.h"
#include "lb/io/sim/sim_host.h"
#include "lb/io/sim/sim_world.h"

namespace lb {

inline constexpr char kWeb[] = "default/web";

class RoutingTest : public testing::Test {
 protected:
  RoutingTest() {
    config::BgpPeer peer;
    peer.name = "tor";
    peer.my_as = {64512};
    peer.peer_as = {{65000}};
    peer.address = router_host_->endpoint().address;
    desired_.bgp.peers = {peer};
    desired_.bgp.advertisements = {{.name = "all"}};
    desired_.pools.push_back(
        {.name = "p", .ranges = {*net::ParseIpRange("192.0.2.0/24")}});
    Want(kWeb, "192.0.2.1");
    Start();
  }
  ~RoutingTest() override {
    node_host_->Crash();
    router_host_->Crash();
  }

  void Start() {
    routing_ = std::make_unique<Routing>(
        Routing::Options{
            .identity = {.node = "n1"}, .boot_id = "boot", .listen = listen_},
        node_host_->environment(), [this] { look_due_ = true; });
    routing_->SetDesired(desired_, {.bgp = true});
    for (const auto& [service, entry] : entries_) changed_.insert(service);
    look_due_ = true;
  }

  void Want(const std::string& service, const char* address) {
    desired_.services[service].request = {.service = service,
                                          .service_namespace = "default"};
    entries_[service].assignment = {
        .addresses = {{*net::ParseIpAddress(address), "p"}}};
    changed_.insert(service);
  }
  // Objects are others than before.
  void Change(const config::Difference& difference) {
    routing_->SetDesired(desired_, difference);
    look_due_ = true;
  }

  // Looks whenever it is due, for so long.
  void Run(absl::Duration time) {
    const absl::Time end = world_.loop().Now() + time;
    while (world_.loop().Now() < end) {
      if (std::exchange(look_due_, false)) Look();
      world_.loop().RunFor(absl::Milliseconds(1));
    }
  }
  void Look() {
    ++looks_;
    routing_->Update({.acts = acts_,
                      .draining = draining_,
                      .desired = desired_,
                      .entries = entries_,
                      .changed = std::exchange(changed_, {}),
                      .awaited = awaited_,
                      .withheld = withheld_,
                      .withheld_version = withheld_version_,
                      .members = [] { return std::vector<std::string>{"n1"}; },
                      .others = [this] { return others_; }});
  }
  std::string Routes() const {
    std::string text;
    for (const auto& [prefix, held] : router_->routes()) {
      text += prefix.ToString() + " " + held.attributes.ToString() + "\n";
    }
    return text;
  }

  io::SimWorld world_{1};
  io::SimHost* const node_host_ =
      world_.AddHost({.name = "n1",
                      .addresses = {*net::ParseIpPrefix("10.0.0.1/24"),
                                    *net::ParseIpPrefix("fe80::1/64")}});
  io::SimHost* const router_host_ = world_.AddHost("tor", "10.0.0.254/24");
  std::unique_ptr<bgp::SimRouter> router_ =
      std::make_unique<bgp::SimRouter>(router_host_, bgp::SimRouterOptions{});
  std::optional<net::Endpoint> listen_;  // Of the next Start().
  config::Desired desired_;
  AddressEntries entries_;
  RoutePlanner::Services changed_;
  size_t awaited_ = 0;
  std::map<net::IpAddress, absl::Time> withheld_;
  uint64_t withheld_version_ = 0;
  std::vector<std::string> others_;
  bool acts_ = true;
  bool draining_ = false;
  bool look_due_ = true;
  int looks_ = 0;
  std::unique_ptr<Routing> routing_;
};

}  // namespace lb

#endif  // LB_DAEMON_ROUTING_TESTING_ROUTING_FIXTURE_H_
