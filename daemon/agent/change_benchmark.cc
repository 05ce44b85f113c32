// What one service more, changed or less costs among 100, 1,000 and 10,000: it
// should go with the change, not with the table.
//
//   bazel run -c opt //daemon/agent:change_benchmark
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "benchmark/benchmark.h"
#include "daemon/agent/agent.h"
#include "daemon/placement/elections.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/config/desired.h"
#include "lb/config/difference.h"
#include "lb/io/sim/sim_world.h"
#include "lb/io/state_ports.h"
#include "lb/io/state_store.h"
#include "lb/ipam/ledger.h"
#include "lb/ipam/ledger_store.h"
#include "lb/ipam/replicated_allocator.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_range.h"

namespace lb {
namespace {

constexpr char kService[] = "default/one-more";

void EachSize(benchmark::internal::Benchmark* benchmark) {
  for (const int64_t services : {100, 1'000, 10'000}) {
    benchmark->Arg(services);
  }
  benchmark->Unit(benchmark::kMicrosecond);
}

std::string NameOf(int64_t i) { return fmt::format("default/web-{:05}", i); }

ipam::ServiceRequest RequestOf(const std::string& service, uint16_t port) {
  return {.service = service,
          .service_namespace = "default",
          .labels = {{"app", service.substr(8)}},
          .ports = {{ipam::Protocol::kTcp, port}}};
}

// An author with so many services, each with an address.
class AllocatorHost {
 public:
  explicit AllocatorHost(int64_t services)
      : host_(world_.AddHost("n1", "10.1.0.1/24")),
        allocator_("n1", io::StatePorts::From(host_->environment()), [] {}) {
    allocator_.Restore();
    allocator_.SetAuthor("n1");
    wanted_.pools.push_back(
        {.name = "p", .ranges = {*net::ParseIpRange("10.64.0.0/12")}});
    for (int64_t i = 0; i < services; ++i) {
      wanted_.requests[NameOf(i)] = RequestOf(NameOf(i), 80);
    }
    Apply();
    LB_CHECK(
        !allocator_.entries().begin()->second.assignment.addresses.empty());
    // The look after that takes up what was proposed: all of it, once.
    wanted_.requests.begin()->second.ports[0].port = 81;
    Apply();
  }

  // Until nothing is left to be done, but for what needs more than a second.
  void Run() { world_.loop().RunFor(absl::Seconds(1)); }
  void Apply() {
    allocator_.SetWanted(wanted_);
    Run();
  }
  ipam::ReplicatedAllocator::Wanted& wanted() { return wanted_; }
  ipam::ReplicatedAllocator& allocator() { return allocator_; }
  bool IsShown() const {
    const auto entry = allocator_.entries().find(kService);
    return entry != allocator_.entries().end() &&
           !entry->second.assignment.addresses.empty();
  }

