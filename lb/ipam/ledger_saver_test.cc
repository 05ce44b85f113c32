#include "lb/ipam/ledger_saver.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/sim/sim_world.h"
#include "lb/io/state_ports.h"
#include "lb/ipam/ledger.h"
#include "lb/net/ip_address.h"

namespace lb::ipam {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class LedgerSaverTest : public testing::Test {
 protected:
  LedgerSaverTest() { StartAnew(); }

  // The process starts again, with what is on disk.
  void StartAnew() {
    saver_ = nullptr;
    ledger_ = std::make_unique<Ledger>("n1");
    saver_ = std::make_unique<LedgerSaver>(
        "n1", io::StatePorts::From(host_->environment()), ledger_.get(),
        [this](LedgerSaver::Services concerned) {
          ++written_;
          concerned_ = std::move(concerned);
        });
    stale_ = saver_->Restore();
  }
  void Propose(const std::string& service, const std::string& address) {
    EXPECT_THAT(
        ledger_->Propose(service, {{{*net::ParseIpAddress(address), "p"}}},
                         host_->environment().loop->CivilNow()),
        IsOk());
    saver_->NoteProposal(service);
  }
  void RunFor(absl::Duration time) { world_.loop().RunFor(time); }
  static std::vector<std::string> NamesOf(const std::vector<Record>& records) {
    std::vector<std::string> names;
    for (const Record& record : records) names.push_back(record.service);
    return names;
  }

