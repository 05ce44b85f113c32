#include "lb/ipam/replicated_allocator.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/sim/sim_world.h"
#include "lb/io/state_ports.h"
#include "lb/ipam/ledger.h"
#include "lb/ipam/ledger_codec.h"
#include "lb/ipam/testing/two_allocators.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_range.h"

namespace lb::ipam {
namespace {

class ReplicatedAllocatorTest : public TwoAllocators {
 protected:
  // How many services have addresses in the node's ledger.
  size_t Claims(const std::string& node) {
    const auto records = allocators_[node]->ledger().AllRecords();
    return static_cast<size_t>(
        std::count_if(records.begin(), records.end(),
                      [](const auto& record) { return !record.is_release(); }));
  }
};

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// n2 lost its disk and is alone; its claims are earlier than those of n1.
TEST_F(ReplicatedAllocatorTest,
       WhatItAssignedAloneGivesWayAndTheRestIsMadeFirm) {
  allocators_["n1"]->SetWanted(Want({"default/a"}));
  allocators_["n2"]->SetWanted(Want({"default/b", "default/c"}));
  allocators_["n2"]->SetAlone(true);
  allocators_["n2"]->SetAuthor("n2");
  RunFor(absl::Seconds(1));
  allocators_["n1"]->SetAuthor("n1");
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Shown("n1", "default/a"), "10.0.0.1");
  EXPECT_EQ(Shown("n2", "default/b"), "10.0.0.1");
  EXPECT_EQ(Shown("n2", "default/c"), "10.0.0.2");
  EXPECT_FALSE(allocators_["n2"]->ledger().HasFirm());

  SetAuthor("n2");
  WantOnAll({"default/a", "default/b", "default/c"});
  Tell("n1", "n2");
  allocators_["n2"]->SetAlone(false);
  for (int i = 0; i < 100; ++i) {
    RunFor(absl::Milliseconds(1));
    EXPECT_EQ(Shown("n2", "default/c"), "10.0.0.2");  // At every moment.
  }
  Tell("n2", "n1");
  for (const char* node : {"n1", "n2"}) {
    EXPECT_EQ(Shown(node, "default/a"), "10.0.0.1");
    EXPECT_EQ(Shown(node, "default/b"), "10.0.0.3");
    EXPECT_EQ(Shown(node, "default/c"), "10.0.0.2");
    for (const auto& record : allocators_[node]->ledger().AllRecords()) {
      EXPECT_FALSE(record.provisional) << node << ": " << record.service;
    }
  }
}

// A node that has restored what was agreed knows enough.
TEST_F(ReplicatedAllocatorTest, AloneWithItsStateItIsFirm) {
  WantOnAll({"default/a"});
  SetAuthor("n1");
  RunFor(absl::Seconds(1));
  allocators_["n1"]->SetAlone(true);
  allocators_["n1"]->SetWanted(Want({"default/a", "default/b"}));
  RunFor(absl::Seconds(1));
  EXPECT_FALSE(allocators_["n1"]->ledger().Find("default/b")->provisional);
}

TEST_F(ReplicatedAllocatorTest, OnlyTheAuthorProposes) {
  WantOnAll({"default/a"});
  RunFor(absl::Seconds(1));
  EXPECT_THAT(Shown("n1", "default/a"), HasSubstr("hear from the cluster"));
  SetAuthor("n1");
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Shown("n1", "default/a"), "10.0.0.1");
  EXPECT_THAT(Shown("n2", "default/a"), HasSubstr("waiting for n1"));
  Tell("n1", "n2");
  EXPECT_EQ(Shown("n2", "default/a"), "10.0.0.1");
  // What others told is not told again.
  EXPECT_THAT(allocators_["n2"]->TakeMessages(kMessageMax), IsEmpty());
}

