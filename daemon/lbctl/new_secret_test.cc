#include "daemon/lbctl/new_secret.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/escaping.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::lbctl {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string Read(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

TEST(DrawSecretTest, IsALineOfBase64OfThirtyTwoBytesThatNobodyKnew) {
  const std::string secret = DrawSecret();
  ASSERT_THAT(secret, SizeIs(45));
  EXPECT_EQ(secret.back(), '\n');
  std::string bytes;
  ASSERT_TRUE(absl::Base64Unescape(secret.substr(0, 44), &bytes));
  EXPECT_THAT(bytes, SizeIs(32));
  EXPECT_NE(DrawSecret(), secret);
}

TEST(WriteSecretTest, MakesAFileThatItsOwnerAloneMayRead) {
  const std::string path = testing::TempDir() + "/new-secret";
  ASSERT_THAT(WriteSecret(path, "abc\n"), IsOk());
  EXPECT_EQ(Read(path), "abc\n");
  struct stat found = {};
  ASSERT_EQ(stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0400u);
}

TEST(WriteSecretTest, OverwritesNothing) {
  const std::string path = testing::TempDir() + "/old-secret";
  std::ofstream(path) << "old";
  EXPECT_THAT(WriteSecret(path, "new"),
              StatusIs(absl::StatusCode::kAlreadyExists,
                       HasSubstr(path + ": is there already")));
  EXPECT_EQ(Read(path), "old");
  const std::string link = testing::TempDir() + "/link-to-nowhere";
  std::filesystem::create_symlink(testing::TempDir() + "/nowhere", link);
  EXPECT_THAT(WriteSecret(link, "new"),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr(link)));
  EXPECT_FALSE(std::filesystem::exists(testing::TempDir() + "/nowhere"));
}

TEST(WriteSecretTest, LeavesNoFileThatIsNotWhole) {
  EXPECT_THAT(WriteSecret("/nonexistent/secret", "new"),
              StatusIs(absl::StatusCode::kUnavailable,
                       "/nonexistent/secret: No such file or directory"));
}

}  // namespace
}  // namespace lb::lbctl
