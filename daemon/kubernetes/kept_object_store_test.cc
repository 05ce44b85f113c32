// The kept objects on disk: across restarts, damaged, unsaved, many.
#include "daemon/kubernetes/kept_object_store.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "daemon/kubernetes/source_kinds.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/base/state_value.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/sim/sim_world.h"

namespace lb {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class KeptObjectStoreTest : public testing::Test {
 protected:
  KeptObjectStoreTest() { Start(); }

  void Start(const std::string& owner = "node n1") {
    store_ = std::make_unique<KeptObjectStore>(
        KeptObjectStore::Options{.node = "n1", .owner = owner},
        io::StatePorts::From(host_->environment()), [this] {
          return KeptObjectStore::Sight{
              .as_of = is_followed_ ? Now() : absl::InfinitePast(),
              .pods = pods_};
        });
    restored_ = store_->Restore();
    desired_ = std::make_shared<config::Desired>();
    is_followed_ = true;
  }
  void Restart(const std::string& owner = "node n1") {
    host_->Crash();
    store_.reset();
    host_->Restart();
    Start(owner);
  }
  absl::Time Now() { return world_.loop().CivilNow(); }
  // The object "Namespace/NAME" with this label; "": it is gone.
  std::string Set(const std::string& name, const std::string& label) {
    const std::string full = "Namespace/" + name;
    if (label.empty()) {
      desired_->objects.erase(full);
      return full;
    }
    const std::string text = fmt::format(
        R"({{"kind":"Namespace","apiVersion":"v1","metadata":{{"name":"{}",)"
        R"("labels":{{"a":"{}"}}}}}})",
        name, label);
    desired_->objects[full] = *ReadKept(text, {})->object;
    return full;
  }
  void SetAndTell(const std::string& name, const std::string& label) {
    store_->OnObjects(desired_, {Set(name, label)});
  }
  // So many objects, on disk.
  void Fill(int count) {
    for (int i = 0; i < count; ++i) Set(fmt::format("s{}", i), "1");
    store_->OnObjects(desired_, {});
    RunFor(absl::Seconds(3));
  }
  // "1", or "" without the object.
  std::string Restored(const std::string& name) const {
    const auto found = restored_.objects.find("Namespace/" + name);
    if (found == restored_.objects.end()) return "";
    return std::get<config::NamespaceObject>(found->second.value)
        .labels.at("a");
  }
  std::string& Value(std::string_view name) {
    return host_->state().values().at(std::string(name));
  }
  uint64_t Writes() { return host_->state().writes("api-objects"); }
  size_t Events(const std::string& reason) {
    const auto events = host_->log().Since(0);
    return std::count_if(events.begin(), events.end(), [&](const Event& each) {
      return each.reason == reason;
    });
  }
  void RunFor(absl::Duration time) { world_.loop().RunFor(time); }

