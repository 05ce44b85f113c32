// Writers against a simulated API server.
#include "lb/kubernetes/writer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/io/sim/sim_loop.h"
#include "lb/kubernetes/json_writer.h"
#include "lb/kubernetes/testing/sim_api_server.h"
#include "lb/kubernetes/tree_path.h"

namespace lb::kubernetes {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Resource kServices = {"", "v1", "services"};

// The status that a load balancer writes.
std::string StatusPatch(std::string_view version, std::string_view address) {
  JsonWriter json;
  json.BeginMap().Key("metadata").BeginMap();
  json.Pair("resourceVersion", version).EndMap();
  json.Key("status").BeginMap().Pair("address", address).EndMap().EndMap();
  return std::move(json).Finish();
}

std::string AddressOf(const config::YamlNode& service) {
  return std::string(TextAt(service, "status.address"));
}

class WriterTest : public testing::Test {
 protected:
  WriterTest() {
    server_.AddKind(
        {.resource = kServices, .kind = "Service", .has_status = true});
    writer_ = std::make_unique<Writer>(&loop_, server_.AddHost("n1"),
                                       WriterOptions(), Prng(3));
  }

  void CreateService(std::string_view name) {
    server_.Create(
        kServices,
        fmt::format(R"({{"metadata":{{"namespace":"d","name":"{}"}},)"
                    R"("spec":{{"type":"LoadBalancer"}}}})",
                    name));
  }

  const config::YamlNode& Service(const std::string& name) {
    return *server_.store().Objects(kServices).at({"d", name});
  }

  // Wants the address in the service's status.
  WriteRequest Wish(const std::string& name, const std::string& address) {
    WriteRequest request;
    request.target = {kServices, {"d", name}, "status"};
    const auto found = server_.store().Objects(kServices).find({"d", name});
    const std::string version =
        found == server_.store().Objects(kServices).end()
            ? "1"
            : std::string(TextAt(*found->second, "metadata.resourceVersion"));
    request.body = StatusPatch(version, address);
    request.rebase =
        [address](const config::YamlNode& fresh) -> std::optional<std::string> {
      if (AddressOf(fresh) == address) return std::nullopt;
      return StatusPatch(TextAt(fresh, "metadata.resourceVersion"), address);
    };
    request.on_report = [this, name](const WriteReport& report) {
      reports_.push_back(fmt::format("{} {}", name, ToString(report.verdict)));
    };
    return request;
  }

  size_t Patches() const {
    return server_.log().Count(
        [](const LoggedRequest& r) { return r.method == "PATCH"; });
  }

