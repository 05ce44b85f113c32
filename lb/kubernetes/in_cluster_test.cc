#include "lb/kubernetes/in_cluster.h"

#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/kubernetes/testing/fake_files.h"

namespace lb::kubernetes {
namespace {

using testing::HasSubstr;

const std::string kFolder(kServiceAccountFolder);

class InClusterTest : public testing::Test {
 protected:
  InClusterTest() {
    files_.texts[kFolder + "/ca.crt"] = "-----BEGIN CERTIFICATE-----\nx\n";
    files_.texts[kFolder + "/token"] = "abc";
    files_.texts[kFolder + "/namespace"] = "lb-system";
  }

  absl::StatusOr<Access> Read() {
    return ReadInClusterAccess(environment_, [&](const std::string& path) {
      return files_.Read(path);
    });
  }

  FakeFiles files_;
  InClusterEnvironment environment_ = {.host = "10.96.0.1", .port = "443"};
};

TEST_F(InClusterTest, ReadsWhatEachPodHas) {
  const absl::StatusOr<Access> access = Read();
  ASSERT_THAT(access, IsOk());
  EXPECT_EQ(access->server.ToString(), "10.96.0.1:443");
  EXPECT_EQ(access->certificate_authority.text,
            "-----BEGIN CERTIFICATE-----\nx\n");
  EXPECT_EQ(access->certificate_authority.file, kFolder + "/ca.crt");
  EXPECT_EQ(access->token_file, kFolder + "/token");
  EXPECT_EQ(access->token, "");
  EXPECT_EQ(access->name_space, "lb-system");
}

TEST_F(InClusterTest, AnIpv6AddressHasNoBrackets) {
  environment_.host = "fd00::1";
  const absl::StatusOr<Access> access = Read();
  ASSERT_THAT(access, IsOk());
  EXPECT_EQ(access->server.ToString(), "[fd00::1]:443");
}

TEST_F(InClusterTest, TheNamespaceMayBeMissing) {
  files_.texts.erase(kFolder + "/namespace");
  EXPECT_THAT(Read(), IsOk());
}

TEST_F(InClusterTest, SaysThatThisIsNoPod) {
  environment_.host = "";
  EXPECT_THAT(Read(), StatusIs(absl::StatusCode::kNotFound,
                               HasSubstr("elsewhere use a kubeconfig")));
}

TEST_F(InClusterTest, NamesWhatIsWrong) {
  environment_.port = "x";
  EXPECT_THAT(Read(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "KUBERNETES_SERVICE_PORT: \"x\", want 1..65535"));
  environment_.port = "443";
  environment_.host = "a b";
  EXPECT_THAT(Read(), StatusIs(absl::StatusCode::kInvalidArgument,
                               HasSubstr("KUBERNETES_SERVICE_HOST: ")));
  environment_.host = "10.96.0.1";
  files_.texts[kFolder + "/token"] = "";
  EXPECT_THAT(Read(), StatusIs(absl::StatusCode::kInvalidArgument,
                               HasSubstr("/token: empty, want")));
  files_.texts.erase(kFolder + "/token");
  EXPECT_THAT(Read(), StatusIs(absl::StatusCode::kNotFound,
                               HasSubstr("/token: no such file")));
  files_.texts[kFolder + "/ca.crt"] = "x";
  EXPECT_THAT(Read(), StatusIs(absl::StatusCode::kInvalidArgument,
                               HasSubstr("/ca.crt: 1 bytes without")));
}

}  // namespace
}  // namespace lb::kubernetes
