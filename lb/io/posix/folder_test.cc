#include "lb/io/posix/folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

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

class FolderTest : public testing::Test {
 protected:
  static struct stat Look(const std::string& path) {
    struct stat found = {};
    EXPECT_EQ(lstat(path.c_str(), &found), 0) << path;
    return found;
  }
  // Root can give a file to another user, but in a namespace that has none.
  bool CanGiveAway() const {
    const std::string file = temporary_.path() + "/given";
    std::ofstream(file).flush();
    return chown(file.c_str(), 7, 8) == 0;
  }
  static FolderRights OfOurOwn(mode_t mode) {
    return {.mode = mode, .user = geteuid(), .group = getegid()};
  }

  const TemporaryFolder temporary_;
  const std::string folder_ = temporary_.path() + "/a/b";
};

TEST_F(FolderTest, IsMadeWithWhatIsMissingAboveIt) {
  ASSERT_THAT(MakeFolder(folder_, OfOurOwn(0700)), IsOk());
  EXPECT_EQ(Look(folder_).st_mode & 07777, 0700u);
  EXPECT_EQ(Look(temporary_.path() + "/a").st_mode & 07777, 0755u);
  EXPECT_THAT(OpenOwnFolder(folder_), IsOk());
  EXPECT_THAT(OpenOwnFolder(folder_ + "//"), IsOk());
  EXPECT_THAT(MakeFolder("/", OfOurOwn(0700)), IsOk());
}

TEST_F(FolderTest, OnlyTheOneThatWasMadeIsGivenAway) {
  if (!CanGiveAway())
    GTEST_SKIP() << "SKIPPED: cannot give folders away, want root";
  const FolderRights of_another = {.mode = 0700, .user = 7, .group = 8};
  ASSERT_THAT(MakeFolder(folder_, of_another), IsOk());
  EXPECT_EQ(Look(folder_).st_uid, 7u);
  EXPECT_EQ(Look(folder_).st_gid, 8u);
  EXPECT_EQ(Look(temporary_.path() + "/a").st_uid, 0u);
  // What is there stays root's: a folder, and what a link names.
  const std::string there = temporary_.path() + "/there";
  const std::string link = temporary_.path() + "/link";
  fs::create_directory(there);
  fs::create_symlink(there, link);
  ASSERT_THAT(MakeFolder(there, of_another), IsOk());
  ASSERT_THAT(MakeFolder(link, of_another), IsOk());
  EXPECT_EQ(Look(there).st_uid, 0u);
  EXPECT_THAT(OpenOwnFolder(folder_),
              StatusIs(absl::StatusCode::kPermissionDenied,
                       folder_ +
                           ": belongs to another user (uid 7), want a "
                           "folder of uid 0 alone: chown -R 0 " +
                           folder_));
}

TEST_F(FolderTest, OneThatOthersMayWriteIsRefused) {
  ASSERT_THAT(MakeFolder(folder_, OfOurOwn(0700)), IsOk());
  for (const mode_t mode : {0777, 0770, 0702, 01777}) {
    ASSERT_EQ(chmod(folder_.c_str(), mode), 0);
    EXPECT_THAT(OpenOwnFolder(folder_),
                StatusIs(absl::StatusCode::kPermissionDenied,
                         HasSubstr(", want chmod go-w " + folder_)));
  }
  ASSERT_EQ(chmod(folder_.c_str(), 0755), 0);
  EXPECT_THAT(OpenOwnFolder(folder_), IsOk());
}

TEST_F(FolderTest, ALinkIsFollowedIfNoOtherUserMadeIt) {
  ASSERT_THAT(MakeFolder(folder_, OfOurOwn(0700)), IsOk());
  const std::string link = temporary_.path() + "/link";
  fs::create_symlink(folder_, link);
  EXPECT_THAT(OpenOwnFolder(link), IsOk());
  EXPECT_THAT(OpenOwnFolder(temporary_.path() + "/nowhere/x"),
              StatusIs(absl::StatusCode::kUnavailable,
                       HasSubstr("/nowhere: No such file or directory")));
  if (!CanGiveAway())
    GTEST_SKIP() << "SKIPPED: cannot give folders away, want root";
  ASSERT_EQ(lchown(link.c_str(), 7, 7), 0);
  EXPECT_THAT(OpenOwnFolder(link),
              StatusIs(absl::StatusCode::kPermissionDenied,
                       HasSubstr("a link that another user made (uid 7)")));
}

TEST_F(FolderTest, WhatIsNoFolderIsNamed) {
  const std::string file = temporary_.path() + "/file";
  std::ofstream(file) << "a file";
  EXPECT_THAT(MakeFolder(file + "/b/c", OfOurOwn(0700)),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("/file")));
  EXPECT_THAT(OpenOwnFolder(file),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("/file")));
}

}  // namespace
}  // namespace lb::io