// Services a and b share an address; a's manifest goes. The record of a is kept
// for a while, without its sharing key, and drove b from the address.
TEST_F(ReplicatedAllocatorTest, WhoSharedKeepsTheAddressWhenTheOtherGoes) {
  ReplicatedAllocator::Wanted wanted = Want({"default/a", "default/b"});
  for (auto& [service, request] : wanted.requests) {
    request.sharing_key = "k";
    const uint16_t port = service == "default/a" ? 80 : 81;
    request.ports = {{Protocol::kTcp, port}};
    request.requested_addresses = {*net::ParseIpAddress("10.0.0.1")};
  }
  for (auto& [node, allocator] : allocators_) allocator->SetWanted(wanted);
  SetAuthor("n1");
  RunFor(absl::Seconds(1));
  Tell("n1", "n2");
  ASSERT_EQ(Shown("n2", "default/b"), "10.0.0.1");
  wanted.requests.erase("default/a");
  allocators_["n1"]->SetWanted(wanted);
  // A run that never knew what a asked for.
  allocators_["n2"] = std::make_unique<ReplicatedAllocator>(
      "n2", io::StatePorts::From(hosts_["n2"]->environment()), [] {});
  allocators_["n2"]->Restore();
  allocators_["n2"]->SetWanted(wanted);
  for (int i = 0; i < 10; ++i) {
    RunFor(absl::Seconds(1));
    EXPECT_EQ(Shown("n1", "default/b"), "10.0.0.1");
    EXPECT_EQ(Shown("n2", "default/b"), "10.0.0.1");
  }
}

TEST_F(ReplicatedAllocatorTest, ASlowDiskDelaysWhatIsShownAndTold) {
  hosts_["n1"]->state().SetWriteTime(absl::Seconds(2));
  WantOnAll({"default/a"});
  SetAuthor("n1");
  RunFor(absl::Seconds(1));
  EXPECT_THAT(Shown("n1", "default/a"), HasSubstr("being written"));
  EXPECT_TRUE(allocators_["n1"]->entries().at("default/a").waiting);
  EXPECT_THAT(allocators_["n1"]->TakeMessages(kMessageMax), IsEmpty());
  RunFor(absl::Seconds(2));
  EXPECT_EQ(Shown("n1", "default/a"), "10.0.0.1");
  Tell("n1", "n2");
  EXPECT_EQ(Shown("n2", "default/a"), "10.0.0.1");
}

// The second comes while the first is being written.
TEST_F(ReplicatedAllocatorTest,
       ProposalsDuringAWriteAreShownWhenTheyAreWritten) {
  hosts_["n1"]->state().SetWriteTime(absl::Seconds(2));
  WantOnAll({"default/a"});
  SetAuthor("n1");
  RunFor(absl::Seconds(1));
  WantOnAll({"default/a", "default/b"});
  RunFor(absl::Milliseconds(1500));
  EXPECT_EQ(Shown("n1", "default/a"), "10.0.0.1");
  EXPECT_THAT(Shown("n1", "default/b"), HasSubstr("being written"));
  RunFor(absl::Seconds(2));
  EXPECT_EQ(Shown("n1", "default/b"), "10.0.0.2");
}

TEST_F(ReplicatedAllocatorTest, AFullDiskShowsNothingNewAndKeepsTheOld) {
  WantOnAll({"default/a"});
  SetAuthor("n1");
  RunFor(absl::Seconds(1));
  hosts_["n1"]->state().SetWriteError(
      absl::ResourceExhaustedError("no space left"));
  WantOnAll({"default/a", "default/b"});
  RunFor(absl::Seconds(5));
  EXPECT_EQ(Shown("n1", "default/a"), "10.0.0.1");
  EXPECT_THAT(Shown("n1", "default/b"), HasSubstr("no space left"));
  EXPECT_FALSE(allocators_["n1"]->save_error().ok());
  hosts_["n1"]->state().SetWriteError(absl::OkStatus());
  RunFor(ReplicatedAllocator::kSaveRetry * 2);
  EXPECT_EQ(Shown("n1", "default/b"), "10.0.0.2");
  EXPECT_THAT(allocators_["n1"]->save_error(), IsOk());
}

// It hid the address, and left itself out of its own election, while all others
// counted on it.
TEST_F(ReplicatedAllocatorTest, AFullDiskHidesNothingThatOthersAgreedOn) {
  WantOnAll({"default/a"});
  allocators_["n2"]->SetAuthor("n2");
  RunFor(absl::Seconds(1));
  hosts_["n1"]->state().SetWriteError(
      absl::ResourceExhaustedError("no space left"));
  allocators_["n1"]->SetAuthor("n1");
  RunFor(absl::Seconds(1));
  ASSERT_THAT(Shown("n1", "default/a"), HasSubstr("no space left"));
  SetAuthor("n2");
  Tell("n2", "n1");
  EXPECT_EQ(Shown("n1", "default/a"), "10.0.0.1");
}

