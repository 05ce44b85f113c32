// What is written for objects as they are wanted, and as they are.
#include "daemon/kubernetes/status_objects.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"

namespace lb {
namespace {

using kubernetes::WriteVerdict;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using Kind = StatusObjects::Write::Kind;
using Object = StatusObjects::Object;
using Write = StatusObjects::Write;

const absl::Time kStart = absl::UnixEpoch() + absl::Hours(1);

StatusObjects::Wish Says(std::string status) {
  return {{{"node", "n1"}}, std::move(status)};
}

Object ObjectOf(std::string name, std::string key, std::string status) {
  return {std::move(name), std::move(key), Says(std::move(status)), "uid-1"};
}

// "create l2-1 web", "status l2-1 web on eth0".
std::string InWords(const Write& write) {
  switch (write.kind) {
    case Kind::kCreate:
      return fmt::format("create {} {}", write.name, write.key);
    case Kind::kMetadata:
      return fmt::format("metadata {} {}", write.name, write.key);
    case Kind::kWhole:
      return fmt::format("whole {} {} {}", write.name, write.key,
                         write.wish.status);
    case Kind::kStatus:
      return fmt::format("status {} {} {}", write.name, write.key,
                         write.wish.status);
    case Kind::kDelete:
      return fmt::format("delete {} {}", write.name, write.key);
  }
  return "";
}

class StatusObjectsTest : public testing::Test {
 protected:
  StatusObjectsTest() { objects_.SetOwner({"speaker-1", "uid-1"}); }

  void List(const std::vector<Object>& objects) {
    objects_.BeginListing();
    objects_.OnListed(objects);
  }
  // Takes the writes, and lets each end so.
  std::vector<std::string> Write(WriteVerdict verdict = WriteVerdict::kDone) {
    std::vector<std::string> words;
    for (const auto& write : objects_.TakeWrites(now_)) {
      words.push_back(InWords(write));
      objects_.OnWritten(now_, write, verdict, AnswerTo(write, verdict));
    }
    return words;
  }
  // As a server has it that takes a status with the object, or with
  // `is_apart_` by itself.
  std::optional<Object> AnswerTo(const StatusObjects::Write& write,
                                 WriteVerdict verdict) const {
    if (verdict != WriteVerdict::kDone) return std::nullopt;
    Object answer = {write.name, write.key, write.wish, write.owner.uid};
    if (is_apart_ != (write.kind == Kind::kStatus)) answer.says.status.clear();
    return answer;
  }
  std::vector<std::string> WriteAll() {
    std::vector<std::string> all;
    for (auto words = Write(); !words.empty(); words = Write()) {
      all.insert(all.end(), words.begin(), words.end());
    }
    return all;
  }

