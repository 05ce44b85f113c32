#include "lb/kubernetes/kubeconfig.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_replace.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/kubernetes/testing/fake_files.h"

namespace lb::kubernetes {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kCertificate = "-----BEGIN CERTIFICATE-----\nx\n";
const std::string kKey = "-----BEGIN EC PRIVATE KEY-----\ny\n";

// Two clusters and users, as kubectl writes them. The cluster and the user of
// the current context are CLUSTER and USER.
constexpr std::string_view kConfig = R"(apiVersion: v1
kind: Config
preferences: {}
current-context: main
contexts:
- name: other
  context: {cluster: other, user: other}
- name: main
  context: {cluster: c1, user: u1, namespace: lb-system}
clusters:
- name: other
  cluster: {server: "http://insecure", insecure-skip-tls-verify: true}
- name: c1
  cluster:
    CLUSTER
users:
- name: other
  user: {exec: {command: aws}}
- name: u1
  user:
    USER
)";

class KubeconfigTest : public testing::Test {
 protected:
  KubeconfigTest() {
    files_.texts["/etc/lbd/ca.crt"] = kCertificate;
    files_.texts["/etc/lbd/pki/n1.crt"] = kCertificate;
    files_.texts["/etc/lbd/pki/n1.key"] = kKey;
    files_.texts["/run/token"] = "abc\n";
  }

  absl::StatusOr<Access> ReadText(const std::string& text,
                                  const std::string& context = "") {
    return ReadKubeconfig(
        {.text = text, .path = "/etc/lbd/kubeconfig", .context = context},
        [&](const std::string& path) { return files_.Read(path); });
  }

  absl::StatusOr<Access> Read(const std::string& cluster,
                              const std::string& user) {
    return ReadText(absl::StrReplaceAll(
        std::string(kConfig), {{"CLUSTER", cluster}, {"USER", user}}));
  }

  FakeFiles files_;
};

TEST_F(KubeconfigTest, ReadsCertificatesFromFilesBesideIt) {
  const absl::StatusOr<Access> access = Read(
      "{server: \"https://[fd00::1]:6443\", "
      "certificate-authority: ca.crt, tls-server-name: kubernetes}",
      "{client-certificate: pki/n1.crt, client-key: /etc/lbd/pki/n1.key}");
  ASSERT_THAT(access, IsOk());
  EXPECT_EQ(access->server.ToString(), "[fd00::1]:6443");
  EXPECT_EQ(access->tls_server_name, "kubernetes");
  EXPECT_EQ(access->certificate_authority.text, kCertificate);
  EXPECT_EQ(access->certificate_authority.file, "/etc/lbd/ca.crt");
  EXPECT_EQ(access->client_certificate.file, "/etc/lbd/pki/n1.crt");
  EXPECT_EQ(access->client_key.text, kKey);
  EXPECT_EQ(access->name_space, "lb-system");
  EXPECT_EQ(access->token, "");
}

TEST_F(KubeconfigTest, DataGoesBeforeFiles) {
  const absl::StatusOr<Access> access = Read(
      fmt::format("{{server: \"https://a\", certificate-authority: none, "
                  "certificate-authority-data: {}}}",
                  absl::Base64Escape(kCertificate)),
      fmt::format("{{client-certificate-data: {}, client-key-data: {}}}",
                  absl::Base64Escape(kCertificate), absl::Base64Escape(kKey)));
  ASSERT_THAT(access, IsOk());
  EXPECT_EQ(access->certificate_authority.text, kCertificate);
  EXPECT_EQ(access->certificate_authority.file, "");
  EXPECT_EQ(access->client_key.text, kKey);
  EXPECT_EQ(files_.reads, 0);
}

TEST_F(KubeconfigTest, ATokenCountsUntilTheTokenFileWasRead) {
  absl::StatusOr<Access> access =
      Read("{server: \"https://a\"}", "{token: abc, tokenFile: none}");
  ASSERT_THAT(access, IsOk());
  EXPECT_EQ(access->token, "abc");
  EXPECT_EQ(access->token_file, "/etc/lbd/none");
  access = Read("{server: \"https://a\"}", "{tokenFile: ../../run/token}");
  EXPECT_THAT(access, StatusIs(absl::StatusCode::kNotFound));
  access = Read("{server: \"https://a\"}", "{tokenFile: /run/token}");
  ASSERT_THAT(access, IsOk());
  EXPECT_EQ(access->token_file, "/run/token");
}

