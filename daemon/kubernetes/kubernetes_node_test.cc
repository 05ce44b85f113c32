// One lbd against a simulated API server that does not let it read everything.
#include "daemon/kubernetes/kubernetes_node.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "daemon/kubernetes/testing/sim_kubernetes.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/event_log.h"
#include "lb/base/prng.h"

namespace lb {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// Asks for a resource that the server does not have, in place of one.
class MisledClient : public http::Client {
 public:
  explicit MisledClient(http::Client* client) : client_(client) {}

  void Hide(std::string resource) { hidden_ = std::move(resource); }

  http::RequestId Send(
      http::Request request,
      std::unique_ptr<http::ResponseHandler> handler) override {
    const size_t at =
        hidden_.empty() ? std::string::npos : request.path.find("/" + hidden_);
    if (at != std::string::npos) request.path.insert(at + 1, "no");
    return client_->Send(std::move(request), std::move(handler));
  }
  void Cancel(http::RequestId id) override { client_->Cancel(id); }

 private:
  http::Client* const client_;
  std::string hidden_;
};

class KubernetesNodeTest : public testing::Test {
 protected:
  void Start(Role role) {
    KubernetesNode::Options options;
    options.settings.enabled = true;
    options.settings.role = role;
    options.node = "n1";
    options.own_namespace = kOwnNamespace;
    node_ = std::make_unique<KubernetesNode>(
        KubernetesNode::Ports{&loop_, &client_, &log_}, options, Prng(1),
        [](const SourceUpdate&) {});
    node_->Start();
  }
  // "Valid ", of this object; "": there is none.
  std::string StateOf(const std::string& name) const {
    const auto& states = cluster_.server_.store().Objects(
        {"metallb.io", "v1beta1", "configurationstates"});
    const auto state = states.find({std::string(kOwnNamespace), name});
    if (state == states.end()) return "";
    return fmt::format(
        "{} {}", kubernetes::TextAt(*state->second, "status.result"),
        kubernetes::TextAt(*state->second, "status.errorSummary"));
  }

  SimKubernetes cluster_{1};
  io::SimLoop& loop_ = cluster_.loop_;
  EventLog log_;
  MisledClient client_{cluster_.server_.AddHost("n1")};
  std::unique_ptr<KubernetesNode> node_;
};

TEST_F(KubernetesNodeTest, EachRoleWritesItsOwnConfigurationState) {
  Start(Role::kAll);
  loop_.RunFor(absl::Seconds(10));
  EXPECT_EQ(StateOf("speaker-n1"), "Valid ");
  EXPECT_EQ(StateOf("controller"), "Valid ");
}

TEST_F(KubernetesNodeTest, AControllerIsNoSpeaker) {
  Start(Role::kController);
  loop_.RunFor(absl::Seconds(10));
  EXPECT_EQ(node_->speaker(), nullptr);
  EXPECT_EQ(StateOf("speaker-n1"), "");
  EXPECT_EQ(StateOf("controller"), "Valid ");
}

TEST_F(KubernetesNodeTest, ASpeakerIsNoController) {
  Start(Role::kSpeaker);
  loop_.RunFor(absl::Seconds(10));
  EXPECT_EQ(StateOf("speaker-n1"), "Valid ");
  EXPECT_EQ(StateOf("controller"), "");
}

TEST_F(KubernetesNodeTest, AKindThatCannotBeReadMakesTheStateUnknown) {
  client_.Hide("ipaddresspools");
  Start(Role::kSpeaker);
  loop_.RunFor(absl::Seconds(5));
  EXPECT_EQ(StateOf("speaker-n1"), "");
  loop_.RunFor(absl::Seconds(10));
  EXPECT_THAT(StateOf("speaker-n1"),
              StartsWith("Unknown ipaddresspools.metallb.io: 404"));
  client_.Hide("");
  loop_.RunFor(absl::Seconds(15));
  EXPECT_EQ(StateOf("speaker-n1"), "Valid ");
}

TEST_F(KubernetesNodeTest, AServerThatIsAwayMakesNoStateUnknown) {
  Start(Role::kSpeaker);
  loop_.RunFor(absl::Seconds(5));
  const auto writes = [&] {
    return cluster_.server_.log().Count(
        [](const kubernetes::LoggedRequest& request) {
          return request.is_write();
        });
  };
  const size_t before = writes();
  cluster_.server_.Restart(absl::Minutes(5), absl::Seconds(2));
  loop_.RunFor(absl::Minutes(10));
  EXPECT_EQ(StateOf("speaker-n1"), "Valid ");
  EXPECT_EQ(writes(), before);
}

TEST_F(KubernetesNodeTest, TheOtherControllerLeavesARightStateAlone) {
  cluster_.CreatePool("bad", "\"10.1.0.0/33\"");
  Start(Role::kController);
  loop_.RunFor(absl::Seconds(10));
  const std::string state = StateOf("controller");
  EXPECT_THAT(state, HasSubstr("Invalid IPAddressPool/bad: spec.addresses"));
  const uint64_t version = cluster_.server_.store().version();
  node_.reset();
  Start(Role::kController);
  loop_.RunFor(absl::Seconds(20));
  ASSERT_TRUE(node_->controller()->acts());
  EXPECT_EQ(StateOf("controller"), state);
  for (const auto& write : cluster_.server_.store().Writes(
           {"metallb.io", "v1beta1", "configurationstates"})) {
    EXPECT_LE(write.version, version);
  }
}

}  // namespace
}  // namespace lb