  absl::Time now_ = kStart;
  int names_ = 0;
  bool is_apart_ = false;
  StatusObjects objects_{{.name_of = [this](const std::string&) {
    return fmt::format("l2-{}", ++names_);
  }}};
};

TEST_F(StatusObjectsTest, NothingIsWrittenBeforeTheFirstList) {
  objects_.Want("web", Says("eth0"));
  EXPECT_THAT(Write(), IsEmpty());
  List({});
  EXPECT_THAT(Write(), ElementsAre("create l2-1 web"));
}

TEST_F(StatusObjectsTest, ANewObjectCostsOneWriteAndThenNone) {
  List({});
  objects_.Want("web", Says("eth0"));
  EXPECT_THAT(WriteAll(), ElementsAre("create l2-1 web"));
  objects_.Want("web", Says("eth0"));
  List({ObjectOf("l2-1", "web", "eth0")});
  EXPECT_THAT(WriteAll(), IsEmpty());
  EXPECT_EQ(objects_.settled(), 1u);
}

TEST_F(StatusObjectsTest, AdoptsWhatAnEarlierRunLeft) {
  objects_.Want("same", Says("a"));
  objects_.Want("other", Says("b"));
  objects_.Want("unfinished", Says("c"));
  Object old_pod = ObjectOf("l2-w", "restarted", "d");
  old_pod.owner_uid = "uid-0";
  objects_.Want("restarted", Says("d"));
  List({ObjectOf("l2-x", "same", "a"), ObjectOf("l2-y", "other", "a"),
        ObjectOf("l2-z", "unfinished", ""), old_pod,
        ObjectOf("l2-gone", "gone", "a"), ObjectOf("l2-bad", "", "a"),
        ObjectOf("l2-x2", "same", "a")});
  EXPECT_THAT(WriteAll(),
              ElementsAre("delete l2-gone gone", "whole l2-y other b",
                          "metadata l2-w restarted", "whole l2-z unfinished c",
                          "delete l2-bad ", "delete l2-x2 "));
}

TEST_F(StatusObjectsTest, AnUnknownOwnerMakesNoObjectWrong) {
  objects_.SetOwner({"speaker-1", ""});
  objects_.Want("web", Says("a"));
  List({ObjectOf("l2-1", "web", "a")});
  EXPECT_THAT(WriteAll(), IsEmpty());
  objects_.SetOwner({"speaker-1", "uid-2"});
  EXPECT_THAT(WriteAll(), ElementsAre("metadata l2-1 web"));
}

TEST_F(StatusObjectsTest, ALaterWishWaitsForTheWriteUnderWay) {
  List({});
  objects_.Want("web", Says("a"));
  const auto created = objects_.TakeWrites(now_);
  ASSERT_THAT(created, SizeIs(1));
  objects_.Want("web", Says("b"));
  objects_.Unwant("web");
  objects_.Want("web", Says("c"));
  EXPECT_THAT(Write(), IsEmpty());
  objects_.OnWritten(now_, created[0], WriteVerdict::kDone,
                     AnswerTo(created[0], WriteVerdict::kDone));
  EXPECT_THAT(WriteAll(), ElementsAre("whole l2-1 web c"));
}

TEST_F(StatusObjectsTest, WhatIsNotWantedAnyMoreIsDeletedOnce) {
  List({ObjectOf("l2-1", "web", "a")});
  objects_.Want("web", Says("a"));
  objects_.Unwant("web");
  EXPECT_THAT(WriteAll(), ElementsAre("delete l2-1 web"));
  EXPECT_EQ(objects_.wanted(), 0u);
}

TEST_F(StatusObjectsTest, AnObjectThatIsGoneIsMadeAgain) {
  objects_.Want("web", Says("b"));
  List({ObjectOf("l2-x", "web", "a")});
  EXPECT_THAT(Write(WriteVerdict::kGone), ElementsAre("whole l2-x web b"));
  EXPECT_THAT(WriteAll(), ElementsAre("create l2-1 web"));
}

TEST_F(StatusObjectsTest, AListTellsWhoseATakenNameIs) {
  List({});
  objects_.Want("ours", Says("a"));
  objects_.Want("taken", Says("a"));
  EXPECT_THAT(Write(WriteVerdict::kExists),
              ElementsAre("create l2-1 ours", "create l2-2 taken"));
  EXPECT_THAT(Write(), IsEmpty());
  EXPECT_TRUE(objects_.wants_list());
  List({ObjectOf("l2-1", "ours", "")});
  EXPECT_FALSE(objects_.wants_list());
  EXPECT_THAT(WriteAll(),
              ElementsAre("whole l2-1 ours a", "create l2-3 taken"));
}

TEST_F(StatusObjectsTest, ANameThatIsTakenDuringAListWantsAnother) {
  List({});
  objects_.BeginListing();
  objects_.Want("web", Says("a"));
  Write(WriteVerdict::kExists);
  objects_.OnListed({});
  EXPECT_TRUE(objects_.wants_list());
}

TEST_F(StatusObjectsTest, AListThatIsOlderThanAWriteDoesNotUndoIt) {
  List({});
  objects_.BeginListing();
  objects_.Want("web", Says("a"));
  EXPECT_THAT(WriteAll(), SizeIs(1));
  objects_.OnListed({});
  EXPECT_THAT(WriteAll(), IsEmpty());
}

TEST_F(StatusObjectsTest, ARefusalDelaysAllAndWaitsForTheNextList) {
  List({});
  objects_.Want("bad", Says("a"));
  EXPECT_THAT(Write(WriteVerdict::kRefused), ElementsAre("create l2-1 bad"));
  objects_.Want("good", Says("a"));
  EXPECT_THAT(Write(), IsEmpty());
  EXPECT_EQ(objects_.deadline(), now_ + absl::Seconds(10));
  now_ = objects_.deadline();
  EXPECT_THAT(WriteAll(), ElementsAre("create l2-2 good"));
  EXPECT_EQ(objects_.deadline(), absl::InfiniteFuture());
  List({ObjectOf("l2-2", "good", "a")});
  EXPECT_THAT(WriteAll(), ElementsAre("create l2-3 bad"));
}

TEST_F(StatusObjectsTest, EightWritesAreUnderWayAtMost) {
  List({});
  for (int i = 0; i < 1000; ++i) {
    objects_.Want(fmt::format("s{}", i), Says("a"));
  }
  const auto writes = objects_.TakeWrites(now_);
  EXPECT_THAT(writes, SizeIs(8));
  EXPECT_THAT(objects_.TakeWrites(now_), IsEmpty());
  objects_.OnWritten(now_, writes[0], WriteVerdict::kDone,
                     AnswerTo(writes[0], WriteVerdict::kDone));
  EXPECT_THAT(objects_.TakeWrites(now_), SizeIs(1));
}

// As MetalLB defines its status objects.
TEST_F(StatusObjectsTest, AStatusThatIsASubresourceIsWrittenByItself) {
  is_apart_ = true;
  List({});
  objects_.Want("web", Says("a"));
  EXPECT_THAT(WriteAll(), ElementsAre("create l2-1 web", "status l2-1 web a"));
  objects_.Want("web", Says("b"));
  EXPECT_THAT(WriteAll(), ElementsAre("status l2-1 web b"));
  objects_.Want("web", {{{"node", "n2"}}, "c"});
  EXPECT_THAT(WriteAll(),
              ElementsAre("metadata l2-1 web", "status l2-1 web c"));
}

TEST_F(StatusObjectsTest, TheFirstAnswerTellsHowAdoptedObjectsAreWritten) {
  is_apart_ = true;
  objects_.Want("a", Says("2"));
  objects_.Want("b", Says("2"));
  List({ObjectOf("l2-a", "a", "1")});
  EXPECT_THAT(Write(), ElementsAre("whole l2-a a 2", "create l2-1 b"));
  EXPECT_THAT(WriteAll(), ElementsAre("status l2-a a 2", "status l2-1 b 2"));
}

TEST_F(StatusObjectsTest, ADefinitionMayBeExchanged) {
  List({});
  objects_.Want("web", Says("a"));
  EXPECT_THAT(WriteAll(), ElementsAre("create l2-1 web"));
  is_apart_ = true;
  objects_.Want("web", Says("b"));
  EXPECT_THAT(WriteAll(), ElementsAre("whole l2-1 web b", "status l2-1 web b"));
  is_apart_ = false;
  objects_.Want("web", Says("c"));
  EXPECT_THAT(Write(WriteVerdict::kGone), ElementsAre("status l2-1 web c"));
  EXPECT_THAT(WriteAll(), ElementsAre("whole l2-1 web c"));
  objects_.Want("web", Says("d"));
  EXPECT_THAT(WriteAll(), ElementsAre("whole l2-1 web d"));
}

// 404 is also the answer for a status without a subresource.
TEST_F(StatusObjectsTest, AnObjectIsGoneOnceThePathOfTheObjectSaysSo) {
  is_apart_ = true;
  List({});
  objects_.Want("web", Says("a"));
  EXPECT_THAT(WriteAll(), SizeIs(2));
  objects_.Want("web", Says("b"));
  EXPECT_THAT(Write(WriteVerdict::kGone), ElementsAre("status l2-1 web b"));
  EXPECT_THAT(Write(WriteVerdict::kGone), ElementsAre("whole l2-1 web b"));
  EXPECT_THAT(WriteAll(), ElementsAre("create l2-2 web", "status l2-2 web b"));
}

TEST_F(StatusObjectsTest, AStatusThatIsTakenNeitherWayWaitsForTheNextList) {
  is_apart_ = true;
  List({});
  objects_.Want("web", Says("a"));
  EXPECT_THAT(Write(), ElementsAre("create l2-1 web"));
  EXPECT_THAT(Write(WriteVerdict::kGone), ElementsAre("status l2-1 web a"));
  EXPECT_THAT(WriteAll(), ElementsAre("whole l2-1 web a"));
  objects_.Want("other", Says("a"));
  EXPECT_THAT(WriteAll(), SizeIs(2)) << "others do not wait";
  List({ObjectOf("l2-1", "web", ""), ObjectOf("l2-2", "other", "a")});
  EXPECT_THAT(WriteAll(), ElementsAre("status l2-1 web a"));
}

TEST_F(StatusObjectsTest, AnAnswerThatCannotBeReadIsNoStatusThatWasTaken) {
  List({});
  objects_.Want("web", Says("a"));
  const auto created = objects_.TakeWrites(now_);
  ASSERT_THAT(created, SizeIs(1));
  objects_.OnWritten(now_, created[0], WriteVerdict::kDone, std::nullopt);
  EXPECT_THAT(Write(), ElementsAre("status l2-1 web a"));
}

// A server of objects that loses answers, refuses, and whose objects others
// change; and lists that are as old as when they began.
class World {
 public:
  explicit World(uint64_t seed) : prng_(seed) { objects_.SetOwner(owner_); }

