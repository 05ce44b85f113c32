#include "lb/io/posix/file_state_store.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/testing/temporary_folder.h"

namespace lb::io {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class FileStateStoreTest : public testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<FileStateStore>> Create() {
    return FileStateStore::Create(&loop_, folder_);
  }
  absl::Status Write(FileStateStore& store, const std::string& name,
                     const std::string& value) {
    std::optional<absl::Status> outcome;
    store.Write(name, value,
                [&](absl::Status status) { outcome = std::move(status); });
    EXPECT_TRUE(
        loop_.RunUntil([&] { return outcome.has_value(); }, absl::Seconds(10)));
    return outcome.value_or(absl::UnknownError("no answer"));
  }
  static int ModeOf(const std::string& path) {
    struct stat found = {};
    EXPECT_EQ(stat(path.c_str(), &found), 0) << path;
    return found.st_mode & 0777;
  }

  PosixLoop loop_;
  const TemporaryFolder temporary_;
  const std::string folder_ = temporary_.path() + "/lib/lbd";
};

TEST_F(FileStateStoreTest, FolderAndFilesAreTheOwnersOnly) {
  const auto store = Create();
  ASSERT_THAT(store, IsOk());
  EXPECT_THAT(Write(**store, "ledger", "value"), IsOk());
  EXPECT_EQ(ModeOf(folder_), 0700);
  EXPECT_EQ(ModeOf(folder_ + "/ledger"), 0600);
}

TEST_F(FileStateStoreTest, ValuesOutliveTheStore) {
  {
    auto store = Create();
    ASSERT_THAT(store, IsOk());
    EXPECT_THAT(Write(**store, "ledger", "old"), IsOk());
    bool answered = false;
    for (const char* value : {"1", "2", "newest"}) {
      (*store)->Write("ledger", value, [&](auto) { answered = true; });
    }
    // The accepted value is written, but no callback is called any more.
    store->reset();
    loop_.RunUntil([] { return false; }, absl::Milliseconds(10));
    EXPECT_FALSE(answered);
  }
  const auto store = Create();
  ASSERT_THAT(store, IsOk());
  EXPECT_THAT((*store)->Read("ledger"), IsOkAndHolds("newest"));
}

TEST_F(FileStateStoreTest, ASecondStoreIsRefusedTheFolder) {
  const auto first = Create();
  ASSERT_THAT(first, IsOk());
  EXPECT_THAT(Create(), StatusIs(absl::StatusCode::kUnavailable,
                                 HasSubstr("in use by another process")));
}

TEST_F(FileStateStoreTest, AFolderThatCannotBeMadeIsNamed) {
  std::ofstream(temporary_.path() + "/lib") << "a file";
  EXPECT_THAT(Create(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("/lib")));
}

TEST_F(FileStateStoreTest, AFailedWriteLeavesTheOldValueAndNoLitter) {
  const auto store = Create();
  ASSERT_THAT(store, IsOk());
  EXPECT_THAT(Write(**store, "ledger", "old"), IsOk());
  // A folder in the way of the temporary file fails the write, for root too.
  fs::create_directories(folder_ + "/.ledger.new/x");
  EXPECT_THAT(Write(**store, "ledger", "new"),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT((*store)->Read("ledger"), IsOkAndHolds("old"));
  fs::remove_all(folder_ + "/.ledger.new");
  EXPECT_THAT(Write(**store, "ledger", "new"), IsOk());
  EXPECT_FALSE(fs::exists(folder_ + "/.ledger.new"));
}

TEST_F(FileStateStoreTest, WhatIsLeftOfAWriteIsNobodys) {
  const auto store = Create();
  ASSERT_THAT(store, IsOk());
  const std::string other = temporary_.path() + "/other";
  std::ofstream(other) << "theirs";
  fs::create_symlink(other, folder_ + "/.ledger.new");
  EXPECT_THAT(Write(**store, "ledger", "ours"), IsOk());
  EXPECT_THAT((*store)->Read("ledger"), IsOkAndHolds("ours"));
  EXPECT_FALSE(fs::is_symlink(folder_ + "/ledger"));
  EXPECT_EQ(fs::file_size(other), 6u);
}

TEST_F(FileStateStoreTest, AFolderThatOthersMayWriteIsRefused) {
  fs::create_directories(folder_);
  ASSERT_EQ(chmod(folder_.c_str(), 0777), 0);
  EXPECT_THAT(Create(), StatusIs(absl::StatusCode::kPermissionDenied,
                                 HasSubstr("want chmod go-w " + folder_)));
  ASSERT_EQ(chmod(folder_.c_str(), 0755), 0);
  EXPECT_THAT(Create(), IsOk());
}

TEST_F(FileStateStoreTest, LinksAndPipesAreNoValues) {
  const auto store = Create();
  ASSERT_THAT(store, IsOk());
  fs::create_symlink("/etc/passwd", folder_ + "/link");
  EXPECT_THAT((*store)->Read("link"),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("/link: ")));
  ASSERT_EQ(mkfifo((folder_ + "/pipe").c_str(), 0600), 0);
  EXPECT_THAT((*store)->Read("pipe"),
              StatusIs(absl::StatusCode::kUnavailable,
                       folder_ + "/pipe: no regular file, want one, or none"));
  // A write replaces them.
  EXPECT_THAT(Write(**store, "pipe", "value"), IsOk());
  EXPECT_THAT((*store)->Read("pipe"), IsOkAndHolds("value"));
}

TEST_F(FileStateStoreTest, ALockThatIsNoFileIsRefused) {
  fs::create_directories(folder_);
  fs::create_symlink("/dev/null", folder_ + "/.lock");
  EXPECT_THAT(Create(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("/.lock: ")));
  fs::remove(folder_ + "/.lock");
  ASSERT_EQ(mkfifo((folder_ + "/.lock").c_str(), 0600), 0);
  EXPECT_THAT(Create(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("/.lock: ")));
}

TEST_F(FileStateStoreTest, AFileThatIsTooLargeIsNotRead) {
  const auto store = Create();
  ASSERT_THAT(store, IsOk());
  std::ofstream(folder_ + "/large").flush();
  fs::resize_file(folder_ + "/large", (64 << 20) + 1);  // A hole.
  EXPECT_THAT((*store)->Read("large"),
              StatusIs(absl::StatusCode::kUnavailable,
                       HasSubstr("/large: more than 67108864 bytes")));
}

TEST(IsStateNameTest, RefusesWhatCouldLeaveTheFolder) {
  for (const char* name : {"ledger", "a", "A-1.b_c"}) {
    EXPECT_TRUE(IsStateName(name)) << name;
  }
  const std::string too_long(101, 'a');
  for (const std::string name : {"", ".", "..", ".lock", "a/b", "a b", "\n"}) {
    EXPECT_FALSE(IsStateName(name)) << name;
  }
  EXPECT_FALSE(IsStateName(too_long));
}

}  // namespace
}  // namespace lb::io
