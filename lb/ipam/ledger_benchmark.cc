// The cost of reading, merging and telling a ledger. A full exchange of the
// gossip does so with all records, and the receiver knows nearly all already.
#include <cstdint>
#include <string>
#include <vector>

#include "benchmark/benchmark.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/ipam/ledger.h"
#include "lb/ipam/ledger_codec.h"
#include "lb/net/ip_address.h"

namespace lb::ipam {
namespace {

std::vector<Record> Records(int64_t count) {
  std::vector<Record> records;
  for (int64_t i = 0; i < count; ++i) {
    const Stamp stamp = {1'700'000'000'000'000 + i, "node-0000.rack-07"};
    records.push_back(
        {.service = fmt::format("namespace-{:03}/service-{:05}", i % 100, i),
         .generation = 1,
         .changed = stamp,
         .claims = {
             {net::IpAddress::Ipv4(0x0a000000 + static_cast<uint32_t>(i)),
              "first-pool", stamp}}});
  }
  return records;
}

void BM_SerializeLedger(benchmark::State& state) {
  const std::vector<Record> records = Records(state.range(0));
  for (auto _ : state) {
    benchmark::DoNotOptimize(SerializeMessage(records));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_SerializeLedger)->Arg(10'000);

void BM_SplitLedger(benchmark::State& state) {
  const std::vector<Record> records = Records(state.range(0));
  for (auto _ : state) {
    benchmark::DoNotOptimize(SplitForGossip(records, 1200));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_SplitLedger)->Arg(10'000);

void BM_MergeLedgerOfNews(benchmark::State& state) {
  const std::string message = SerializeMessage(Records(state.range(0)));
  for (auto _ : state) {
    Ledger ledger("node-a");
    LB_CHECK(ledger.MergeMessage(message).ok());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_MergeLedgerOfNews)->Arg(10'000);

void BM_MergeKnownLedger(benchmark::State& state) {
  const std::string message = SerializeMessage(Records(state.range(0)));
  Ledger ledger("node-a");
  LB_CHECK(ledger.MergeMessage(message).ok());
  for (auto _ : state) LB_CHECK(ledger.MergeMessage(message).ok());
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_MergeKnownLedger)->Arg(10'000);

void BM_LedgerRecordsSince(benchmark::State& state) {
  Ledger ledger("node-a");
  ledger.Merge(Records(10'000));
  const uint64_t version =
      ledger.version() - static_cast<uint64_t>(state.range(0));
  for (auto _ : state) {
    benchmark::DoNotOptimize(ledger.RecordsSince(version));
  }
}
BENCHMARK(BM_LedgerRecordsSince)->Arg(1)->Arg(1'000);

}  // namespace
}  // namespace lb::ipam