  io::SimWorld world_{/*seed=*/1};
  io::SimHost* const host_ = world_.AddHost("n1", "10.1.0.1/24");
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<LedgerSaver> saver_;
  std::vector<Record> stale_;  // As Restore() returned it.
  int written_ = 0;            // Calls of OnWritten.
  LedgerSaver::Services concerned_;
};

TEST_F(LedgerSaverTest, AProposalCountsOnceItIsOnDisk) {
  Propose("a", "10.0.0.1");
  saver_->Save();
  EXPECT_TRUE(saver_->IsUnsaved("a"));
  EXPECT_THAT(saver_->SavedRecords(), IsEmpty());
  EXPECT_THAT(saver_->TakeNews(), IsEmpty());
  RunFor(absl::Seconds(1));
  EXPECT_FALSE(saver_->IsUnsaved("a"));
  EXPECT_THAT(concerned_, ElementsAre("a"));
  EXPECT_THAT(NamesOf(saver_->SavedRecords()), ElementsAre("a"));
  EXPECT_THAT(NamesOf(saver_->TakeNews()), ElementsAre("a"));
  EXPECT_THAT(saver_->TakeNews(), IsEmpty());
}

TEST_F(LedgerSaverTest, WritesNothingIfNothingChanged) {
  Propose("a", "10.0.0.1");
  saver_->Save();
  saver_->Save();
  RunFor(absl::Seconds(1));
  saver_->Save();
  RunFor(absl::Seconds(1));
  EXPECT_EQ(written_, 1);
}

// What came while a write was under way is not on disk after it.
TEST_F(LedgerSaverTest, OneProposalAfterTheOther) {
  host_->state().SetWriteTime(absl::Seconds(1));
  Propose("a", "10.0.0.1");
  saver_->Save();
  Propose("b", "10.0.0.2");
  RunFor(absl::Milliseconds(1500));
  EXPECT_FALSE(saver_->IsUnsaved("a"));
  EXPECT_TRUE(saver_->IsUnsaved("b"));
  EXPECT_THAT(NamesOf(saver_->TakeNews()), ElementsAre("a"));
  saver_->Save();
  RunFor(absl::Milliseconds(1500));
  EXPECT_THAT(NamesOf(saver_->TakeNews()), ElementsAre("b"));
}

TEST_F(LedgerSaverTest, AFailureConcernsAllThatWaitAndIsReportedOnce) {
  host_->state().SetWriteError(absl::UnavailableError("no space left"));
  Propose("a", "10.0.0.1");
  saver_->Save();
  RunFor(absl::Seconds(1));
  EXPECT_THAT(saver_->error(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(concerned_, ElementsAre("a"));
  Propose("b", "10.0.0.2");
  saver_->Save();
  RunFor(absl::Seconds(1));
  EXPECT_THAT(concerned_, IsEmpty());
  host_->state().SetWriteError(absl::OkStatus());
  saver_->Save();
  RunFor(absl::Seconds(1));
  EXPECT_THAT(saver_->error(), IsOk());
  EXPECT_THAT(concerned_, ElementsAre("a", "b"));
  std::vector<std::string> reasons;
  for (const Event& event : host_->environment().log->Since(0)) {
    reasons.push_back(event.reason);
  }
  EXPECT_THAT(reasons, ElementsAre("StateUnsaved", "StateSaved"));
}

TEST_F(LedgerSaverTest, AnswersWhatWaitsWhenItIsOnDiskOrFails) {
  std::vector<absl::Status> answers;
  const auto await = [&] {
    saver_->Await([&](absl::Status status) { answers.push_back(status); });
  };
  Propose("a", "10.0.0.1");
  await();
  saver_->Save();
  saver_->AnswerWaiting();
  EXPECT_THAT(answers, IsEmpty());
  EXPECT_EQ(saver_->waiting(), 1u);
  RunFor(absl::Seconds(1));
  saver_->AnswerWaiting();
  EXPECT_THAT(answers, ElementsAre(IsOk()));
  host_->state().SetWriteError(absl::UnavailableError("no space left"));
  Propose("b", "10.0.0.2");
  await();
  saver_->Save();
  RunFor(absl::Seconds(1));
  saver_->AnswerWaiting();
  EXPECT_THAT(answers.back(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(saver_->waiting(), 0u);
}

TEST_F(LedgerSaverTest, TellsNothingOfWhatOthersProposed) {
  Ledger other("n2");
  const auto record =
      other.Propose("a", {{{*net::ParseIpAddress("10.0.0.1"), "p"}}},
                    host_->environment().loop->CivilNow());
  ledger_->Merge({*record});
  saver_->Save();
  RunFor(absl::Seconds(1));
  EXPECT_THAT(saver_->TakeNews(), IsEmpty());
  EXPECT_THAT(NamesOf(saver_->SavedRecords()), ElementsAre("a"));
}

TEST_F(LedgerSaverTest, WhatAnotherNodeReplacedIsNotAwaited) {
  Propose("a", "10.0.0.1");
  saver_->Forget("a");
  EXPECT_FALSE(saver_->IsUnsaved("a"));
}

TEST_F(LedgerSaverTest, ARestartGoesOnFromTheDisk) {
  Propose("a", "10.0.0.1");
  saver_->Save();
  RunFor(absl::Seconds(1));
  StartAnew();
  EXPECT_THAT(stale_, IsEmpty());
  EXPECT_NE(ledger_->Find("a"), nullptr);
  EXPECT_THAT(saver_->TakeNews(), IsEmpty());
  saver_->Save();
  RunFor(absl::Seconds(1));
  EXPECT_EQ(written_, 1);
}

TEST_F(LedgerSaverTest, WhatIsOlderThanReleasesIsHandedBack) {
  Propose("a", "10.0.0.1");
  saver_->Save();
  RunFor(kTombstoneLifetime + absl::Seconds(1));
  StartAnew();
  EXPECT_THAT(NamesOf(stale_), ElementsAre("a"));
  EXPECT_EQ(ledger_->size(), 0u);
}

// A release that was never written would be forgotten without a trace.
TEST_F(LedgerSaverTest, OnlyWrittenReleasesAreForgotten) {
  Propose("a", "10.0.0.1");
  EXPECT_THAT(
      ledger_->ProposeRelease("a", host_->environment().loop->CivilNow()),
      IsOk());
  RunFor(kTombstoneLifetime + absl::Seconds(1));
  EXPECT_THAT(saver_->DropOldTombstones(), IsEmpty());
  saver_->Save();
  RunFor(absl::Seconds(1));
  EXPECT_THAT(saver_->DropOldTombstones(), ElementsAre("a"));
  EXPECT_THAT(ledger_->AllRecords(), SizeIs(0));
}

}  // namespace
}  // namespace lb::ipam
