// What a real API server says to good and bad credentials.
#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/http/testing/certificates.h"
#include "lb/http/testing/recording_handler.h"
#include "lb/kubernetes/kubeconfig.h"
#include "lb/kubernetes/reflector.h"
#include "tests/kubernetes/api_server_fixture.h"

namespace lb::kubernetes {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class AccessTest : public ApiServerTest {
 protected:
  // The first error of a reflector with this access.
  std::string ErrorOf(const Access& access) {
    Party party = Connect(access);
    ObjectMirror mirror;
    const auto reflector =
        Follow(party, {.resource = kPools, .name_space = kNamespace}, &mirror);
    EXPECT_TRUE(Until([&] {
      return !reflector->state().last_error().empty() ||
             reflector->state().is_synchronized();
    }));
    EXPECT_EQ(mirror.listings(), 0);
    return reflector->state().last_error();
  }

  // The code of the answer to a list of nodes; 0: there was none.
  int CodeOf(const Access& access, std::string* error = nullptr) {
    Party party = Connect(access);
    http::ResponseRecord record;
    party.client->Send({.path = "/api/v1/nodes"}, http::Recorded(&record));
    EXPECT_TRUE(Until([&] { return record.end.has_value(); }));
    if (error != nullptr) *error = std::string(record.end->message());
    return record.status;
  }

  absl::StatusOr<Access> Kubeconfig(const std::string& cluster_rest) {
    const std::string path = folder() + "/admin.conf";
    std::string text = *ReadFile(path);
    const size_t at = text.find("certificate-authority:");
    text.insert(at, cluster_rest);
    return ReadKubeconfig({.text = text, .path = path}, ReadFile);
  }
};

TEST_F(AccessTest, AnUnknownAuthorityIsNamed) {
  Access access = AccountAccess();
  const http::TestAuthority other("other", loop_.CivilNow());
  access.certificate_authority.text = other.certificate_pem();
  EXPECT_THAT(ErrorOf(access),
              AllOf(HasSubstr("ConnectionLost"),
                    HasSubstr("the server's certificate is by an unknown "
                              "authority")));
}

TEST_F(AccessTest, AnUnknownTokenIsUnauthorized) {
  Access access = AccountAccess();
  access.token_file.clear();
  access.token = "unknown";
  EXPECT_THAT(ErrorOf(access), StartsWith("401 Unauthorized"));
}

TEST_F(AccessTest, AMissingRightIsForbiddenByName) {
  EXPECT_THAT(
      ErrorOf(AccountAccess("nothing")),
      AllOf(StartsWith("403 Forbidden: ipaddresspools.metallb.io is forbidden"),
            HasSubstr("system:serviceaccount:metallb-system:nothing"),
            HasSubstr("cannot list")));
}

TEST_F(AccessTest, AKubeconfigOfClientCertificatesHasItsRights) {
  EXPECT_EQ(CodeOf(AdminAccess()), 200);
  // Without them the client is anonymous.
  Access anonymous = AdminAccess();
  anonymous.client_certificate = {};
  anonymous.client_key = {};
  EXPECT_EQ(CodeOf(anonymous), 403);
}

TEST_F(AccessTest, ACertificateOfAnotherAuthorityIsUnauthorized) {
  Access access = AdminAccess();
  const http::TestAuthority other("other", loop_.CivilNow());
  const http::TestCertificate own = other.Issue({.names = {"admin"}});
  access.client_certificate.text = own.certificate_pem;
  access.client_key.text = own.key_pem;
  EXPECT_EQ(CodeOf(access), 401);
}

TEST_F(AccessTest, TheServersNameIsThatOfTheKubeconfig) {
  const auto named = Kubeconfig("tls-server-name: kubernetes.default.svc, ");
  ASSERT_TRUE(named.ok()) << named.status().ToString();
  EXPECT_EQ(CodeOf(*named), 200);
  const auto misnamed = Kubeconfig("tls-server-name: api.example, ");
  ASSERT_TRUE(misnamed.ok()) << misnamed.status().ToString();
  std::string error;
  EXPECT_EQ(CodeOf(*misnamed, &error), 0);
  EXPECT_THAT(error, HasSubstr("the server's certificate is for "
                               "127.0.0.1, 10.96.0.1, "
                               "kubernetes.default.svc, want api.example"));
}

TEST_F(AccessTest, ATokenFileThatChangesIsReadAgain) {
  Access access = AccountAccess();
  const std::string good = *ReadFile(access.token_file);
  access.token_file = folder() + "/changing";
  WriteFile(access.token_file, "outdated");
  Party party = Connect(access);
  ObjectMirror mirror;
  const auto reflector = Follow(party,
                                {.resource = kPools,
                                 .name_space = kNamespace,
                                 .back_off = {.max = absl::Seconds(1)}},
                                &mirror);
  ASSERT_TRUE(Until([&] { return !reflector->state().last_error().empty(); }));
  EXPECT_THAT(reflector->state().last_error(), StartsWith("401"));

  WriteFile(access.token_file, good);
  const absl::Time changed = absl::Now();
  ASSERT_TRUE(Until([&] { return reflector->state().is_synchronized(); }));
  fmt::print("the new token was in use after {}\n",
             absl::FormatDuration(absl::Now() - changed));
  // It is read after a refusal, but at most each 5 s; refusals are at most 1 s
  // apart.
  EXPECT_LT(absl::Now() - changed, absl::Seconds(8));
}

}  // namespace
}  // namespace lb::kubernetes