  void Step() {
    now_ += absl::Seconds(1);
    const std::string key = fmt::format("s{}", prng_.Uniform(6));
    switch (prng_.Uniform(8)) {
      case 0:
        wanted_[key] = Says(fmt::format("v{}", prng_.Uniform(3)));
        objects_.Want(key, wanted_[key]);
        break;
      case 1:
        wanted_.erase(key);
        objects_.Unwant(key);
        break;
      case 2:
        Meddle();
        break;
      case 3:
        if (!listing_) {
          listing_ = Listed();
          objects_.BeginListing();
        }
        break;
      case 4:
        EndListing();
        break;
      case 5:
        owner_.uid = fmt::format("uid-{}", prng_.Uniform(2));
        objects_.SetOwner(owner_);
        break;
      default:
        Answer();
    }
    for (auto& write : objects_.TakeWrites(now_)) sent_.push_back(write);
    ASSERT_LE(sent_.size(), 8u);
  }

  // Without faults, each wanted object comes to be there once.
  void Heal() {
    is_well_ = true;
    for (int round = 0; round < 6; ++round) {
      EndListing();
      listing_ = Listed();
      objects_.BeginListing();
      EndListing();
      do {
        now_ += absl::Seconds(20);
        for (auto& write : objects_.TakeWrites(now_)) sent_.push_back(write);
        while (!sent_.empty()) Answer();
      } while (objects_.deadline() < absl::InfiniteFuture());
    }
    std::map<std::string, StatusObjects::Wish> there;
    for (const auto& [name, object] : server_) {
      EXPECT_TRUE(there.emplace(object.key, object.says).second) << object.key;
      EXPECT_EQ(object.owner_uid, owner_.uid);
    }
    EXPECT_EQ(there, wanted_);
    EXPECT_EQ(objects_.settled(), wanted_.size());
    EXPECT_THAT(objects_.TakeWrites(now_), IsEmpty());
  }

