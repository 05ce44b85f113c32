#include "daemon/kubernetes/kube_proxy.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/io/sim/sim_loop.h"
#include "lb/kubernetes/testing/fake_connection.h"
#include "lb/kubernetes/testing/json_edit.h"

namespace lb {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// As kubeadm makes it; `conf` in the place of its lines about the mode.
std::string ConfigMap(std::string_view conf) {
  return fmt::format(
      R"({{"data":{{"config.conf":"kind: KubeProxyConfiguration\n{}",)"
      R"("kubeconfig.conf":"apiVersion: v1\nkind: Config\n"}}}})",
      conf);
}

constexpr char kFaulty[] = R"(mode: ipvs\nipvs:\n  strictARP: false\n)";
constexpr char kStrict[] = R"(mode: ipvs\nipvs:\n  strictARP: true\n)";

TEST(FindKubeProxyFaultTest, IpvsWithoutStrictArpIsOne) {
  const std::vector<std::pair<std::string_view, bool>> cases = {
      {kFaulty, true},
      {kStrict, false},
      {R"(mode: \"ipvs\"\n)", true},
      {R"(mode: ipvs\nipvs: null\n)", true},
      {R"(mode: \"\"\nipvs:\n  strictARP: false\n)", false},
      {R"(mode: nftables\n)", false},
      {R"(mode: [\n)", false},
      {"", false}};
  for (const auto& [conf, is_faulty] : cases) {
    const std::string fault =
        FindKubeProxyFault(kubernetes::Json(ConfigMap(conf)));
    EXPECT_EQ(!fault.empty(), is_faulty) << conf;
    if (is_faulty) {
      EXPECT_THAT(fault, HasSubstr("kubectl get configmap kube-proxy"));
    }
  }
}

TEST(FindKubeProxyFaultTest, AnyMapIsRead) {
  for (const std::string_view json :
       {"{}", R"({"data":null})", R"({"data":[]})", R"({"data":{"a":{}}})",
        R"({"data":{"config.conf":7}})"}) {
    EXPECT_EQ(FindKubeProxyFault(kubernetes::Json(json)), "") << json;
  }
}

class KubeProxyTest : public testing::Test {
 protected:
  KubeProxyTest() {
    proxy_.emplace(&loop_, &connection_, [this](const std::string& fault) {
      faults_.push_back(fault);
    });
    proxy_->Start();
  }
  void Answer(int code, const std::string& body = "") {
    http::ResponseHandler& handler = *connection_.handlers_.back();
    handler.OnHead(code, {});
    handler.OnBody(body);
    handler.OnEnd(absl::OkStatus());
  }
  size_t Requests() const { return connection_.requests_.size(); }
  void RunFor(absl::Duration time) { loop_.RunFor(time); }

  io::SimLoop loop_;
  kubernetes::FakeConnection connection_;
  std::vector<std::string> faults_;
  std::optional<KubeProxy> proxy_;
};

TEST_F(KubeProxyTest, ReadsTheMapAtOnceAndEveryTenMinutes) {
  EXPECT_EQ(connection_.requests_[0].path,
            "/api/v1/namespaces/kube-system/configmaps/kube-proxy");
  Answer(200, ConfigMap(kFaulty));
  EXPECT_THAT(faults_, ElementsAre(HasSubstr("ipvs.strictARP")));
  RunFor(KubeProxy::kInterval - absl::Seconds(1));
  EXPECT_EQ(Requests(), 1u);
  RunFor(absl::Seconds(1));
  Answer(200, ConfigMap(kFaulty));
  EXPECT_THAT(faults_, SizeIs(1)) << "it is the same";
  RunFor(KubeProxy::kInterval);
  Answer(200, ConfigMap(kStrict));
  EXPECT_THAT(faults_, ElementsAre(HasSubstr("kube-proxy"), ""));
}

TEST_F(KubeProxyTest, AServerThatDoesNotAnswerIsAskedAgainSoon) {
  connection_.handlers_.back()->OnEnd(absl::UnavailableError("lost"));
  RunFor(KubeProxy::kRetry);
  EXPECT_EQ(Requests(), 2u);
  Answer(500);
  RunFor(KubeProxy::kRetry);
  EXPECT_EQ(Requests(), 3u);
  RunFor(KubeProxy::kRetry);
  EXPECT_THAT(connection_.cancelled_, ElementsAre(3u)) << "it was silent";
  Answer(404);
  RunFor(absl::Minutes(9));
  EXPECT_EQ(Requests(), 4u);
  EXPECT_THAT(faults_, IsEmpty());
}

TEST_F(KubeProxyTest, ARightThatIsGivenLaterCounts) {
  Answer(403);
  EXPECT_THAT(faults_, IsEmpty());
  RunFor(KubeProxy::kInterval);
  Answer(200, ConfigMap(kFaulty));
  EXPECT_THAT(faults_, SizeIs(1));
}

TEST_F(KubeProxyTest, AFaultStaysWhileTheServerIsAway) {
  Answer(200, ConfigMap(kFaulty));
  RunFor(KubeProxy::kInterval);
  connection_.handlers_.back()->OnEnd(absl::UnavailableError("lost"));
  EXPECT_NE(proxy_->fault(), "");
  RunFor(KubeProxy::kRetry);
  Answer(200, "no json");
  EXPECT_NE(proxy_->fault(), "");
  proxy_.reset();
  EXPECT_EQ(connection_.handlers_.size(), 3u);
}

}  // namespace
}  // namespace lb
