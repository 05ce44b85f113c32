// How long elections of everything take, and one node's leave and join after
// them. README.md has the figures and their command.
#define OPENSSL_SUPPRESS_DEPRECATED  // For BM_DigestLowLevel.
#include <malloc.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "benchmark/benchmark.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/election/digest.h"
#include "lb/election/election_table.h"
#include "lb/net/ip_address.h"

namespace lb::election {
namespace {

constexpr Policy kPolicies[] = {Policy::kCompat, Policy::kSticky,
                                Policy::kBalanced};

std::vector<std::string> MakeMembers(int64_t count) {
  std::vector<std::string> members;
  for (int64_t i = 0; i < count; ++i) {
    members.push_back(fmt::format("node-{:04}.rack-07.example", i));
  }
  return members;
}

// state.range: policy, nodes, addresses.
ElectionTable MakeTable(const benchmark::State& state) {
  ElectionTable table;
  table.SetDefaultPolicy(kPolicies[state.range(0)]);
  table.SetMembers(MakeMembers(state.range(1)));
  table.SetAdvertisements({{.name = "all"}});
  for (int64_t i = 0; i < state.range(2); ++i) {
    table.PutVip(
        fmt::format("default/web-{:06}", i),
        {.address = net::IpAddress::Ipv4(0x0a000000 + static_cast<uint32_t>(i)),
         .pool = "first-pool"});
  }
  return table;
}

// As after all winners have claimed what they announce.
ElectionTable MakeSettledTable(const benchmark::State& state) {
  ElectionTable table = MakeTable(state);
  for (const std::string& key : table.Update()) {
    table.SetHolder(key, NodesText(*table.Find(key)));
  }
  table.Update();
  return table;
}

void Label(benchmark::State& state) {
  state.SetLabel(std::string(ToString(kPolicies[state.range(0)])));
}

void BM_FullElection(benchmark::State& state) {
  Label(state);
  for (auto _ : state) {
    state.PauseTiming();
    ElectionTable table = MakeTable(state);
    const size_t before = mallinfo2().uordblks;
    state.ResumeTiming();
    LB_CHECK(table.Update().size() == static_cast<size_t>(state.range(2)));
    state.PauseTiming();
    state.counters["bytes"] =
        static_cast<double>(mallinfo2().uordblks - before);
    table = ElectionTable();
    state.ResumeTiming();
  }
}

// A member more or less, by turns: the untimed half restores the state.
void RunMemberChange(benchmark::State& state, bool leaves) {
  Label(state);
  ElectionTable table = MakeSettledTable(state);
  const std::vector<std::string> all = MakeMembers(state.range(1));
  int64_t next = 0;
  for (auto _ : state) {
    std::vector<std::string> fewer = all;
    fewer.erase(fewer.begin() + next++ % state.range(1));
    state.PauseTiming();
    table.SetMembers(leaves ? all : fewer);
    table.Update();
    state.ResumeTiming();
    table.SetMembers(leaves ? fewer : all);
    benchmark::DoNotOptimize(table.Update());
  }
}

void BM_Leave(benchmark::State& state) { RunMemberChange(state, true); }
void BM_Join(benchmark::State& state) { RunMemberChange(state, false); }

// Every tenth node goes at once: a rack, say.
void BM_TenthLeaves(benchmark::State& state) {
  Label(state);
  const ElectionTable settled = MakeSettledTable(state);
  std::vector<std::string> fewer;
  const std::vector<std::string> all = MakeMembers(state.range(1));
  for (size_t i = 0; i < all.size(); ++i) {
    if (i % 10 != 0) fewer.push_back(all[i]);
  }
  for (auto _ : state) {
    state.PauseTiming();
    ElectionTable table = settled;
    state.ResumeTiming();
    table.SetMembers(fewer);
    benchmark::DoNotOptimize(table.Update());
    state.PauseTiming();
    table = ElectionTable();
    state.ResumeTiming();
  }
}

// One advertisement more, which changes no candidate.
void BM_Advertisement(benchmark::State& state) {
  Label(state);
  ElectionTable table = MakeSettledTable(state);
  bool has_two = false;
  for (auto _ : state) {
    has_two = !has_two;
    std::vector<L2Advertisement> advertisements = {{.name = "all"}};
    if (has_two) advertisements.push_back({.name = "more"});
    table.SetAdvertisements(advertisements);
    benchmark::DoNotOptimize(table.Update());
  }
}

void BM_WhatIf(benchmark::State& state) {
  Label(state);
  const ElectionTable table = MakeSettledTable(state);
  const std::vector<std::string> without = {MakeMembers(1)};
  for (auto _ : state) {
    benchmark::DoNotOptimize(table.WhatIf(without, {}));
  }
}

void AllSizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgsProduct({{0, 1, 2}, {10, 100, 1000}, {100, 1000, 10000}})
      ->Unit(benchmark::kMillisecond);
}

void Largest(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgsProduct({{0, 1, 2}, {1000}, {10000}})
      ->Unit(benchmark::kMillisecond);
}

BENCHMARK(BM_FullElection)->Apply(AllSizes);
BENCHMARK(BM_Leave)->Apply(AllSizes);
BENCHMARK(BM_Join)->Apply(AllSizes);
BENCHMARK(BM_TenthLeaves)->Apply(Largest);
BENCHMARK(BM_Advertisement)->Apply(Largest);
BENCHMARK(BM_WhatIf)->Apply(Largest);

// One digest in three ways, the library's first. The last is deprecated since
// OpenSSL 3.0.
constexpr std::string_view kNode = "node-0000.rack-07.example";
constexpr std::string_view kSubject = "192.168.100.240";
constexpr std::string_view kText = "node-0000.rack-07.example#192.168.100.240";

void BM_DigestReusedContext(benchmark::State& state) {
  Digester digester;
  for (auto _ : state) {
    benchmark::DoNotOptimize(digester.Of(kNode, kSubject));
  }
}
BENCHMARK(BM_DigestReusedContext);

void BM_DigestOneShot(benchmark::State& state) {
  Digest digest;
  for (auto _ : state) {
    EVP_Digest(kText.data(), kText.size(), digest.data(), nullptr, EVP_sha256(),
               nullptr);
    benchmark::DoNotOptimize(digest);
  }
}
BENCHMARK(BM_DigestOneShot);

void BM_DigestLowLevel(benchmark::State& state) {
  Digest digest;
  for (auto _ : state) {
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, kText.data(), kText.size());
    SHA256_Final(digest.data(), &context);
    benchmark::DoNotOptimize(digest);
  }
}
BENCHMARK(BM_DigestLowLevel);

}  // namespace
}  // namespace lb::election