// Each second is a try; the log has a line when it begins, and when it is over.
TEST_F(ReplicatedAllocatorTest, AFullDiskIsTwoEvents) {
  WantOnAll({"default/a"});
  SetAuthor("n1");
  hosts_["n1"]->state().SetWriteError(
      absl::ResourceExhaustedError("no space left"));
  RunFor(absl::Seconds(10));
  hosts_["n1"]->state().SetWriteError(absl::OkStatus());
  RunFor(absl::Seconds(10));
  std::vector<std::string> events;
  for (const Event& event : hosts_["n1"]->log().Since(0)) {
    events.push_back(event.reason + ": " + event.message);
  }
  EXPECT_THAT(events, ElementsAre("StateUnsaved: state-dir: no space left",
                                  "StateSaved: state-dir: is written again"));
}

// Full exchanges told it, and other nodes announced what no disk had.
TEST_F(ReplicatedAllocatorTest, WhatIsNotWrittenIsInNoFullMessage) {
  WantOnAll({"default/a"});
  SetAuthor("n1");
  RunFor(absl::Seconds(1));
  hosts_["n1"]->state().SetWriteError(
      absl::ResourceExhaustedError("no space left"));
  WantOnAll({"default/a", "default/b"});
  RunFor(absl::Seconds(1));
  EXPECT_THAT(allocators_["n2"]->Merge(allocators_["n1"]->FullMessage()),
              IsOk());
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Shown("n2", "default/a"), "10.0.0.1");
  EXPECT_THAT(Shown("n2", "default/b"), HasSubstr("waiting for n1"));
}