 private:
  io::SimWorld world_{/*seed=*/1};
  io::SimHost* host_;
  ipam::ReplicatedAllocator allocator_;
  ipam::ReplicatedAllocator::Wanted wanted_;
};

ipam::ReplicatedAllocator::WantedChange ChangeOf(
    const std::string& service, std::optional<ipam::ServiceRequest> request) {
  ipam::ReplicatedAllocator::WantedChange change;
  change.requests[service] = std::move(request);
  return change;
}

// From the manifests' change to the address, with what is written to disk.
void BM_ReplicatedAllocatorAddsOne(benchmark::State& state) {
  AllocatorHost host(state.range(0));
  for (auto _ : state) {
    host.allocator().ChangeWanted(ChangeOf(kService, RequestOf(kService, 80)));
    host.Run();
    state.PauseTiming();
    LB_CHECK(host.IsShown());
    host.allocator().ChangeWanted(ChangeOf(kService, std::nullopt));
    for (int second = 0; second < 7; ++second) host.Run();
    state.ResumeTiming();
  }
}
BENCHMARK(BM_ReplicatedAllocatorAddsOne)->Apply(EachSize);

// Its address stays, so nothing is written.
void BM_ReplicatedAllocatorChangesOne(benchmark::State& state) {
  AllocatorHost host(state.range(0));
  uint16_t port = 1000;
  for (auto _ : state) {
    host.allocator().ChangeWanted(
        ChangeOf(NameOf(7), RequestOf(NameOf(7), ++port)));
    host.Run();
  }
}
BENCHMARK(BM_ReplicatedAllocatorChangesOne)->Apply(EachSize);

// What a look costs that is at everything: other hosts' addresses.
void BM_ReplicatedAllocatorLooksAtAll(benchmark::State& state) {
  AllocatorHost host(state.range(0));
  bool other = false;
  for (auto _ : state) {
    other = !other;
    host.allocator().SetTaken(
        {{*net::ParseIpAddress("192.0.2.1"), other ? "a" : "b"}});
    host.Run();
  }
}
BENCHMARK(BM_ReplicatedAllocatorLooksAtAll)->Apply(EachSize);

// Answers at once, and keeps nothing.
class NoStore : public io::StateStore {
 public:
  absl::StatusOr<std::string> Read(const std::string& name) override {
    return absl::NotFoundError(name);
  }
  void Write(const std::string&, std::string, OnWritten on_written) override {
    on_written(absl::OkStatus());
  }
};

// What the loop does to write one change of the ledger, the slices of whole
// files between them included.
void BM_LedgerStoreSavesOne(benchmark::State& state) {
  ipam::Ledger ledger("n1");
  NoStore none;
  ipam::LedgerStore store(&none);
  const absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  uint32_t address = 10u << 24;
  const auto assign = [&](int64_t i) {
    const ipam::Assignment assignment = {
        {{net::IpAddress::Ipv4(++address), "p"}}};
    LB_CHECK(ledger.Propose(NameOf(i), assignment, now).ok());
  };
  for (int64_t i = 0; i < state.range(0); ++i) assign(i);
  store.Save(ledger, now, {});
  for (auto _ : state) {
    assign(7);
    store.Save(ledger, now, {});
  }
}
BENCHMARK(BM_LedgerStoreSavesOne)->Apply(EachSize);

// The elections of a node among three, with one service more.
void BM_ElectionsAddOne(benchmark::State& state) {
  Elections elections("n1", election::Policy::kCompat);
  elections.SetMembers(
      {{"n1", NodeMetadata()}, {"n2", NodeMetadata()}, {"n3", NodeMetadata()}});
  config::Desired desired;
  desired.advertisements.push_back({.name = "all"});
  AddressEntries entries;
  const auto add = [&](const std::string& name, uint32_t i) {
    desired.services[name].request = RequestOf(name, 80);
    entries[name].assignment.addresses = {
        {net::IpAddress::Ipv4((10u << 24) + i), "p"}};
  };
  for (uint32_t i = 0; i < state.range(0); ++i) add(NameOf(i), i);
  elections.SetDesired(desired);
  const config::Difference one = {.services = {kService}};
  uint64_t version = 0;
  elections.Update(desired, entries, ++version);
  for (auto _ : state) {
    state.PauseTiming();
    add(kService, 1u << 20);
    state.ResumeTiming();
    elections.SetDesired(desired, one);
    elections.NoteEntries({kService}, ++version);
    elections.Update(desired, entries, version);
    state.PauseTiming();
    LB_CHECK(elections.placement().contains(kService));
    desired.services.erase(kService);
    entries.erase(kService);
    elections.SetDesired(desired, one);
    elections.NoteEntries({kService}, ++version);
    elections.Update(desired, entries, version);
    state.ResumeTiming();
  }
}
BENCHMARK(BM_ElectionsAddOne)->Apply(EachSize);

// A whole node, alone, that announces so many services on a segment.
class LoneAgent {
 public:
  explicit LoneAgent(int64_t services)
      : host_(world_.AddHost("n1", "10.1.0.1/24")) {
    AgentOptions options;
    options.node = "n1";
    options.advertise = host_->endpoint();
    agent_ = *Agent::Create(std::move(options), host_->environment());
    agent_->Start();
    config::Desired desired;
    desired.pools.push_back(
        {.name = "p", .ranges = {*net::ParseIpRange("10.64.0.0/12")}});
    desired.advertisements.push_back({.name = "all"});
    for (int64_t i = 0; i < services; ++i) {
      desired.services[NameOf(i)].request = RequestOf(NameOf(i), 80);
    }
    without_ = std::make_shared<const config::Desired>(desired);
    desired.services[kService].request = RequestOf(kService, 80);
    with_ = std::make_shared<const config::Desired>(std::move(desired));
    agent_->SetDesired(without_);
    world_.loop().RunFor(absl::Minutes(1));
    LB_CHECK(agent_->View().announcing.elected().size() ==
             static_cast<size_t>(services));
  }
  ~LoneAgent() { host_->Crash(); }

  // Until it is announced.
  void AddOne() {
    const size_t before = agent_->View().announcing.elected().size();
    agent_->SetDesired(with_, kOne);
    world_.loop().RunFor(absl::Seconds(1));
    LB_CHECK(agent_->View().announcing.elected().size() == before + 1);
  }
  void RemoveOne() {
    agent_->SetDesired(without_, kOne);
    world_.loop().RunFor(absl::Seconds(10));
  }

 private:
  inline static const config::Difference kOne = {.services = {kService}};

  io::SimWorld world_{/*seed=*/1};
  io::SimHost* host_;
  std::unique_ptr<Agent> agent_;
  std::shared_ptr<const config::Desired> without_;
  std::shared_ptr<const config::Desired> with_;
};

// From the manifests' change to the second announcement, on the loop; with what
// a second costs in which nothing changes.
void BM_AgentAddsOne(benchmark::State& state) {
  LoneAgent agent(state.range(0));
  for (auto _ : state) {
    agent.AddOne();
    state.PauseTiming();
    agent.RemoveOne();
    state.ResumeTiming();
  }
}
BENCHMARK(BM_AgentAddsOne)->Apply(EachSize);

}  // namespace
}  // namespace lb
