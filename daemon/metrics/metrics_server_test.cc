// The page as Prometheus gets it, and promtool's verdict on it.
#include "daemon/metrics/metrics_server.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <future>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "daemon/metrics/agent_metrics.h"
#include "daemon/metrics/testing/dashboard.h"
#include "daemon/metrics/testing/page_reader.h"
#include "daemon/testing/node_test.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::metrics {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class MetricsServerTest : public NodeTest {
 protected:
  void SetUp() override {
    NodeTest::SetUp();
    port_ = FreePort();
    auto server = Start();
    ASSERT_THAT(server, IsOk());
    metrics_ = *std::move(server);
  }
  void TearDown() override {
    metrics_.reset();  // While the loop still answers.
    NodeTest::TearDown();
  }

  absl::StatusOr<std::unique_ptr<MetricsServer>> Start() {
    return MetricsServer::Start(
        fmt::format("127.0.0.1:{}", port_), world_->loop(),
        {.collect = [this] { return CollectMetrics(agent_->View()); },
         .readiness = [this] { return ready_; }});
  }

  int Connect() const {
    sockaddr_in address = {.sin_family = AF_INET,
                           .sin_port = htons(port_),
                           .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const int socket_fd = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(connect(socket_fd, reinterpret_cast<const sockaddr*>(&address),
                      sizeof(address)),
              0);
    return socket_fd;
  }

  // Sends a part of a request, and waits.
  int BeginToAsk() const {
    const int socket_fd = Connect();
    EXPECT_EQ(send(socket_fd, "GET /met", 8, 0), 8);
    return socket_fd;
  }

  // The answer to "METHOD PATH", from its status on.
  std::string Ask(const std::string& what) const {
    const int socket_fd = Connect();
    const std::string request = fmt::format(
        "{} HTTP/1.1\r\nHost: n1\r\nConnection: close\r\n\r\n", what);
    EXPECT_EQ(send(socket_fd, request.data(), request.size(), 0),
              static_cast<ssize_t>(request.size()));
    std::string answer;
    char buffer[4096];
    ssize_t size;
    while ((size = recv(socket_fd, buffer, sizeof(buffer), 0)) > 0) {
      answer.append(buffer, size);
    }
    close(socket_fd);
    return answer.substr(answer.find(' ') + 1);
  }

  // Returns the body of GET /metrics.
  std::string Scrape() const {
    const std::string answer = Ask("GET /metrics");
    return answer.substr(answer.find("\r\n\r\n") + 4);
  }

  uint16_t port_ = 0;
  absl::Status ready_;
  std::unique_ptr<MetricsServer> metrics_;
};

TEST_F(MetricsServerTest, ProbesSayWhetherItLivesAndIsReady) {
  EXPECT_THAT(Ask("GET /livez"),
              AllOf(StartsWith("200 "), EndsWith("\r\n\r\nok\n")));
  EXPECT_THAT(Ask("GET /readyz"),
              AllOf(StartsWith("200 "), EndsWith("\r\n\r\nok\n")));
  OnLoop([this] { ready_ = absl::UnavailableError("waits"); });
  EXPECT_THAT(Ask("GET /readyz"),
              AllOf(StartsWith("503 "), EndsWith("\r\n\r\nwaits\n")));
  EXPECT_THAT(Ask("GET /livez"), StartsWith("200 "));
}

TEST_F(MetricsServerTest, ALoopThatHangsIsNotAlive) {
  std::promise<void> go_on;
  world_->loop()->Post([&] { go_on.get_future().wait(); });
  for (const char* page : {"/livez", "/readyz", "/metrics"}) {
    EXPECT_THAT(Ask(std::string("GET ") + page), StartsWith("503 ")) << page;
  }
  go_on.set_value();
  EXPECT_THAT(Ask("GET /livez"), StartsWith("200 "));
}

TEST_F(MetricsServerTest, HasNothingElse) {
  for (const char* path : {"/", "/metrics2", "/etc/passwd", "/../etc/passwd",
                           "/readyz.html", "//"}) {
    EXPECT_THAT(Ask(std::string("GET ") + path), StartsWith("404 ")) << path;
  }
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS"}) {
    EXPECT_THAT(Ask(std::string(method) + " /metrics"), StartsWith("4"))
        << method;
  }
}

TEST_F(MetricsServerTest, ShowsTheNode) {
  const std::string page = Scrape();
  for (const char* line : {
           "metallb_allocator_addresses_in_use_total{pool=\"first-pool\"} 1\n",
           "metallb_allocator_ipv4_addresses_total{pool=\"first-pool\"} 5\n",
           "metallb_k8s_client_config_loaded_bool 1\n",
           "metallb_k8s_client_config_stale_bool 1\n",
           ("metallb_speaker_announced{service=\"default/web\",protocol="
            "\"layer2\",node=\"n1\",ip=\"172.18.8.201\"} 1\n"),
           "lb_members{state=\"alive\"} 1\n",
           "lb_services{state=\"announced\"} 1\n",
           "lb_frames_received_total{verdict=\"queue_full\"} 0\n",
           ("lb_interface_usable{interface=\"lo\",protocol=\"arp\",state="
            "\"loopback\"} 0\n"),
           "lb_takeover_duration_seconds_bucket{le=\"+Inf\"} 0\n",
           "# TYPE lb_loop_turn_seconds histogram\n",
           "# TYPE lb_loop_turn_processor_seconds histogram\n",
           "# TYPE lb_loop_longest_turn_seconds gauge\n",
       }) {
    EXPECT_THAT(page, HasSubstr(line));
  }
}