  io::SimLoop loop_;
  SimApiServer server_{&loop_, {}, Prng(1)};
  std::unique_ptr<Writer> writer_;
  std::vector<std::string> reports_;
};

TEST_F(WriterTest, AStatusIsOneRequest) {
  CreateService("web");
  writer_->Write(Wish("web", "192.0.2.1"));
  loop_.RunFor(absl::Seconds(1));
  EXPECT_EQ(AddressOf(Service("web")), "192.0.2.1");
  EXPECT_EQ(TextAt(Service("web"), "spec.type"), "LoadBalancer");
  EXPECT_THAT(reports_, ElementsAre("web Done"));
  EXPECT_EQ(server_.log().requests().size(), 1u);
}

TEST_F(WriterTest, AnotherWriterIsNotOverwritten) {
  CreateService("web");
  WriteRequest wish = Wish("web", "192.0.2.1");
  server_.Patch(kServices, {"d", "web"},
                R"({"metadata":{"annotations":{"a":"b"}}})");
  writer_->Write(std::move(wish));
  loop_.RunFor(absl::Seconds(1));
  EXPECT_EQ(AddressOf(Service("web")), "192.0.2.1");
  EXPECT_EQ(TextAt(Service("web"), "metadata.annotations.a"), "b");
  EXPECT_EQ(server_.log().requests().size(), 3u);
}

TEST_F(WriterTest, AWriteWhoseAnswerWasLostIsNotDoneTwice) {
  CreateService("web");
  server_.faults().lost_after = 100;
  writer_->Write(Wish("web", "192.0.2.1"));
  loop_.RunFor(absl::Milliseconds(20));
  EXPECT_EQ(AddressOf(Service("web")), "192.0.2.1");
  const std::string version(TextAt(Service("web"), "metadata.resourceVersion"));
  server_.faults() = {};
  loop_.RunFor(absl::Seconds(10));
  EXPECT_THAT(reports_, ElementsAre("web Unneeded"));
  EXPECT_EQ(TextAt(Service("web"), "metadata.resourceVersion"), version);
}

TEST_F(WriterTest, AThousandStatusesGoThroughEightRequestsAtATime) {
  for (int i = 0; i < 1000; ++i) CreateService(fmt::format("s{}", i));
  const absl::Time begin = loop_.Now();
  for (int i = 0; i < 1000; ++i) {
    writer_->Write(Wish(fmt::format("s{}", i), "192.0.2.1"));
  }
  EXPECT_TRUE(
      loop_.RunUntil([&] { return writer_->size() == 0; }, absl::Seconds(20)));
  EXPECT_EQ(Patches(), 1000u);
  EXPECT_LE(loop_.Now() - begin, absl::Seconds(10));
  EXPECT_LE(server_.log().MostWithin(absl::Seconds(1),
                                     [](const LoggedRequest&) { return true; }),
            201u);
}

TEST_F(WriterTest, WaitsForARestartAndSendsTheLastWishOnly) {
  CreateService("web");
  server_.Restart(absl::Seconds(10), absl::Seconds(1));
  for (int i = 0; i < 50; ++i) {
    writer_->Write(Wish("web", fmt::format("192.0.2.{}", i)));
    loop_.RunFor(absl::Milliseconds(100));
  }
  loop_.RunFor(absl::Seconds(20));
  EXPECT_EQ(AddressOf(Service("web")), "192.0.2.49");
  EXPECT_EQ(std::count(reports_.begin(), reports_.end(), "web Superseded"), 49);
  EXPECT_EQ(reports_.back(), "web Done");
  EXPECT_LE(server_.log().MostWithin(absl::Seconds(10),
                                     [](const LoggedRequest&) { return true; }),
            20u);
}

TEST_F(WriterTest, ReportsComeOnALaterTurnAndMayWrite) {
  CreateService("web");
  WriteRequest first = Wish("web", "192.0.2.1");
  first.on_report = [this](const WriteReport&) {
    writer_->Write(Wish("web", "192.0.2.9"));
  };
  writer_->Write(std::move(first));
  writer_->Write(Wish("web", "192.0.2.2"));
  writer_->Write(Wish("web", "192.0.2.3"));
  EXPECT_THAT(reports_, IsEmpty());
  loop_.RunFor(absl::Seconds(1));
  EXPECT_EQ(AddressOf(Service("web")), "192.0.2.9");
}

TEST_F(WriterTest, MayBeDestroyedByAReport) {
  CreateService("a");
  CreateService("b");
  WriteRequest wish = Wish("a", "192.0.2.1");
  wish.on_report = [this](const WriteReport&) { writer_.reset(); };
  writer_->Write(std::move(wish));
  writer_->Write(Wish("b", "192.0.2.1"));
  loop_.RunFor(absl::Minutes(1));
  EXPECT_EQ(writer_, nullptr);
}

// Wishes for random objects while the server fails and another writer changes
// the same objects. At the end each object has its last wish, and no write was
// sent again after it was acknowledged.
class WriterModel {
 public:
  explicit WriterModel(uint64_t seed)
      : prng_(seed), server_(&loop_, {}, prng_.Fork("server")) {
    server_.AddKind(
        {.resource = kServices, .kind = "Service", .has_status = true});
    writer_ = std::make_unique<Writer>(&loop_, server_.AddHost("n1"),
                                       WriterOptions(), prng_.Fork("writer"));
    for (int i = 0; i < 8; ++i) Create(Name(i));
  }

