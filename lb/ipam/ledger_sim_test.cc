// Ledgers on simulated hosts: they tell each other over a network that loses
// datagrams, write to disks, crash and come back, and still come to agree.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/environment.h"
#include "lb/io/sim/sim_world.h"
#include "lb/ipam/ledger.h"
#include "lb/ipam/ledger_codec.h"
#include "lb/ipam/ledger_store.h"
#include "lb/net/ip_address.h"

namespace lb::ipam {
namespace {

// Sends all it knows to everybody every 500 ms, and writes what is new.
class LedgerNode {
 public:
  LedgerNode(io::SimHost* host, std::vector<net::Endpoint> peers)
      : environment_(host->environment()),
        peers_(std::move(peers)),
        store_(environment_.state),
        ledger_(host->name()),
        timer_(environment_.loop->NewTimer([this] { OnTimer(); })) {
    ledger_.Merge(store_.Restore().records);
    environment_.datagrams->SetReceiver(
        [this](const net::Endpoint&, absl::Span<const uint8_t> payload) {
          const std::string_view bytes(
              reinterpret_cast<const char*>(payload.data()), payload.size());
          EXPECT_THAT(ledger_.MergeMessage(bytes), IsOk());
        });
    OnTimer();
  }
  ~LedgerNode() { environment_.datagrams->SetReceiver({}); }

  void Propose(const std::string& service, uint32_t address) {
    const Assignment assignment = {
        {{net::IpAddress::Ipv4(address), "first-pool"}}};
    EXPECT_THAT(
        ledger_.Propose(service, assignment, environment_.loop->CivilNow()),
        IsOk());
  }

  std::string Text() const { return SerializeMessage(ledger_.AllRecords()); }

 private:
  void OnTimer() {
    const std::string message = Text();
    for (const net::Endpoint& peer : peers_) {
      environment_.datagrams
          ->Send(peer, absl::MakeConstSpan(
                           reinterpret_cast<const uint8_t*>(message.data()),
                           message.size()))
          .IgnoreError();
    }
    if (saved_ != ledger_.version()) {
      saved_ = ledger_.version();
      store_.Save(ledger_, environment_.loop->CivilNow(),
                  [](const absl::Status&) {});
    }
    timer_->Arm(environment_.loop->Now() + absl::Milliseconds(500));
  }

  io::Environment environment_;
  std::vector<net::Endpoint> peers_;
  LedgerStore store_;
  Ledger ledger_;
  uint64_t saved_ = 0;
  std::unique_ptr<io::Timer> timer_;
};

class LedgerSimTest : public testing::TestWithParam<int> {};

TEST_P(LedgerSimTest, AgreesThroughLossCrashesAndRestarts) {
  SCOPED_TRACE(fmt::format("seed {}", GetParam()));
  io::SimWorld world(GetParam());
  world.network().paths().SetDefault({.loss_percent = 30});
  std::vector<net::Endpoint> endpoints;
  for (const char* name : {"n1", "n2", "n3"}) {
    endpoints.push_back(
        world.AddHost(name, fmt::format("10.0.0.{}/24", name[1] - '0'))
            ->endpoint());
  }
  std::vector<std::unique_ptr<LedgerNode>> nodes(3);
  const auto start = [&](size_t i) {
    nodes[i] = std::make_unique<LedgerNode>(world.hosts()[i].get(), endpoints);
  };
  for (size_t i = 0; i < 3; ++i) start(i);
  Prng prng = world.Fork("faults");
  for (uint32_t step = 0; step < 60; ++step) {
    const size_t i = prng.Uniform(3);
    if (nodes[i] == nullptr) {
      world.hosts()[i]->Restart();
      start(i);
    } else if (prng.Chance(20)) {
      world.hosts()[i]->Crash();
      nodes[i].reset();
    } else {
      nodes[i]->Propose(fmt::format("default/s{}", prng.Uniform(5)),
                        0x0a000000 + step);
    }
    world.loop().RunFor(prng.UniformDuration(absl::Seconds(1)));
  }
  for (size_t i = 0; i < 3; ++i) {
    if (nodes[i] != nullptr) continue;
    world.hosts()[i]->Restart();
    start(i);
  }
  world.loop().RunFor(absl::Seconds(20));
  EXPECT_EQ(nodes[0]->Text(), nodes[1]->Text());
  EXPECT_EQ(nodes[0]->Text(), nodes[2]->Text());
  EXPECT_GT(nodes[0]->Text().size(), 100u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, LedgerSimTest, testing::Range(1, 51));

// What was answered as written is there after power loss at any later instant.
TEST(LedgerStoreSimTest, WhatWasAnsweredAsWrittenOutlivesACrash) {
  for (int after_us = 0; after_us < 3000; after_us += 100) {
    io::SimWorld world(1);
    io::SimHost* host = world.AddHost("n1", "10.0.0.1/24");
    Ledger ledger("n1");
    LedgerStore store(host->environment().state);
    uint64_t answered = 0;
    for (uint64_t i = 1; i <= 3; ++i) {
      const Assignment assignment = {
          {{net::IpAddress::Ipv4(0x0a000000 + i), "first-pool"}}};
      ASSERT_THAT(
          ledger.Propose("default/web", assignment, world.loop().CivilNow()),
          IsOk());
      store.Save(ledger, world.loop().CivilNow(),
                 [&, i](const absl::Status& status) {
                   if (status.ok()) answered = i;
                 });
      world.loop().RunFor(absl::Microseconds(after_us) / 3);
    }
    host->Crash();
    host->Restart();
    const RestoredLedger restored =
        LedgerStore(host->environment().state).Restore();
    const uint64_t generation =
        restored.records.empty() ? 0 : restored.records[0].generation;
    EXPECT_GE(generation, answered) << "crash after " << after_us << " us";
  }
}

}  // namespace
}  // namespace lb::ipam
