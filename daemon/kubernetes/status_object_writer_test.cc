// A writer of status objects against servers that define these as lbd does, and
// as MetalLB does.
#include "daemon/kubernetes/status_object_writer.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/kubernetes/service_l2_status.h"
#include "daemon/kubernetes/testing/sim_kubernetes.h"
#include "daemon/kubernetes/testing/status_definitions.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/kubernetes/writer.h"

namespace lb {
namespace {

using kubernetes::LoggedRequest;
using kubernetes::TextAt;
using testing::ElementsAre;
using testing::IsEmpty;

const kubernetes::Resource kL2Statuses = {"metallb.io", "v1beta1",
                                          "servicel2statuses"};

class StatusObjectWriterTest
    : public testing::TestWithParam<StatusDefinitions> {
 protected:
  StatusObjectWriterTest() {
    DefineStatusObjects(GetParam(), &cluster_.server_);
    Start();
    Settle();
  }

  // A process of its own, which has listed nothing yet.
  void Start() {
    ++starts_;
    statuses_.reset();
    writer_ = std::make_unique<kubernetes::Writer>(
        &cluster_.loop_, client_, kubernetes::WriterOptions{}, Prng(starts_));
    statuses_ = std::make_unique<StatusObjectWriter>(
        StatusObjectWriter::Ports{
            &cluster_.loop_, client_, writer_.get(),
            [this](EventType, const std::string& reason, const std::string&) {
              told_.push_back(reason);
            }},
        StatusObjectWriter::Options{
            .list = ServiceL2StatusesOf("n1", std::string(kOwnNamespace)),
            .kind = "ServiceL2Status",
            .read = ReadServiceL2Status,
            .name_of =
                [this](const std::string&) {
                  return fmt::format("l2-{}", ++names_);
                }},
        Prng(starts_));
    statuses_->Start();
  }

  void Want(const std::string& service, const std::string& interface) {
    statuses_->objects().Want(
        service, WishOf(ServiceL2Status{"n1", service, {interface}}));
    statuses_->CarryOut();
  }
  void Settle() { cluster_.loop_.RunFor(absl::Seconds(5)); }

  // "web eth0", sorted.
  std::vector<std::string> Objects() const {
    std::vector<std::string> texts;
    for (const auto& [key, object] :
         cluster_.server_.store().Objects(kL2Statuses)) {
      const auto* const interfaces =
          kubernetes::NodeAt(*object, "status.interfaces");
      texts.push_back(
          fmt::format("{} {}", TextAt(*object, "status.serviceName"),
                      interfaces == nullptr || interfaces->children.empty()
                          ? ""
                          : TextAt(interfaces->children[0], "name")));
    }
    std::sort(texts.begin(), texts.end());
    return texts;
  }
  // Writes since the last call, as "POST 201", "PATCH status 200".
  std::vector<std::string> NewWrites() {
    std::vector<std::string> writes;
    const auto& requests = cluster_.server_.log().requests();
    for (; seen_ < requests.size(); ++seen_) {
      const LoggedRequest& request = requests[seen_];
      if (!request.is_write()) continue;
      const bool is_status = request.path.find("/status") != std::string::npos;
      writes.push_back(fmt::format("{}{} {}", request.method,
                                   is_status ? " status" : "", request.code));
    }
    return writes;
  }
  bool IsOwn() const { return GetParam() == StatusDefinitions::kOwn; }
  // "PATCH 200", or that of the subresource.
  std::string Patch() const {
    return IsOwn() ? "PATCH 200" : "PATCH status 200";
  }

  int starts_ = 0;
  int names_ = 0;
  size_t seen_ = 0;
  SimKubernetes cluster_{1};
  http::Client* const client_ = cluster_.server_.AddHost("n1");
  std::vector<std::string> told_;
  std::unique_ptr<kubernetes::Writer> writer_;
  std::unique_ptr<StatusObjectWriter> statuses_;
};

TEST_P(StatusObjectWriterTest, ANewObjectAndAnotherStatus) {
  Want("d/web", "eth0");
  Settle();
  EXPECT_THAT(Objects(), ElementsAre("web eth0"));
  std::vector<std::string> writes = {"POST 201"};
  if (!IsOwn()) writes.push_back("PATCH status 200");
  EXPECT_EQ(NewWrites(), writes);
  Want("d/web", "eth1");
  Settle();
  EXPECT_THAT(Objects(), ElementsAre("web eth1"));
  EXPECT_THAT(NewWrites(), ElementsAre(Patch()));
  cluster_.loop_.RunFor(absl::Hours(1));
  EXPECT_THAT(NewWrites(), IsEmpty());
}

TEST_P(StatusObjectWriterTest, AnotherProcessLearnsItAgain) {
  Want("d/a", "eth0");
  Want("d/b", "eth0");
  Settle();
  NewWrites();
  Start();
  Want("d/a", "eth1");
  Want("d/b", "eth0");
  Settle();
  Want("d/b", "eth1");
  Settle();
  EXPECT_THAT(Objects(), ElementsAre("a eth1", "b eth1"));
  std::vector<std::string> writes = {Patch(), Patch()};
  if (!IsOwn()) writes.insert(writes.begin(), "PATCH 200");
  EXPECT_EQ(NewWrites(), writes);
}

TEST_P(StatusObjectWriterTest, DefinitionsThatAreExchangedCostOneWriteMore) {
  Want("d/web", "eth0");
  Settle();
  NewWrites();
  DefineStatusObjects(
      IsOwn() ? StatusDefinitions::kMetallb : StatusDefinitions::kOwn,
      &cluster_.server_);
  Want("d/web", "eth1");
  Settle();
  EXPECT_THAT(Objects(), ElementsAre("web eth1"));
  EXPECT_THAT(NewWrites(),
              ElementsAre(IsOwn() ? "PATCH 200" : "PATCH status 404",
                          IsOwn() ? "PATCH status 200" : "PATCH 200"));
  Want("d/web", "eth2");
  Settle();
  EXPECT_THAT(Objects(), ElementsAre("web eth2"));
  EXPECT_THAT(NewWrites(),
              ElementsAre(IsOwn() ? "PATCH status 200" : "PATCH 200"));
  EXPECT_THAT(told_, IsEmpty());
}

TEST_P(StatusObjectWriterTest, AnObjectThatIsGoneIsMadeOnce) {
  Want("d/web", "eth0");
  Settle();
  cluster_.server_.Delete(kL2Statuses, {std::string(kOwnNamespace), "l2-1"});
  Want("d/web", "eth1");
  Settle();
  EXPECT_THAT(Objects(), ElementsAre("web eth1"));
}

INSTANTIATE_TEST_SUITE_P(Definitions, StatusObjectWriterTest,
                         testing::Values(StatusDefinitions::kOwn,
                                         StatusDefinitions::kMetallb));

}  // namespace
}  // namespace lb
