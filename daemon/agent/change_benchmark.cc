// What one service more, changed or less costs among 1,000, 10,000 and 19,000:
// it should go with the change, not with the table.
//
//   bazel run -c opt //daemon/agent:change_benchmark
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "benchmark/benchmark.h"
#include "daemon/agent/address_book.h"
#include "daemon/agent/elections.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/config/desired.h"
#include "lb/config/difference.h"
#include "lb/io/sim/sim_world.h"
#include "lb/ipam/ledger_codec.h"
#include "lb/net/ip_range.h"

namespace lb {
namespace {

constexpr char kService[] = "default/one-more";

std::string NameOf(int64_t i) { return fmt::format("default/web-{:05}", i); }

ipam::ServiceRequest RequestOf(const std::string& service, uint16_t port) {
  return {.service = service,
          .service_namespace = "default",
          .labels = {{"app", service.substr(8)}},
          .ports = {{ipam::Protocol::kTcp, port}}};
}

// An author with so many services, each with an address.
class Book {
 public:
  explicit Book(int64_t services)
      : host_(world_.AddHost("n1", "10.1.0.1/24")),
        book_("n1", host_->environment(), [] {}) {
    book_.Restore();
    book_.SetAuthor("n1");
    wanted_.pools.push_back(
        {.name = "p", .ranges = {*net::ParseIpRange("10.64.0.0/12")}});
    for (int64_t i = 0; i < services; ++i) {
      wanted_.requests[NameOf(i)] = RequestOf(NameOf(i), 80);
    }
    Apply();
    LB_CHECK(!book_.entries().begin()->second.assignment.addresses.empty());
    // The look after that takes up what was proposed: all of it, once.
    wanted_.requests.begin()->second.ports[0].port = 81;
    Apply();
  }

  // Until nothing is left to be done, but for what needs more than a second.
  void Run() { world_.loop().RunFor(absl::Seconds(1)); }
  void Apply() {
    book_.SetWanted(wanted_);
    Run();
  }
  AddressBook::Wanted& wanted() { return wanted_; }
  AddressBook& book() { return book_; }
  bool IsShown() const {
    const auto entry = book_.entries().find(kService);
    return entry != book_.entries().end() &&
           !entry->second.assignment.addresses.empty();
  }

 private:
  io::SimWorld world_{/*seed=*/1};
  io::SimHost* host_;
  AddressBook book_;
  AddressBook::Wanted wanted_;
};

AddressBook::WantedChange ChangeOf(
    const std::string& service, std::optional<ipam::ServiceRequest> request) {
  AddressBook::WantedChange change;
  change.requests[service] = std::move(request);
  return change;
}

// From the manifests' change to the address, with what is written to disk.
void BM_AddressBookAddsOne(benchmark::State& state) {
  Book book(state.range(0));
  for (auto _ : state) {
    book.book().ChangeWanted(ChangeOf(kService, RequestOf(kService, 80)));
    book.Run();
    state.PauseTiming();
    LB_CHECK(book.IsShown());
    book.book().ChangeWanted(ChangeOf(kService, std::nullopt));
    for (int second = 0; second < 7; ++second) book.Run();
    state.ResumeTiming();
  }
}
BENCHMARK(BM_AddressBookAddsOne)
    ->Arg(1'000)
    ->Arg(10'000)
    ->Arg(19'000)
    ->Unit(benchmark::kMicrosecond);

// Its address stays, so nothing is written.
void BM_AddressBookChangesOne(benchmark::State& state) {
  Book book(state.range(0));
  uint16_t port = 1000;
  for (auto _ : state) {
    book.book().ChangeWanted(ChangeOf(NameOf(7), RequestOf(NameOf(7), ++port)));
    book.Run();
  }
}
BENCHMARK(BM_AddressBookChangesOne)
    ->Arg(1'000)
    ->Arg(10'000)
    ->Arg(19'000)
    ->Unit(benchmark::kMicrosecond);

// What a look costs that is at everything: other hosts' addresses.
void BM_AddressBookLooksAtAll(benchmark::State& state) {
  Book book(state.range(0));
  bool other = false;
  for (auto _ : state) {
    other = !other;
    book.book().SetTaken(
        {{*net::ParseIpAddress("192.0.2.1"), other ? "a" : "b"}});
    book.Run();
  }
}
BENCHMARK(BM_AddressBookLooksAtAll)
    ->Arg(1'000)
    ->Arg(10'000)
    ->Arg(19'000)
    ->Unit(benchmark::kMicrosecond);

// What is written at each change of the ledger.
void BM_SerializeLedger(benchmark::State& state) {
  Book book(state.range(0));
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        ipam::SerializeMessage(book.book().ledger().AllRecords()));
  }
}
BENCHMARK(BM_SerializeLedger)
    ->Arg(1'000)
    ->Arg(10'000)
    ->Arg(19'000)
    ->Unit(benchmark::kMicrosecond);

// The elections of a node among three, with one service more.
void BM_ElectionsAddOne(benchmark::State& state) {
  Elections elections("n1", election::Policy::kCompat);
  elections.SetMembers(
      {{"n1", NodeMetadata()}, {"n2", NodeMetadata()}, {"n3", NodeMetadata()}});
  config::Desired desired;
  desired.advertisements.push_back({.name = "all"});
  AddressEntries entries;
  const auto add = [&](const std::string& name, uint32_t i) {
    desired.services.emplace_back().request = RequestOf(name, 80);
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
    std::rotate(desired.services.begin(), desired.services.end() - 1,
                desired.services.end());
    state.ResumeTiming();
    elections.SetDesired(desired, one);
    elections.NoteEntries({kService}, ++version);
    elections.Update(desired, entries, version);
    state.PauseTiming();
    LB_CHECK(elections.placement().contains(kService));
    desired.services.erase(desired.services.begin());
    entries.erase(kService);
    elections.SetDesired(desired, one);
    elections.NoteEntries({kService}, ++version);
    elections.Update(desired, entries, version);
    state.ResumeTiming();
  }
}
BENCHMARK(BM_ElectionsAddOne)
    ->Arg(1'000)
    ->Arg(10'000)
    ->Arg(19'000)
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace lb