// Each look sorts, writes and hashes the whole ledger: with few services and
// many records of others the loop did nothing else.
TEST_F(ReplicatedAllocatorTest, AFloodOfRecordsIsLookedAtTogether) {
  const auto foreign = [](int i) {
    Record record;
    record.service = "other/" + std::to_string(i);
    record.generation = 1;
    record.changed = {.microseconds = 1, .author = "n3"};
    record.claims = {{*net::ParseIpAddress("10.9.0.1"), "q", record.changed}};
    return record;
  };
  std::vector<Record> many;
  for (int i = 0; i < 10'000; ++i) many.push_back(foreign(i));
  EXPECT_THAT(allocators_["n1"]->Merge(SerializeMessage(many)), IsOk());
  RunFor(absl::Seconds(1));
  const uint64_t before = hosts_["n1"]->state().writes("ledger");
  for (int i = 0; i < 1000; ++i) {
    const std::string one = SerializeMessage({foreign(10'000 + i)});
    EXPECT_THAT(allocators_["n1"]->Merge(one), IsOk());
    RunFor(absl::Milliseconds(1));
  }
  const uint64_t writes = hosts_["n1"]->state().writes("ledger") - before;
  EXPECT_GE(writes, 5u);
  EXPECT_LE(writes, 13u);  // Three at once, then one each 0.1 s.
}

TEST_F(ReplicatedAllocatorTest, TheNextAuthorGoesOnWhereTheLostOneStopped) {
  WantOnAll({"default/a"});
  SetAuthor("n1");
  RunFor(absl::Seconds(1));
  Tell("n1", "n2");
  allocators_.erase("n1");
  allocators_["n2"]->SetAuthor("n2");
  allocators_["n2"]->SetWanted(Want({"default/0", "default/a"}));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Shown("n2", "default/a"), "10.0.0.1");
  EXPECT_EQ(Shown("n2", "default/0"), "10.0.0.2");
}

TEST_F(ReplicatedAllocatorTest,
       ARenamedServiceGetsAnotherAddressUntilTheOldIsFree) {
  WantOnAll({"default/old"});
  SetAuthor("n1");
  RunFor(absl::Seconds(1));
  WantOnAll({"default/new"});
  RunFor(ReplicatedAllocator::kReleaseDelay / 2);
  EXPECT_EQ(Shown("n1", "default/new"), "10.0.0.2");
  RunFor(ReplicatedAllocator::kReleaseDelay);
  WantOnAll({"default/new", "default/other"});
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Shown("n1", "default/new"), "10.0.0.2");
  EXPECT_EQ(Shown("n1", "default/other"), "10.0.0.1");
}

// Else who forgot it would take it up again with every full exchange.
TEST_F(ReplicatedAllocatorTest, AReleaseThatIsTooOldToMatterIsNotTold) {
  SetAuthor("n1");
  WantOnAll({"default/a"});
  RunFor(absl::Seconds(1));
  WantOnAll({});
  RunFor(ReplicatedAllocator::kReleaseDelay * 2);
  Tell("n1", "n2");
  ASSERT_EQ(allocators_["n2"]->ledger().size(), 1u);
  RunFor(kTombstoneLifetime);
  SetAuthor("n2");
  allocators_["n2"]->SetWanted(Want({"default/b"}));
  RunFor(absl::Seconds(1));
  ASSERT_EQ(allocators_["n2"]->ledger().Find("default/a"), nullptr);
  EXPECT_THAT(allocators_["n2"]->Merge(allocators_["n1"]->FullMessage()),
              IsOkAndHolds(0));
}

TEST_F(ReplicatedAllocatorTest, WhatMayExistIsNotReleasedButAllElseIs) {
  WantOnAll({"default/a", "default/c"});
  SetAuthor("n1");
  RunFor(absl::Seconds(1));
  ReplicatedAllocator::Wanted wanted = Want({"default/b"});
  wanted.may_exist.services = {"default/a"};
  allocators_["n1"]->SetWanted(wanted);
  RunFor(ReplicatedAllocator::kReleaseDelay * 3);
  EXPECT_EQ(Shown("n1", "default/b"), "10.0.0.3");
  EXPECT_EQ(Claims("n1"), 2u);
  wanted.may_exist = {};
  allocators_["n1"]->SetWanted(wanted);
  RunFor(ReplicatedAllocator::kReleaseDelay * 3);
  EXPECT_EQ(Claims("n1"), 1u);
}

TEST_F(ReplicatedAllocatorTest, AFullPoolIsAReason) {
  WantOnAll({"default/a", "default/b", "default/c", "default/d"});
  SetAuthor("n1");
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Shown("n1", "default/c"), "10.0.0.3");
  EXPECT_THAT(Shown("n1", "default/d"), HasSubstr("p"));
  EXPECT_FALSE(allocators_["n1"]->entries().at("default/d").waiting);
}

TEST_F(ReplicatedAllocatorTest, RestoresWhatWasWritten) {
  WantOnAll({"default/b"});
  SetAuthor("n1");
  RunFor(absl::Seconds(1));
  WantOnAll({"default/a", "default/b"});
  RunFor(absl::Seconds(1));
  ASSERT_EQ(Shown("n1", "default/a"), "10.0.0.2");
  auto& allocator = allocators_["n1"];
  allocator = std::make_unique<ReplicatedAllocator>(
      "n1", io::StatePorts::From(hosts_["n1"]->environment()),
      [this] { ++changes_; });
  allocator->Restore();
  allocator->SetWanted(Want({"default/a", "default/b"}));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Shown("n1", "default/a"), "10.0.0.2");
  EXPECT_EQ(Shown("n1", "default/b"), "10.0.0.1");
}

TEST_F(ReplicatedAllocatorTest, DamagedStateAndForeignMessagesAreRefused) {
  hosts_["n2"]->state().values()["ledger.0"] = "rubbish";
  ReplicatedAllocator allocator(
      "n2", io::StatePorts::From(hosts_["n2"]->environment()), [] {});
  allocator.Restore();
  EXPECT_EQ(allocator.ledger().size(), 0u);
  ASSERT_FALSE(hosts_["n2"]->log().Since(0).empty());
  const Event refused = hosts_["n2"]->log().Since(0).back();
  EXPECT_EQ(refused.reason, "StateRefused");
  EXPECT_THAT(refused.message, HasSubstr("ledger.0: ledger file: "));
  EXPECT_FALSE(allocator.Merge("rubbish").ok());
}

}  // namespace
}  // namespace lb::ipam
