#include "daemon/kubernetes/pod_facts.h"

#include <map>
#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/kubernetes/testing/fake_files.h"

namespace lb {
namespace {

using testing::HasSubstr;

constexpr const char* kFolder = "/var/run/secrets/kubernetes.io/serviceaccount";
constexpr const char* kPem =
    "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n";
constexpr const char* kKubeconfig = R"(
apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: k, user: u, namespace: mine}}]
clusters: [{name: k, cluster: {server: "https://api.example:6443"}}]
users: [{name: u, user: {token: t}}]
)";

class PodFactsTest : public testing::Test {
 protected:
  void BePod() {
    variables_["KUBERNETES_SERVICE_HOST"] = "10.96.0.1";
    variables_["KUBERNETES_SERVICE_PORT"] = "443";
    const std::string folder = kFolder;
    files_.texts[folder + "/ca.crt"] = kPem;
    files_.texts[folder + "/token"] = "t";
    files_.texts[folder + "/namespace"] = "balancers";
  }

  EnvironmentReader Environment() {
    return [this](const char* name) {
      const auto found = variables_.find(name);
      return found == variables_.end() ? "" : found->second;
    };
  }
  absl::StatusOr<kubernetes::Access> Find() {
    return FindAccess(
        settings_, Environment(),
        [this](const std::string& path) { return files_.Read(path); });
  }

  std::map<std::string, std::string> variables_;
  kubernetes::FakeFiles files_;
  KubernetesSettings settings_;
};

TEST_F(PodFactsTest, APodHasItsAccessAndItsNamespace) {
  BePod();
  const auto access = Find();
  ASSERT_THAT(access, IsOk());
  EXPECT_EQ(access->server.ToString(), "10.96.0.1:443");
  EXPECT_EQ(OwnNamespace(settings_, Environment(), *access), "balancers");
}

TEST_F(PodFactsTest, TheOptionGoesBeforeMetallbsVariableBeforeThePods) {
  BePod();
  const auto access = Find();
  ASSERT_THAT(access, IsOk());
  variables_[kNamespaceVariable] = "metal";
  EXPECT_EQ(OwnNamespace(settings_, Environment(), *access), "metal");
  settings_.name_space = "option";
  EXPECT_EQ(OwnNamespace(settings_, Environment(), *access), "option");
}

// The context's namespace is where a person works, not where lbd lives.
TEST_F(PodFactsTest, AKubeconfigsNamespaceIsNotOurs) {
  settings_.kubeconfig = "/k";
  files_.texts["/k"] = kKubeconfig;
  const auto access = Find();
  ASSERT_THAT(access, IsOk());
  EXPECT_EQ(OwnNamespace(settings_, Environment(), *access), "metallb-system");
}

TEST_F(PodFactsTest, MetallbsVariablesSayWhatNoOptionSays) {
  variables_[kNodeNameVariable] = "n1";
  variables_["METALLB_ML_SECRET_KEY_PATH"] = "/etc/ml_secret_key";
  variables_["METALLB_ML_BIND_ADDR"] = "fd00::1";
  variables_["METALLB_ML_BIND_PORT"] = "7000";
  variables_["METALLB_ML_LABELS"] = "app=metallb";
  Options options;
  EXPECT_THAT(TakeVariables(Environment(), &options), IsOk());
  EXPECT_EQ(options, Options());  // Without Kubernetes they do not count.
  options.kubernetes.enabled = true;
  EXPECT_THAT(TakeVariables(Environment(), &options), IsOk());
  EXPECT_EQ(options.node_name, "n1");
  EXPECT_EQ(options.gossip.secret_file, "/etc/ml_secret_key/secretkey");
  EXPECT_EQ(options.gossip.bind.ToString(), "[fd00::1]:7000");
  EXPECT_EQ(options.kubernetes.speaker_pods, "app=metallb");
  variables_[kNodeNameVariable] = "n2";
  variables_["METALLB_ML_BIND_ADDR"] = "192.0.2.1";
  variables_["METALLB_ML_LABELS"] = "app=other";
  EXPECT_THAT(TakeVariables(Environment(), &options), IsOk());
  EXPECT_EQ(options.node_name, "n1");
  EXPECT_EQ(options.gossip.bind.ToString(), "[fd00::1]:7000");
  EXPECT_EQ(options.kubernetes.speaker_pods, "app=metallb");
}

TEST_F(PodFactsTest, ABadVariableIsNamed) {
  variables_["METALLB_ML_BIND_ADDR"] = "nonsense";
  Options options;
  options.kubernetes.enabled = true;
  EXPECT_THAT(TakeVariables(Environment(), &options).message(),
              HasSubstr("METALLB_ML_BIND_ADDR"));
}

TEST_F(PodFactsTest, AnotherServerKeepsTheNameOfTheCertificate) {
  settings_.kubeconfig = "/k";
  files_.texts["/k"] = kKubeconfig;
  settings_.api_server = "https://192.0.2.7:7443/prefix";
  const auto access = Find();
  ASSERT_THAT(access, IsOk());
  EXPECT_EQ(access->server.ToString(), "192.0.2.7:7443");
  EXPECT_EQ(access->path_prefix, "/prefix");
  EXPECT_EQ(access->tls_server_name, "api.example");
}

TEST_F(PodFactsTest, FaultsNameTheOptionOrTheVariable) {
  EXPECT_THAT(Find().status().message(), HasSubstr("KUBERNETES_SERVICE_HOST"));
  settings_.kubeconfig = "/missing";
  EXPECT_THAT(Find().status().message(),
              HasSubstr("kubeconfig: /missing: no such file"));
  files_.texts["/missing"] = kKubeconfig;
  settings_.api_server = "https://";
  EXPECT_THAT(Find().status().message(), HasSubstr("kube-api-server: "));
}

}  // namespace
}  // namespace lb
