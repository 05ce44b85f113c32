// The contract suite on lb/io/sim.
#include <memory>

#include "lb/io/sim/sim_world.h"
#include "lb/io/testing/frame_contract.h"
#include "lb/io/testing/io_contract.h"
#include "lb/io/testing/route_contract.h"
#include "lb/io/testing/socket_contract.h"

namespace lb::io {
namespace {

class SimHarness final : public ContractHarness {
 public:
  Loop* loop() override { return first_->environment().loop; }
  bool RunUntil(absl::FunctionRef<bool()> done, absl::Duration limit) override {
    return world_.loop().RunUntil(done, limit);
  }
  ContractNode first() override { return NodeOf(first_); }
  ContractNode second() override { return NodeOf(second_); }
  net::Endpoint closed_port() override {
    return {second_->address(), /*port=*/1};
  }

 private:
  static ContractNode NodeOf(SimHost* host) {
    const Environment env = host->environment();
    return {env.datagrams, env.streams, env.state};
  }

  SimWorld world_{/*seed=*/1};
  SimHost* const first_ = world_.AddHost("n1", "10.0.0.1/24");
  SimHost* const second_ = world_.AddHost("n2", "10.0.0.2/24");
};

std::unique_ptr<ContractHarness> MakeSimHarness() {
  return std::make_unique<SimHarness>();
}

INSTANTIATE_TEST_SUITE_P(Sim, IoContractTest, testing::Values(&MakeSimHarness));
INSTANTIATE_TEST_SUITE_P(Sim, StreamContractTest,
                         testing::Values(&MakeSimHarness));

class SimSockets final : public SocketHarness {
 public:
  SimSockets(std::string_view first, std::string_view second)
      : first_(world_.AddHost("n1", first)),
        second_(world_.AddHost("n2", second)) {}

  Loop* loop() override { return first_->environment().loop; }
  bool RunUntil(absl::FunctionRef<bool()> done, absl::Duration limit) override {
    return world_.loop().RunUntil(done, limit);
  }
  SocketNode first() override { return NodeOf(first_); }
  SocketNode second() override { return NodeOf(second_); }
  std::string interface() override { return "eth0"; }
  std::string other_interface() override { return "lo"; }

 private:
  static SocketNode NodeOf(SimHost* host) {
    const Environment env = host->environment();
    return {env.datagram_factory, env.stream_factory, host->address()};
  }

  SimWorld world_{/*seed=*/1};
  SimHost* const first_;
  SimHost* const second_;
};

std::unique_ptr<SocketHarness> MakeSimSockets() {
  return std::make_unique<SimSockets>("10.0.0.1/24", "10.0.0.2/24");
}

std::unique_ptr<SocketHarness> MakeSimIpv6Sockets() {
  return std::make_unique<SimSockets>("2001:db8::1/64", "2001:db8::2/64");
}

INSTANTIATE_TEST_SUITE_P(Sim, SocketContractTest,
                         testing::Values(&MakeSimSockets, &MakeSimIpv6Sockets));

class SimFrames final : public FrameHarness {
 public:
  // A cable keeps the order of its frames.
  SimFrames() { world_.segment().paths().SetDefault({.jitter = {}}); }

  std::unique_ptr<FramePort> OpenSender(const std::string& filter) override {
    return Open(first_, filter);
  }
  std::unique_ptr<FramePort> OpenReceiver(const std::string& filter) override {
    return Open(second_, filter);
  }
  bool RunUntil(absl::FunctionRef<bool()> done, absl::Duration limit) override {
    return world_.loop().RunUntil(done, limit);
  }

 private:
  static std::unique_ptr<FramePort> Open(SimHost* host,
                                         const std::string& filter) {
    return *host->environment().frames->Open("eth0", filter);
  }

  SimWorld world_{/*seed=*/1};
  SimHost* const first_ = world_.AddHost("n1", "10.0.0.1/24");
  SimHost* const second_ = world_.AddHost("n2", "10.0.0.2/24");
};

std::unique_ptr<FrameHarness> MakeSimFrames() {
  return std::make_unique<SimFrames>();
}

INSTANTIATE_TEST_SUITE_P(Sim, FrameContractTest,
                         testing::Values(&MakeSimFrames));

// A host whose link has lost the address that every simulated host has.
class SimRoutes final : public RouteHarness {
 public:
  SimRoutes() { RemoveAddress(*net::ParseIpPrefix("172.18.8.11/24")); }

  const RouteTable& routes() override { return host_->routes(); }
  int link_index() override { return host_->links().Find("eth0")->index; }
  void AddAddress(const net::IpPrefix& address) override {
    host_->links().AddAddress("eth0", address);
  }
  void RemoveAddress(const net::IpPrefix& address) override {
    host_->links().RemoveAddress("eth0", address);
  }
  void AddRoute(const net::IpPrefix& to,
                const net::IpAddress& gateway) override {
    host_->routes().Add(to, {.interface = link_index(), .gateway = gateway});
  }
  void SetDefaultGateway(const net::IpAddress& gateway) override {
    host_->routes().SetDefaultGateway(gateway);
  }

 private:
  SimWorld world_{/*seed=*/1};
  SimHost* const host_ = world_.AddHost("n1", "172.18.8.11/24");
};

std::unique_ptr<RouteHarness> MakeSimRoutes() {
  return std::make_unique<SimRoutes>();
}

INSTANTIATE_TEST_SUITE_P(Sim, RouteContractTest,
                         testing::Values(&MakeSimRoutes));

}  // namespace
}  // namespace lb::io