TEST_F(MetricsServerTest, ThePageIsWellFormed) {
  const auto families = ReadPage(Scrape());
  ASSERT_THAT(families, IsOk());
  EXPECT_GT(families->size(), 50u);
  for (const PageFamily& family : *families) {
    if (family.name.starts_with("exposer_")) continue;  // The server's own.
    EXPECT_THAT(family.name, AnyOf(StartsWith("lb_"), StartsWith("metallb_")));
    EXPECT_THAT(family.help, EndsWith(".")) << family.name;
    // MetalLB's names break this rule, so their families have no type.
    EXPECT_EQ(family.type == "counter",
              family.name.ends_with("_total") && family.type != "untyped")
        << family.name;
    for (const auto& [sample, value] : family.samples) {
      EXPECT_GE(value, 0) << sample;
    }
  }
}

// A counter that falls looks like a restart: rate() then counts its whole value
// as new.
TEST_F(MetricsServerTest, NoCounterFalls) {
  std::map<std::string, double> before;
  const std::string pool =
      "apiVersion: metallb.io/v1beta1\nkind: IPAddressPool\n"
      "metadata: {name: first-pool}\n"
      "spec: {addresses: [172.18.8.201/32]}\n";
  const std::string advertisement =
      "---\napiVersion: metallb.io/v1beta1\nkind: L2Advertisement\n"
      "metadata: {name: all}\n";
  const std::string steps[] = {
      pool + advertisement + ServiceYaml("default", "web"),
      pool + advertisement + ServiceYaml("default", "web") +
          ServiceYaml("default", "none-left"),
      "kind: [",
      pool,
      pool + advertisement + ServiceYaml("default", "web"),
  };
  for (const std::string& manifests : steps) {
    SetManifests(manifests);
    const auto families = ReadPage(Scrape());
    ASSERT_THAT(families, IsOk());
    for (const PageFamily& family : *families) {
      if (family.type != "counter" && family.type != "histogram") continue;
      for (const auto& [sample, value] : family.samples) {
        EXPECT_GE(value, before[sample]) << sample;
        before[sample] = value;
      }
    }
  }
  EXPECT_GE(before["metallb_k8s_client_updates_total"], 5);
  EXPECT_GE(before["metallb_k8s_client_update_errors_total"], 1);
}

TEST_F(MetricsServerTest, PromtoolHasNothingToSay) {
  if (std::system("promtool --version > /dev/null 2>&1") != 0) {
    GTEST_SKIP() << "no promtool command (package prometheus)";
  }
  const std::string page = folder_ + "/page";
  const std::string said = folder_ + "/said";
  std::ofstream(page) << Scrape();
  const int status = std::system(
      fmt::format("promtool check metrics < {} > {} 2>&1", page, said).c_str());
  std::ifstream file(said);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "");
  EXPECT_EQ(status, 0);
}

TEST_F(MetricsServerTest, HasEveryMetricOfTheDashboard) {
  const std::string page = Scrape();
  const std::set<std::string> families = ReadDashboard().families;
  for (const std::string& family : families) {
    EXPECT_THAT(page, HasSubstr("# TYPE " + family + " "));
  }
  EXPECT_GT(families.size(), 20);
}

TEST_F(MetricsServerTest, AFewIdleCallersHoldNobodyUp) {
  std::vector<int> idle;
  for (int i = 1; i < kConnectionsAtOnce; ++i) idle.push_back(BeginToAsk());
  EXPECT_THAT(Scrape(), HasSubstr("lb_ready"));
  // All are still open: nothing came, and none has ended.
  for (const int socket_fd : idle) {
    char byte;
    EXPECT_EQ(recv(socket_fd, &byte, 1, MSG_DONTWAIT), -1);
    close(socket_fd);
  }
}

TEST_F(MetricsServerTest, ManyIdleCallersHoldNobodyUpForLong) {
  std::vector<int> idle;
  for (int i = 0; i < kConnectionsAtOnce; ++i) idle.push_back(BeginToAsk());
  EXPECT_THAT(Scrape(), HasSubstr("lb_ready"));  // Otherwise this never ends.
  // All were closed in the meantime.
  for (const int socket_fd : idle) {
    char buffer[4096];
    while (recv(socket_fd, buffer, sizeof(buffer), 0) > 0) continue;
    close(socket_fd);
  }
}

TEST_F(MetricsServerTest, SaysWhereItCannotListen) {
  EXPECT_THAT(Start(),
              StatusIs(absl::StatusCode::kUnavailable,
                       HasSubstr(fmt::format("metrics-listen: cannot listen on "
                                             "127.0.0.1:{}",
                                             port_))));
}

}  // namespace
}  // namespace lb::metrics