TEST_F(KubeconfigTest, AnotherContextIsChosenByName) {
  const std::string text = absl::StrReplaceAll(
      std::string(kConfig),
      {{"CLUSTER", "{server: \"https://a\"}"}, {"USER", "{token: t}"}});
  EXPECT_THAT(ReadText(text, "main"), IsOk());
  EXPECT_THAT(ReadText(text, "other"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("insecure-skip-tls-verify: not supported")));
  EXPECT_THAT(
      ReadText(text, "third"),
      StatusIs(absl::StatusCode::kInvalidArgument,
               HasSubstr("contexts: none is named \"third\", want one that")));
}

TEST_F(KubeconfigTest, RefusesByNameWhatItDoesNotDo) {
  struct Case {
    std::string user;
    std::string_view message;
  };
  const std::vector<Case> cases = {
      {"{exec: {command: aws}}",
       "users[u1].user.exec: not supported: no other program is started; want "
       "client-certificate and client-key, or tokenFile"},
      {"{auth-provider: {name: gcp}}", "user.auth-provider: not supported"},
      {"{username: admin, password: x}",
       "user.username: not supported: the API has no basic authentication"},
      {"{password: x}", "user.password: not supported"},
      {"{as: admin, token: t}", "user.as: not supported"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.user);
    EXPECT_THAT(Read("{server: \"https://a\"}", c.user),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr(std::string(c.message))));
  }
  EXPECT_THAT(Read("{server: \"https://a\", proxy-url: \"http://p\"}", "{}"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("clusters[c1].cluster.proxy-url: not")));
  EXPECT_THAT(
      Read("{server: \"https://a\", insecure-skip-tls-verify: false}", "{}"),
      IsOk());
}

TEST_F(KubeconfigTest, NamesFileLineAndField) {
  struct Case {
    std::string cluster;
    std::string user;
    std::string_view message;
  };
  const std::vector<Case> cases = {
      {"{}", "{}",
       "/etc/lbd/kubeconfig:14: kubeconfig: clusters[c1].cluster.server: "
       "\"\", want a URL that begins with https://"},
      {"{server: \"https://a\", certificate-authority-data: \"*\"}", "{}",
       "certificate-authority-data: no base64, want PEM in base64"},
      {"{server: \"https://a\", certificate-authority-data: eA==}", "{}",
       "certificate-authority-data: 1 bytes without a CERTIFICATE"},
      {"{server: \"https://a\", certificate-authority: none.crt}", "{}",
       "/etc/lbd/kubeconfig:15: kubeconfig: "
       "clusters[c1].cluster.certificate-authority: /etc/lbd/none.crt: no "
       "such file"},
      {"{server: \"https://a\"}", "{client-certificate: pki/n1.crt}",
       "users[u1].user.client-key: missing, want both"},
      {"{server: \"https://a\"}", "{client-key: pki/n1.key}",
       "users[u1].user.client-certificate: missing, want both"},
      {"{server: \"https://a\"}",
       "{client-certificate: pki/n1.key, client-key: pki/n1.key}",
       "/etc/lbd/pki/n1.key: 33 bytes without a CERTIFICATE"},
      {"{server: \"https://a\"}", "{token: \"a b\"}",
       "users[u1].user.token: 3 bytes with characters that no token has"},
      {"{server: \"https://a\"}", "{tokenFile: none}",
       "users[u1].user.tokenFile: /etc/lbd/none: no such file"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.message);
    const absl::StatusOr<Access> access = Read(c.cluster, c.user);
    ASSERT_FALSE(access.ok());
    EXPECT_THAT(std::string(access.status().message()),
                HasSubstr(std::string(c.message)));
  }
}

TEST_F(KubeconfigTest, RefusesWhatIsNoKubeconfig) {
  for (const std::string_view text :
       {"", "x", "[]", "a: [", "contexts: []", "current-context: a",
        "current-context: a\ncontexts: [{name: a}]",
        "current-context: a\ncontexts: [{name: a, context: {}}]",
        "current-context: a\ncontexts: [{name: a, context: {cluster: b}}]",
        "current-context: a\ncontexts: 7"}) {
    SCOPED_TRACE(text);
    EXPECT_THAT(ReadText(std::string(text)),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("/etc/lbd/kubeconfig")));
  }
}

TEST_F(KubeconfigTest, NoMessageShowsASecret) {
  for (const std::string_view user :
       {"{token: \"secret one\"}", "{password: secret}",
        "{client-key-data: secret!}", "{token: [secret]}"}) {
    const absl::StatusOr<Access> access =
        Read("{server: \"https://a\"}", std::string(user));
    ASSERT_FALSE(access.ok());
    EXPECT_THAT(std::string(access.status().message()),
                Not(HasSubstr("secret")));
  }
}

}  // namespace
}  // namespace lb::kubernetes