  void Run() {
    for (int step = 0; step < 300; ++step) {
      const std::string name = Name(static_cast<int>(prng_.Uniform(8)));
      switch (prng_.Uniform(12)) {
        case 0:
          server_.Delete(kServices, {"d", name});
          Create(name);
          break;
        case 1:
        case 2:
          server_.Patch(
              kServices, {"d", name},
              fmt::format(R"({{"metadata":{{"labels":{{"n":"{}"}}}}}})", step));
          break;
        case 3:
          DrawPlan();
          break;
        case 4:
          server_.LoseConnections("n1");
          break;
        case 5:
          if (prng_.Chance(20)) {
            server_.Restart(prng_.UniformDuration(absl::Seconds(8)),
                            prng_.UniformDuration(absl::Seconds(1)));
          }
          break;
        default:
          Wish(name, fmt::format("wish-{}", step));
      }
      loop_.RunFor(prng_.UniformDuration(
          absl::Milliseconds(prng_.Chance(80) ? 10 : 2000)));
    }
    server_.faults() = {};
  }

  std::vector<std::string> Complaints() {
    loop_.RunUntil([&] { return writer_->size() == 0; }, absl::Minutes(5));
    std::vector<std::string> complaints;
    if (writer_->size() > 0) complaints.push_back("writes are left");
    for (const auto& [name, wish] : wanted_) {
      const std::string address =
          AddressOf(*server_.store().Objects(kServices).at({"d", name}));
      if (address != wish) {
        complaints.push_back(
            fmt::format("{} has {}, want {}", name, address, wish));
      }
    }
    for (const LoggedRequest& request : server_.log().requests()) {
      for (const auto& [wish, at] : acknowledged_) {
        if (request.at > at && request.is_write() &&
            request.body.find('"' + wish + '"') != std::string::npos) {
          complaints.push_back(fmt::format("{} was sent again", wish));
        }
      }
    }
    return complaints;
  }

 private:
  static std::string Name(int i) { return fmt::format("s{}", i); }

  void Create(const std::string& name) {
    wanted_.erase(name);
    server_.Create(
        kServices,
        fmt::format(R"({{"metadata":{{"namespace":"d","name":"{}"}}}})", name));
  }

  void Wish(const std::string& name, const std::string& wish) {
    wanted_[name] = wish;
    WriteRequest request;
    request.target = {kServices, {"d", name}, "status"};
    // The caller's view may be old.
    request.body = StatusPatch(
        prng_.Chance(30)
            ? "100"
            : TextAt(*server_.store().Objects(kServices).at({"d", name}),
                     "metadata.resourceVersion"),
        wish);
    request.rebase =
        [wish](const config::YamlNode& fresh) -> std::optional<std::string> {
      if (AddressOf(fresh) == wish) return std::nullopt;
      return StatusPatch(TextAt(fresh, "metadata.resourceVersion"), wish);
    };
    request.on_report = [this, wish](const WriteReport& report) {
      if (report.verdict == WriteVerdict::kDone ||
          report.verdict == WriteVerdict::kUnneeded) {
        acknowledged_[wish] = loop_.Now();
      }
    };
    writer_->Write(std::move(request));
  }

  void DrawPlan() {
    SimFaultPlan& plan = server_.faults();
    plan = {};
    for (double* percent :
         {&plan.too_many, &plan.unavailable, &plan.internal, &plan.lost_before,
          &plan.lost_after, &plan.torn, &plan.slow}) {
      if (prng_.Chance(30)) *percent = 30;
    }
  }

  Prng prng_;
  io::SimLoop loop_;
  SimApiServer server_;
  std::unique_ptr<Writer> writer_;
  std::map<std::string, std::string> wanted_;
  std::map<std::string, absl::Time> acknowledged_;
};

TEST(WriterModelTest, EachObjectComesToHaveItsLastWish) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    WriterModel model(seed);
    model.Run();
    ASSERT_THAT(model.Complaints(), IsEmpty()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace lb::kubernetes
