// A store on a disk that answers late, in any order between files, and fails at
// times; at whatever instant the process dies, all that was answered as written
// is there, or what came after it.
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/state_store.h"
#include "lb/ipam/ledger.h"
#include "lb/ipam/ledger_store.h"
#include "lb/net/ip_address.h"

namespace lb::ipam {
namespace {

constexpr uint64_t kServices = 12;
constexpr size_t kJournalBytes = 700;

// Writes one value of a name at a time, and of those that wait the newest.
class SlowStore : public io::StateStore {
 public:
  absl::StatusOr<std::string> Read(const std::string& name) override {
    const auto found = values_.find(name);
    if (found == values_.end()) return absl::NotFoundError(name);
    return found->second;
  }
  void Write(const std::string& name, std::string value,
             OnWritten on_written) override {
    Job& job = pending_[name].emplace_back();
    job.value = std::move(value);
    job.on_written = std::move(on_written);
  }

  bool idle() const { return pending_.empty(); }
  const std::map<std::string, std::string>& values() const { return values_; }
  void Crash() { pending_.clear(); }

  // Ends one write.
  void Finish(Prng& prng, const std::string& failing_prefix) {
    if (pending_.empty()) return;
    auto it = pending_.begin();
    std::advance(it, prng.Uniform(pending_.size()));
    const std::string name = it->first;
    std::vector<Job> jobs = std::move(it->second);
    pending_.erase(it);
    const size_t together = 1 + prng.Uniform(jobs.size());
    const bool fails =
        !failing_prefix.empty() && name.starts_with(failing_prefix) &&
        (failing_prefix != "ledger." || !name.ends_with("journal"));
    if (!fails) values_[name] = std::move(jobs[together - 1].value);
    for (size_t i = together; i < jobs.size(); ++i) {
      pending_[name].push_back(std::move(jobs[i]));
    }
    for (size_t i = 0; i < together; ++i) {
      if (!jobs[i].on_written) continue;
      jobs[i].on_written(fails ? absl::ResourceExhaustedError("disk full")
                               : absl::OkStatus());
    }
  }

 private:
  struct Job {
    std::string value;
    OnWritten on_written;
  };
  std::map<std::string, std::string> values_;
  std::map<std::string, std::vector<Job>> pending_;
};

class LedgerStoreModelTest : public testing::TestWithParam<uint64_t> {
 protected:
  LedgerStoreModelTest() : prng_(GetParam()) { Start(); }

  // A run of the process.
  void Start() {
    disk_.Crash();
    ledger_ = std::make_unique<Ledger>("n");
    store_ = NewStore();
    const RestoredLedger restored = store_->Restore();
    ledger_->Merge(restored.records);
    if (prng_.Chance(80)) store_->Continue(*ledger_);
    written_.clear();
    for (const Record& record : restored.records) {
      written_[record.service] = {{0, record}};
    }
    followed_ = ledger_->version();
    answered_ = 0;
  }

  std::unique_ptr<LedgerStore> NewStore() {
    return std::make_unique<LedgerStore>(
        &disk_, LedgerStoreLimits{.journal_bytes = kJournalBytes,
                                  .slice_records = 2,
                                  .slice_records_per_change = 1});
  }

  void Change() {
    const std::string service = fmt::format("x/{}", prng_.Uniform(kServices));
    if (prng_.Chance(30)) {
      ledger_->ProposeRelease(service, now_).IgnoreError();
    } else {
      const auto address =
          net::IpAddress::Ipv4(static_cast<uint32_t>(prng_.Uniform(1000)));
      ASSERT_THAT(ledger_->Propose(service, {{{address, "p"}}}, now_), IsOk());
    }
    for (const Record& record : ledger_->RecordsSince(followed_)) {
      written_[record.service].emplace_back(ledger_->version(), record);
    }
    followed_ = ledger_->version();
  }

  void Save() {
    ledger_->DropOldTombstones(now_, answered_);
    store_->Save(
        *ledger_, now_,
        [this, version = ledger_->version()](const absl::Status& status) {
          if (status.ok()) answered_ = std::max(answered_, version);
        });
  }

  // Checks a service: the last record that was answered as written, and later
  // ones.
  void CheckService(const std::string& service, const Record* found) {
    const auto& all = written_[service];
    auto first = all.begin();
    for (auto it = all.begin(); it != all.end(); ++it) {
      if (it->first <= answered_) first = it;
    }
    const bool answered = first != all.end() && first->first <= answered_;
    if (found == nullptr) {
      // A release may be forgotten, also one that was not answered.
      EXPECT_TRUE(!answered || std::any_of(first, all.end(),
                                           [](const auto& entry) {
                                             return entry.second.is_release();
                                           }))
          << service;
      return;
    }
    EXPECT_TRUE(std::any_of(first, all.end(), [&](const auto& entry) {
      return entry.second == *found;
    })) << service;
  }

  void CheckDisk() {
    const auto fresh = NewStore();
    const RestoredLedger restored = fresh->Restore();
    EXPECT_THAT(restored.refused, testing::IsEmpty());
    generation_ = std::max(generation_, restored.generation);
    for (uint64_t i = 0; i < kServices; ++i) {
      const std::string service = fmt::format("x/{}", i);
      const auto found = std::find_if(
          restored.records.begin(), restored.records.end(),
          [&](const Record& record) { return record.service == service; });
      CheckService(service,
                   found == restored.records.end() ? nullptr : &*found);
    }
    for (const auto& [name, value] : disk_.values()) {
      EXPECT_LT(value.size(), 10 * kJournalBytes) << name;
    }
  }

  void Step() {
    const uint64_t what = prng_.Uniform(100);
    if (what < 40) {
      Change();
      if (prng_.Chance(80)) Save();
    } else if (what < 85) {
      disk_.Finish(prng_, failing_);
    } else if (what < 92) {
      now_ += absl::Seconds(1) + prng_.UniformDuration(absl::Hours(13));
      if (prng_.Chance(50)) Save();
    } else if (what < 98) {
      // Nothing fails, all of it, or whole files only.
      failing_ = std::vector<std::string>{"", "", "ledger",
                                          "ledger."}[prng_.Uniform(4)];
    } else {
      Start();
    }
  }

  Prng prng_;
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  SlowStore disk_;
  std::string failing_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<LedgerStore> store_;
  // By service: what it had, and from which version of the ledger on.
  std::map<std::string, std::vector<std::pair<uint64_t, Record>>> written_;
  uint64_t followed_ = 0;
  uint64_t answered_ = 0;  // The version that is on disk.
  uint64_t generation_ = 0;
};

TEST_P(LedgerStoreModelTest, WhatWasAnsweredOutlivesACrashAtAnyInstant) {
  for (int step = 0; step < 1500; ++step) {
    SCOPED_TRACE(fmt::format("seed {} step {}", GetParam(), step));
    Step();
    CheckDisk();
    ASSERT_FALSE(HasFailure());
  }
  // Then all is written, and nothing is left out.
  failing_.clear();
  for (int i = 0; i < 20; ++i) {
    Save();
    while (!disk_.idle()) disk_.Finish(prng_, failing_);
  }
  EXPECT_EQ(answered_, ledger_->version());
  CheckDisk();
  EXPECT_GT(generation_, 20u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, LedgerStoreModelTest,
                         testing::Range<uint64_t>(1, 11));

}  // namespace
}  // namespace lb::ipam