  io::SimWorld world_{/*seed=*/1};
  io::SimHost* const host_ = world_.AddHost("n1", "172.18.8.11/24");
  std::unique_ptr<KeptObjectStore> store_;
  KeptObjectStore::Restored restored_;
  std::shared_ptr<config::Desired> desired_;
  std::vector<net::IpAddress> pods_ = {*net::ParseIpAddress("172.18.8.12")};
  bool is_followed_ = true;
};

TEST_F(KeptObjectStoreTest, NothingWasKeptAtFirst) {
  EXPECT_THAT(restored_.refused, IsOk());
  EXPECT_EQ(restored_.as_of, absl::InfinitePast());
  EXPECT_THAT(restored_.objects, IsEmpty());
}

TEST_F(KeptObjectStoreTest, ObjectsAndPodsOutliveARestart) {
  Fill(200);
  Restart();
  EXPECT_THAT(restored_.refused, IsOk());
  EXPECT_THAT(restored_.objects, SizeIs(200));
  EXPECT_EQ(restored_.pods, pods_);
  EXPECT_LT(Now() - restored_.as_of, absl::Seconds(4));
}

TEST_F(KeptObjectStoreTest, AChangeAndAnEndAreKept) {
  Fill(3);
  SetAndTell("s1", "2");
  SetAndTell("s2", "");
  RunFor(absl::Seconds(2));
  Restart();
  EXPECT_EQ(Restored("s0"), "1");
  EXPECT_EQ(Restored("s1"), "2");
  EXPECT_EQ(Restored("s2"), "");
}

TEST_F(KeptObjectStoreTest, AnObjectThatWentWhileLbdWasAwayIsGoneOnDisk) {
  Fill(3);
  Restart();
  Set("s0", "1");
  store_->OnObjects(desired_, {});
  RunFor(absl::Seconds(9));
  Restart();
  EXPECT_THAT(restored_.objects, SizeIs(1));
}

TEST_F(KeptObjectStoreTest, OneChangeWritesOnePart) {
  Fill(1000);
  const uint64_t filled = Writes();
  EXPECT_EQ(filled, kKeptParts + 1);
  SetAndTell("s1", "2");
  RunFor(absl::Seconds(3));
  EXPECT_EQ(Writes(), filled + 1);
}

TEST_F(KeptObjectStoreTest, WhatIsOnDiskIsNotWrittenAgain) {
  Fill(1000);
  const uint64_t filled = Writes();
  Restart();
  Fill(1000);
  RunFor(absl::Seconds(10));
  EXPECT_EQ(Writes(), filled);
  RunFor(absl::Seconds(60));
  EXPECT_EQ(Writes(), filled + 1) << "the header says that all is as it was";
  Restart();
  EXPECT_LT(Now() - restored_.as_of, absl::Seconds(61));
}

TEST_F(KeptObjectStoreTest, AFloodOfChangesWritesSoManyPartsASecond) {
  Fill(300);
  const uint64_t filled = Writes();
  for (int second = 0; second < 100; ++second) {
    for (int i = 0; i < 300; ++i) {
      SetAndTell(fmt::format("s{}", i), fmt::format("{}", second));
    }
    RunFor(absl::Seconds(1));
  }
  EXPECT_LE(Writes() - filled, 100 * KeptObjectStore::kPartsPerRound + 5);
  Restart();
  EXPECT_THAT(restored_.objects, SizeIs(300));
  // No part waits for ever, and the header follows.
  for (const auto& [name, object] : restored_.objects) {
    const auto& labels = std::get<config::NamespaceObject>(object.value).labels;
    EXPECT_GE(std::stoi(labels.at("a")), 85) << name;
  }
  EXPECT_LT(Now() - restored_.as_of, absl::Seconds(60));
}

TEST_F(KeptObjectStoreTest, NothingCountsUntilAllIsWritten) {
  for (int i = 0; i < 200; ++i) Set(fmt::format("s{}", i), "1");
  host_->state().SetWriteTime(absl::Seconds(1));
  store_->OnObjects(desired_, {});
  RunFor(absl::Seconds(30));
  EXPECT_GT(host_->state().values().size(), 10u);
  Restart();
  EXPECT_THAT(restored_.refused, IsOk());
  EXPECT_THAT(restored_.objects, IsEmpty());
}

TEST_F(KeptObjectStoreTest, NothingCountsUntilTheServerIsFollowed) {
  is_followed_ = false;
  Fill(3);
  Restart();
  EXPECT_THAT(restored_.objects, IsEmpty());
  is_followed_ = false;
  Fill(3);
  is_followed_ = true;
  RunFor(absl::Seconds(3));
  Restart();
  EXPECT_THAT(restored_.objects, SizeIs(3));
}

// The server is away: what is on disk gets older.
TEST_F(KeptObjectStoreTest, TheAgeIsThatOfTheServersLastWord) {
  Fill(3);
  const absl::Time seen = Now();
  is_followed_ = false;
  RunFor(absl::Hours(2));
  Restart();
  EXPECT_THAT(restored_.objects, SizeIs(3));
  EXPECT_LE(restored_.as_of, seen);
  EXPECT_GT(restored_.as_of, seen - absl::Seconds(5));
}

TEST_F(KeptObjectStoreTest, FlushKeepsWhatWaits) {
  Fill(3);
  SetAndTell("s1", "2");
  store_->Flush();
  RunFor(absl::Milliseconds(100));
  Restart();
  EXPECT_EQ(Restored("s1"), "2");
}

// A node that lacks some objects could be elected where it must not be.
TEST_F(KeptObjectStoreTest, OneDamagedValueRefusesAll) {
  Fill(200);
  const std::map<std::string, std::string> whole = host_->state().values();
  const std::string part = fmt::format("api-objects.{:02}", 17);
  const auto with = [](std::string_view from, std::string_view to) {
    return [from, to](std::string& value) {
      value.replace(value.find(from), from.size(), to);
    };
  };
  struct Case {
    std::string name;
    std::function<void(std::string&)> damage;
    std::string want;
  };
  const std::vector<Case> cases = {
      {"api-objects", with("node n1", "node n2"), "checksum"},
      {"api-objects", [](std::string& v) { v[4] = 2; }, "version 2, want 1"},
      {"api-objects", with("LBKH", "LBKX"), "no header of kept objects"},
      {"api-objects", [](std::string& v) { v = ""; }, "0 bytes: cut short"},
      {part, with("Namespace", "Nemespace"), "checksum"},
      {part, [](std::string& v) { v[4] = 2; }, "version 2, want 1"},
      {part,
       [](std::string& v) {
         v = SealStateValue({"LBKP", 1, ""}, "node n2\n");
       },
       "kept for \"node n2\", want \"node n1\""},
      {part,
       [](std::string& v) {
         v = SealStateValue({"LBKP", 1, ""}, "node n1\n{}\n");
       },
       "object 1: damaged"},
  };
  for (const Case& each : cases) {
    host_->state().values() = whole;
    each.damage(Value(each.name));
    Restart();
    EXPECT_THAT(restored_.refused, StatusIs(absl::StatusCode::kDataLoss,
                                            HasSubstr(each.name + ": ")));
    EXPECT_THAT(restored_.refused.message(), HasSubstr(each.want));
    EXPECT_THAT(restored_.objects, IsEmpty());
    EXPECT_EQ(restored_.as_of, absl::InfinitePast());
  }
  host_->state().values() = whole;
  host_->state().values().erase(part);
  Restart();
  EXPECT_THAT(restored_.refused.message(), HasSubstr(part + ": missing"));
  host_->state().values() = whole;
  Restart();
  EXPECT_THAT(restored_.refused, IsOk());
  EXPECT_THAT(restored_.objects, SizeIs(200));
}

TEST_F(KeptObjectStoreTest, EveryTruncationOfAValueIsRefused) {
  Fill(1);
  const std::map<std::string, std::string> whole = host_->state().values();
  ASSERT_THAT(whole, SizeIs(2));
  for (const auto& [name, value] : whole) {
    for (size_t size = 0; size < value.size(); ++size) {
      host_->state().values() = whole;
      host_->state().values()[name] = value.substr(0, size);
      store_ = nullptr;
      Start();
      EXPECT_THAT(restored_.refused, StatusIs(absl::StatusCode::kDataLoss,
                                              HasSubstr(name + ": ")));
      EXPECT_THAT(restored_.objects, IsEmpty());
    }
  }
}

TEST_F(KeptObjectStoreTest, AnotherClustersObjectsAreRefusedAndReplaced) {
  Fill(200);
  Restart("node n1, API server b");
  EXPECT_THAT(restored_.refused.message(), HasSubstr("want \"node n1, API"));
  EXPECT_THAT(restored_.objects, IsEmpty());
  Fill(7);
  Restart("node n1, API server b");
  EXPECT_THAT(restored_.refused, IsOk());
  EXPECT_THAT(restored_.objects, SizeIs(7));
}

TEST_F(KeptObjectStoreTest, ADamagedValueIsWrittenAgain) {
  Fill(200);
  Value("api-objects.17")[20] ^= 1;
  Restart();
  EXPECT_FALSE(restored_.refused.ok());
  Fill(200);
  Restart();
  EXPECT_THAT(restored_.refused, IsOk());
  EXPECT_THAT(restored_.objects, SizeIs(200));
}

TEST_F(KeptObjectStoreTest, AFullDiskIsToldOnceAndTriedAgain) {
  host_->state().SetWriteError(absl::ResourceExhaustedError("disk full"));
  Fill(200);
  RunFor(absl::Seconds(30));
  EXPECT_EQ(Events("ObjectsUnsaved"), 1u);
  host_->state().SetWriteError(absl::OkStatus());
  RunFor(absl::Seconds(3));
  Restart();
  EXPECT_THAT(restored_.objects, SizeIs(200));
}

TEST_F(KeptObjectStoreTest, AnObjectThatIsTooLargeIsToldOnce) {
  Set("s0", std::string(kKeptTextBytesMax, 'a'));
  Fill(0);
  SetAndTell("s0", std::string(kKeptTextBytesMax, 'b'));
  RunFor(absl::Seconds(3));
  EXPECT_EQ(Events("ObjectsLeftOut"), 1u);
}

// Whenever the node dies, each object that is restored is as it was at one
// time, and none is older than the header says.
TEST_F(KeptObjectStoreTest, NoObjectIsOlderThanTheHeaderSays) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    host_->state().values().clear();
    Restart();
    Prng prng(seed);
    host_->state().SetWriteTime(absl::Milliseconds(1 + prng.Uniform(300)));
    // By object: when it became so.
    std::map<std::string, std::map<absl::Time, std::string>> past;
    const int count = 1 + static_cast<int>(prng.Uniform(300));
    store_->OnObjects(desired_, {});
    const absl::Time end = Now() + prng.UniformDuration(absl::Seconds(60));
    while (Now() < end) {
      const std::string name = fmt::format("s{}", prng.Uniform(count));
      const std::string label =
          prng.Uniform(4) == 0 ? "" : fmt::format("{}", prng.Uniform(9));
      SetAndTell(name, label);
      past[name][Now()] = label;
      is_followed_ = prng.Uniform(10) != 0;
      RunFor(prng.UniformDuration(absl::Milliseconds(200)));
    }
    Restart();
    ASSERT_THAT(restored_.refused, IsOk());
    if (restored_.as_of == absl::InfinitePast()) continue;
    for (const auto& [name, states] : past) {
      std::vector<std::string> may_be = {""};
      for (const auto& [since, label] : states) {
        if (since <= restored_.as_of) may_be.clear();
        may_be.push_back(label);
      }
      EXPECT_THAT(may_be, testing::Contains(Restored(name))) << name;
    }
  }
}

}  // namespace
}  // namespace lb
