#include "lb/io/posix/file_watcher.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/testing/temporary_folder.h"

namespace lb::io {
namespace {

namespace fs = std::filesystem;

class FileWatcherTest : public testing::Test {
 protected:
  void Watch(std::vector<std::string> paths) {
    auto made = FileWatcher::Create(&loop_, std::move(paths), [this] {
      ++told_;
      told_at_ = loop_.Now();
    });
    ASSERT_THAT(made, IsOk());
    watcher_ = *std::move(made);
  }
  // Is it told, once, of what was done since the last call?
  bool IsTold() {
    told_ = 0;
    return loop_.RunUntil([this] { return told_ == 1; }, absl::Seconds(5));
  }
  // Lets a notification come that should not.
  int Settle() {
    told_ = 0;
    loop_.RunUntil([] { return false; }, 2 * kFileDebounce);
    return told_;
  }
  void WriteFile(const std::string& path) {
    std::ofstream(path) << "content " << ++written_;
  }

  PosixLoop loop_;
  const TemporaryFolder temporary_;
  const std::string folder_ = temporary_.path();
  const std::string file_ = folder_ + "/options.yaml";
  std::unique_ptr<FileWatcher> watcher_;
  int told_ = 0;
  int written_ = 0;
  absl::Time told_at_;
};

TEST_F(FileWatcherTest, TellsOfAWrittenFileOnceAndLater) {
  WriteFile(file_);
  Watch({file_});
  const absl::Time start = loop_.Now();
  WriteFile(file_);
  WriteFile(file_);
  ASSERT_TRUE(IsTold());
  EXPECT_GE(told_at_, start + kFileDebounce);
  EXPECT_EQ(Settle(), 0);
}

TEST_F(FileWatcherTest, AFileMayComeLater) {
  Watch({file_});
  WriteFile(file_);
  EXPECT_TRUE(IsTold());
  fs::remove(file_);
  EXPECT_TRUE(IsTold());
}

TEST_F(FileWatcherTest, SeesAFileRenamedOverTheOldOneAgainAndAgain) {
  WriteFile(file_);
  Watch({file_});
  for (int n = 0; n < 2; ++n) {
    WriteFile(folder_ + "/4913");
    fs::rename(folder_ + "/4913", file_);
    EXPECT_TRUE(IsTold());
  }
}

TEST_F(FileWatcherTest, IgnoresOtherFilesOfTheFolder) {
  WriteFile(file_);
  Watch({file_});
  WriteFile(folder_ + "/other.yaml");
  EXPECT_EQ(Settle(), 0);
}

TEST_F(FileWatcherTest, AFolderIsWatchedForAllItsEntries) {
  Watch({folder_ + "/"});
  WriteFile(folder_ + "/a.yaml");
  EXPECT_TRUE(IsTold());
  fs::remove(folder_ + "/a.yaml");
  EXPECT_TRUE(IsTold());
}

TEST_F(FileWatcherTest, AFolderMayBeDeletedAndMadeAgain) {
  const std::string manifests = folder_ + "/manifests";
  fs::create_directory(manifests);
  Watch({manifests});
  fs::remove_all(manifests);
  EXPECT_TRUE(IsTold());
  fs::create_directory(manifests);
  EXPECT_TRUE(IsTold());
  WriteFile(manifests + "/a.yaml");
  EXPECT_TRUE(IsTold());
}

// A ConfigMap is mounted as file -> ..data/file, ..data -> a folder with the
// time in its name; an update makes a new folder and renames a new ..data.
TEST_F(FileWatcherTest, SeesAConfigMapSwapped) {
  const auto publish = [this](const std::string& version) {
    fs::create_directory(folder_ + "/.." + version);
    WriteFile(folder_ + "/.." + version + "/options.yaml");
    fs::create_symlink(".." + version, folder_ + "/..data_tmp");
    fs::rename(folder_ + "/..data_tmp", folder_ + "/..data");
  };
  publish("1");
  fs::create_symlink("..data/options.yaml", file_);
  Watch({file_});
  for (const char* version : {"2", "3"}) {
    publish(version);
    EXPECT_TRUE(IsTold()) << version;
  }
}

TEST_F(FileWatcherTest, SeesTheTargetOfALinkChange) {
  const std::string elsewhere = folder_ + "/elsewhere";
  fs::create_directory(elsewhere);
  WriteFile(elsewhere + "/real.yaml");
  fs::create_symlink(elsewhere + "/real.yaml", file_);
  Watch({file_});
  WriteFile(elsewhere + "/real.yaml");
  EXPECT_TRUE(IsTold());
}

TEST_F(FileWatcherTest, SteadyChangesAreToldWithinTheBound) {
  Watch({file_});
  std::unique_ptr<Timer> again;
  again = loop_.NewTimer([&] {
    WriteFile(file_);
    again->Arm(loop_.Now() + kFileDebounce / 4);
  });
  again->Arm(loop_.Now());
  EXPECT_TRUE(loop_.RunUntil([this] { return told_ > 0; }, absl::Seconds(5)));
}

TEST_F(FileWatcherTest, MayBeDestroyedWithinItsCallback) {
  bool told = false;
  auto made = FileWatcher::Create(&loop_, {folder_}, [&] {
    watcher_ = nullptr;
    told = true;
  });
  ASSERT_THAT(made, IsOk());
  watcher_ = *std::move(made);
  WriteFile(file_);
  ASSERT_TRUE(loop_.RunUntil([&] { return told; }, absl::Seconds(5)));
  WriteFile(file_);
  EXPECT_EQ(Settle(), 0);
}

TEST_F(FileWatcherTest, AMissingParentIsNamed) {
  EXPECT_THAT(
      FileWatcher::Create(&loop_, {folder_ + "/no/such/file"}, [] {}),
      StatusIs(absl::StatusCode::kUnavailable, testing::HasSubstr("/no/such")));
}

}  // namespace
}  // namespace lb::io