 private:
  std::vector<Object> Listed() const {
    std::vector<Object> objects;
    for (const auto& [name, object] : server_) objects.push_back(object);
    return objects;
  }
  void EndListing() {
    if (listing_) objects_.OnListed(*std::exchange(listing_, std::nullopt));
  }

  void Meddle() {
    if (prng_.Chance(10)) is_apart_ = !is_apart_;
    if (server_.empty()) return;
    const auto object = std::next(
        server_.begin(), static_cast<int>(prng_.Uniform(server_.size())));
    switch (prng_.Uniform(4)) {
      case 0:
        server_.erase(object);
        break;
      case 1:
        object->second.says.status = "another";
        break;
      case 2:
        object->second.key.clear();
        break;
      default:
        object->second.says.labels.clear();
    }
  }

  void Answer() {
    if (sent_.empty()) return;
    const Write write = sent_.front();
    sent_.erase(sent_.begin());
    if (!is_well_ && prng_.Chance(10)) {
      return objects_.OnWritten(now_, write, WriteVerdict::kRefused,
                                std::nullopt);
    }
    WriteVerdict verdict = Act(write);
    // The answer is lost, and the Writer sends it again.
    if (!is_well_ && prng_.Chance(20)) verdict = Act(write);
    const auto now = server_.find(write.name);
    std::optional<Object> answer;
    if (verdict == WriteVerdict::kDone && now != server_.end()) {
      answer = now->second;
    }
    objects_.OnWritten(now_, write, verdict, answer);
  }

  WriteVerdict Act(const Write& write) {
    const auto found = server_.find(write.name);
    if (write.kind == Kind::kCreate) {
      if (found != server_.end()) return WriteVerdict::kExists;
      server_[write.name] = {write.name, write.key, write.wish,
                             write.owner.uid};
      if (is_apart_) server_[write.name].says.status.clear();
      return WriteVerdict::kDone;
    }
    const bool has_path = write.kind != Kind::kStatus || is_apart_;
    if (found == server_.end() || !has_path) return WriteVerdict::kGone;
    Object& object = found->second;
    if (write.kind == Kind::kMetadata || write.kind == Kind::kWhole) {
      object.says.labels = write.wish.labels;
      object.owner_uid = write.owner.uid;
    }
    const bool takes_status = write.kind == Kind::kStatus ||
                              (write.kind == Kind::kWhole && !is_apart_);
    if (takes_status) object.says.status = write.wish.status;
    if (write.kind == Kind::kDelete) server_.erase(found);
    return WriteVerdict::kDone;
  }

  Prng prng_;
  absl::Time now_ = kStart;
  bool is_well_ = false;
  bool is_apart_ = false;  // Statuses are subresources.
  StatusOwner owner_ = {"speaker-1", "uid-0"};
  std::map<std::string, StatusObjects::Wish> wanted_;
  std::map<std::string, Object> server_;
  std::vector<Write> sent_;
  std::optional<std::vector<Object>> listing_;
  // Few names, so that some are taken.
  StatusObjects objects_{{.name_of = [this](const std::string&) {
    return fmt::format("l2-{}", prng_.Uniform(50));
  }}};
};

TEST(StatusObjectsModelTest, WhateverHappenedEachObjectComesToBeAsWanted) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    World world(seed);
    for (int i = 0; i < 200; ++i) world.Step();
    world.Heal();
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace lb
