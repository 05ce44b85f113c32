// The last good manifests on disk: across restarts, damaged, unsaved.
#include "daemon/last_good_store.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/config/testing/desired_text.h"
#include "lb/io/sim/sim_world.h"

namespace lb {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string Lb(const std::string& name, int port = 80) {
  return fmt::format(
      "apiVersion: v1\nkind: Service\nmetadata: {{name: {}}}\n"
      "spec: {{type: LoadBalancer, ports: [{{port: {}}}]}}\n---\n",
      name, port);
}

config::Manifests Parse(const std::string& text) {
  config::Manifests manifests;
  config::ParseManifests("f", text, {}, &manifests);
  return manifests;
}

class LastGoodStoreTest : public testing::Test {
 protected:
  LastGoodStoreTest() { Start(); }

  void Start() {
    store_ = std::make_unique<LastGoodStore>("n1", host_->environment());
    refused_ = store_->Restore();
    is_first_ = true;
  }
  void Restart() {
    host_->Crash();
    store_.reset();
    host_->Restart();
    Start();
  }
  void Read(const std::string& text) {
    const config::Manifests now = Parse(text);
    desired_ = config::BuildDesired(
        now, is_first_ ? store_->Before(now, {}) : desired_);
    is_first_ = false;
    store_->Save(store_->Seal(desired_));
  }
  void RunFor(absl::Duration time) { world_.loop().RunFor(time); }
  size_t Events(const std::string& reason) {
    const auto events = host_->log().Since(0);
    return std::count_if(events.begin(), events.end(), [&](const Event& each) {
      return each.reason == reason;
    });
  }

  io::SimWorld world_{/*seed=*/1};
  io::SimHost* const host_ = world_.AddHost("n1", "172.18.8.11/24");
  std::unique_ptr<LastGoodStore> store_;
  std::vector<absl::Status> refused_;
  config::Desired desired_;
  bool is_first_ = true;
};

TEST_F(LastGoodStoreTest, AServiceOutlivesARestartDuringATypo) {
  Read(Lb("web"));
  RunFor(absl::Seconds(1));
  Read("kind: [");
  RunFor(absl::Seconds(1));
  for (int restarts = 0; restarts < 3; ++restarts) {
    Restart();
    EXPECT_THAT(refused_, IsEmpty());
    Read("kind: [");
    EXPECT_THAT(desired_.services, SizeIs(1));
    EXPECT_THAT(config::ToText(desired_.problems), HasSubstr("f:"));
    RunFor(absl::Seconds(1));
  }
  Read("# Mended: nothing.\n");
  EXPECT_THAT(desired_.services, IsEmpty());
  RunFor(absl::Seconds(1));
  Restart();
  Read("kind: [");
  EXPECT_THAT(desired_.services, IsEmpty()) << "the value is gone on disk, too";
}

TEST_F(LastGoodStoreTest, OnlyWhatChangedIsWritten) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += Lb(fmt::format("s{}", i));
  Read(text);
  RunFor(absl::Seconds(1));
  const uint64_t first = host_->state().writes("last-good.");
  EXPECT_EQ(first, config::kLastGoodParts);
  Read(text);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(host_->state().writes("last-good."), first);
  Read(text + Lb("s0"));  // A fault, and the last good value is the same.
  RunFor(absl::Seconds(1));
  EXPECT_EQ(host_->state().writes("last-good."), first);
  Restart();
  Read(text);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(host_->state().writes("last-good."), first) << "after a restart";
  Read(text + Lb("new"));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(host_->state().writes("last-good."), first + 1);
}

// If all were written at once, a record of the ledger would wait for all of
// them.
TEST_F(LastGoodStoreTest, OneValueIsWrittenAtATime) {
  host_->state().SetWriteTime(absl::Seconds(1));
  std::string text;
  for (int i = 0; i < 200; ++i) text += Lb(fmt::format("s{}", i));
  Read(text);
  RunFor(absl::Milliseconds(2500));
  EXPECT_EQ(host_->state().values().size(), 2u);
  store_->Flush();
  RunFor(absl::Milliseconds(1500));
  EXPECT_EQ(host_->state().values().size(), config::kLastGoodParts);
}

TEST_F(LastGoodStoreTest, ADamagedValueIsNamedAndTheOthersCount) {
  Read(Lb("a") + Lb("b") + Lb("c") + Lb("d"));
  RunFor(absl::Seconds(1));
  auto& values = host_->state().values();
  ASSERT_GT(values.size(), 2u);
  values.begin()->second[10] ^= 1;
  values.rbegin()->second.resize(20);
  Restart();
  ASSERT_THAT(refused_, SizeIs(2));
  EXPECT_THAT(refused_[0],
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("last-good.")));
  Read("kind: [");
  EXPECT_GE(desired_.services.size(), 1u);
  EXPECT_LE(desired_.services.size(), 3u);
  RunFor(absl::Seconds(1));
  Restart();
  EXPECT_THAT(refused_, IsEmpty()) << "the value is written again";
}

TEST_F(LastGoodStoreTest, AFullDiskIsToldOnceAndTriedAgain) {
  host_->state().SetWriteError(absl::ResourceExhaustedError("disk full"));
  Read(Lb("a") + Lb("b"));
  RunFor(absl::Minutes(1));
  Read(Lb("a", 81) + Lb("b"));
  RunFor(absl::Minutes(1));
  EXPECT_EQ(Events("LastGoodUnsaved"), 1u);
  host_->state().SetWriteError(absl::OkStatus());
  RunFor(LastGoodStore::kRetryInterval + absl::Seconds(1));
  Restart();
  Read("kind: [");
  EXPECT_THAT(config::ToText(desired_), HasSubstr("ports=t81"));
  EXPECT_THAT(desired_.services, SizeIs(2));
}

TEST_F(LastGoodStoreTest, AnObjectThatIsTooLargeIsTold) {
  std::string label(config::kLastGoodTextBytesMax, 'x');
  Read(Lb("a") +
       "apiVersion: v1\nkind: Service\nmetadata: {name: b, annotations: {n: " +
       label + "}}\nspec: {type: LoadBalancer}\n");
  EXPECT_THAT(desired_.services, SizeIs(2));
  EXPECT_EQ(Events("LastGoodLeftOut"), 1u);
  RunFor(absl::Seconds(1));
  Restart();
  Read("kind: [");
  EXPECT_THAT(desired_.services, SizeIs(1));
}

}  // namespace
}  // namespace lb
