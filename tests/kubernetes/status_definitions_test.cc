// Status objects and a real API server, whose definition of them is lbd's, with
// the status in the object, and MetalLB's, with a subresource.
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/kubernetes/service_l2_status.h"
#include "daemon/kubernetes/status_object_writer.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/kubernetes/json_writer.h"
#include "lb/kubernetes/tree_path.h"
#include "lb/kubernetes/writer.h"
#include "tests/kubernetes/api_server_fixture.h"

namespace lb::kubernetes {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr char kDefinition[] =
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/"
    "servicel2statuses.metallb.io";
constexpr char kObjects[] =
    "/apis/metallb.io/v1beta1/namespaces/metallb-system/servicel2statuses";

class StatusDefinitionsTest : public ApiServerTest {
 protected:
  void SetUp() override {
    ApiServerTest::SetUp();
    if (IsSkipped()) return;
    own_ = JsonText(*NodeAt(Ask("GET", kDefinition).object, "spec.versions"));
    party_ = Connect(AdminAccess());
    writer_ = std::make_unique<Writer>(&loop_, party_.client.get(),
                                       WriterOptions{}, prng_);
    statuses_ = std::make_unique<StatusObjectWriter>(
        StatusObjectWriter::Ports{
            &loop_, party_.client.get(), writer_.get(),
            [this](EventType, const std::string&, const std::string& message) {
              told_.push_back(message);
            }},
        StatusObjectWriter::Options{
            .list = ServiceL2StatusesOf("n1", kNamespace),
            .kind = "ServiceL2Status",
            .read = ReadServiceL2Status,
            .name_of = [](const std::string&) { return "l2-test"; }},
        prng_);
    statuses_->Start();
  }
  void TearDown() override {
    if (IsSkipped()) return;
    Ask("DELETE", fmt::format("{}/l2-test", kObjects));
    Define(own_);
  }

  // Defines the objects so, and waits until the server goes by it.
  void Define(const std::string& versions) {
    const Answer answer =
        Ask("PATCH", kDefinition,
            fmt::format(R"({{"spec":{{"versions":{}}}}})", versions));
    ASSERT_EQ(answer.code, 200);
    // Each question runs the loop itself.
    constexpr int kQuestionsMax = 200;
    for (int i = 0; i < kQuestionsMax; ++i) {
      if (TakesStatus() == (versions == own_)) return;
      loop_.RunUntil([] { return false; }, absl::Milliseconds(50));
    }
    FAIL() << "the server does not go by " << versions;
  }
  void DefineAsMetallb() {
    std::string versions = own_;
    versions.insert(versions.size() - 2, R"(,"subresources":{"status":{}})");
    Define(versions);
  }
  // Does a create take a status?
  bool TakesStatus() {
    const Answer made =
        Ask("POST", kObjects,
            R"({"apiVersion":"metallb.io/v1beta1","kind":"ServiceL2Status",)"
            R"("metadata":{"name":"probe"},"status":{"node":"n2"}})");
    Ask("DELETE", fmt::format("{}/probe", kObjects));
    return TextAt(made.object, "status.node") == "n2";
  }

  // Has the object say this interface, and returns the requests that it took:
  // "object", "status".
  std::vector<std::string> Write(const std::string& interface) {
    const size_t before = party_.client->all().size();
    statuses_->objects().Want(
        "d/web", WishOf(ServiceL2Status{"n1", "d/web", {interface}}));
    statuses_->CarryOut();
    EXPECT_TRUE(Until([&] { return statuses_->objects().settled() == 1; }));
    const Answer now = Ask("GET", fmt::format("{}/l2-test", kObjects));
    const auto* const said = NodeAt(now.object, "status.interfaces");
    EXPECT_TRUE(said != nullptr && said->children.size() == 1 &&
                TextAt(said->children[0], "name") == interface);
    std::vector<std::string> requests;
    const std::vector<std::string>& all = party_.client->all();
    for (size_t i = before; i < all.size(); ++i) {
      if (all[i].find('?') != std::string::npos) continue;  // The list.
      requests.push_back(all[i].ends_with("/status") ? "status" : "object");
    }
    return requests;
  }

  std::string own_;  // The versions of the definition.
  Party party_;
  std::vector<std::string> told_;
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<StatusObjectWriter> statuses_;
};

TEST_F(StatusDefinitionsTest, OwnOnesTakeTheStatusWithTheObject) {
  EXPECT_THAT(Write("eth0"), ElementsAre("object"));
  EXPECT_THAT(Write("eth1"), ElementsAre("object"));
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(StatusDefinitionsTest, ThoseOfMetallbAreUsedAsTheyAre) {
  DefineAsMetallb();
  EXPECT_THAT(Write("eth0"), ElementsAre("object", "status"));
  EXPECT_THAT(Write("eth1"), ElementsAre("status"));
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(StatusDefinitionsTest, TheyMayBeExchanged) {
  EXPECT_THAT(Write("eth0"), ElementsAre("object"));
  DefineAsMetallb();
  EXPECT_THAT(Write("eth1"), ElementsAre("object", "status"));
  Define(own_);
  EXPECT_THAT(Write("eth2"), ElementsAre("status", "object"));
  EXPECT_THAT(Write("eth3"), ElementsAre("object"));
  EXPECT_THAT(told_, IsEmpty());
}

}  // namespace
}  // namespace lb::kubernetes
