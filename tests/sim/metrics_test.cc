// Metrics of real agents on a simulated network.
#include <sstream>
#include <string>

#include "absl/time/time.h"
#include "daemon/metrics/agent_metrics.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/io/turn_meter.h"
#include "prometheus/text_serializer.h"
#include "tests/sim/cluster.h"

namespace lb {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Page(const Agent& agent) {
  std::ostringstream page;
  prometheus::TextSerializer().Serialize(page,
                                         metrics::CollectMetrics(agent.View()));
  return page.str();
}

// The value after `sample`, which is a name with its labels.
double Value(const std::string& page, const std::string& sample) {
  const size_t at = page.find("\n" + sample + " ");
  return at == std::string::npos
             ? -1
             : std::stod(page.substr(at + sample.size() + 2));
}

class MetricsTest : public testing::Test {
 protected:
  MetricsTest() {
    cluster_.SetManifests(PoolManifest("pool", "172.18.8.201-172.18.8.210") +
                          kAdvertisement + ServiceManifest("web"));
    cluster_.StartAll();
    EXPECT_TRUE(cluster_.RunUntilAgreed(absl::Seconds(10)));
    cluster_.RunFor(absl::Seconds(10));
    holder_ = cluster_.AnnouncersOf("172.18.8.201").at(0);
  }

  Cluster cluster_{/*seed=*/1, /*nodes=*/3};
  std::string holder_;
};

TEST_F(MetricsTest, ATakeoverIsTimedWhereItGoes) {
  cluster_.Crash(holder_);
  ASSERT_TRUE(cluster_.RunUntilAgreed(absl::Seconds(20)));
  const std::string heir = cluster_.AnnouncersOf("172.18.8.201").at(0);
  for (const std::string& name : cluster_.names()) {
    if (!cluster_.running(name)) continue;
    SCOPED_TRACE(name);
    const std::string page = Page(cluster_.agent(name));
    EXPECT_EQ(Value(page, "lb_members{state=\"alive\"}"), 2);
    EXPECT_EQ(Value(page, "lb_members{state=\"dead\"}"), 1);
    EXPECT_EQ(Value(page, "lb_election_changes_total"), 1);
    const bool took_over = name == heir;
    EXPECT_EQ(Value(page, "lb_takeover_duration_seconds_count"),
              took_over ? 1 : 0);
    if (!took_over) continue;
    // No longer than failure detection can take, no shorter than a suspicion
    // (probe_interval x suspicion_mult).
    EXPECT_GT(Value(page, "lb_takeover_duration_seconds_sum"), 0.3);
    EXPECT_LT(Value(page, "lb_takeover_duration_seconds_sum"), 10);
  }
}

TEST_F(MetricsTest, CountersOfAGoneAddressDisappear) {
  const char kSent[] = "metallb_layer2_gratuitous_sent{ip=\"172.18.8.201\"}";
  EXPECT_GT(Value(Page(cluster_.agent(holder_)), kSent), 0);
  cluster_.SetManifests(PoolManifest("pool", "172.18.8.201-172.18.8.210") +
                        kAdvertisement);
  cluster_.RunFor(absl::Seconds(1));
  const std::string page = Page(cluster_.agent(holder_));
  EXPECT_THAT(page, Not(HasSubstr("172.18.8.201")));
  EXPECT_THAT(page, Not(HasSubstr("default/web")));
}

TEST_F(MetricsTest, ANodeThatDrainsSaysSo) {
  EXPECT_EQ(Value(Page(cluster_.agent(holder_)), "lb_draining"), 0);
  ASSERT_TRUE(cluster_.agent(holder_).Drain().ok());
  EXPECT_EQ(Value(Page(cluster_.agent(holder_)), "lb_draining"), 1);
  cluster_.RunFor(absl::Seconds(1));
  const auto why = cluster_.view("n1").Explain("default/web");
  ASSERT_TRUE(why.ok());
  for (const auto& node : why->nodes()) {
    EXPECT_EQ(node.draining(), node.node() == holder_) << node.node();
  }
  ASSERT_TRUE(cluster_.agent(holder_).Undrain().ok());
  EXPECT_EQ(Value(Page(cluster_.agent(holder_)), "lb_draining"), 0);
}

TEST_F(MetricsTest, FailuresCountByReason) {
  cluster_.SetManifests(PoolManifest("pool", "172.18.8.201-172.18.8.201") +
                        kAdvertisement + ServiceManifest("web") +
                        ServiceManifest("more"));
  cluster_.RunFor(absl::Seconds(5));
  double failures = 0;
  for (const std::string& name : cluster_.names()) {
    const std::string page = Page(cluster_.agent(name));
    failures +=
        Value(page, "lb_allocation_failures_total{reason=\"no_address_left\"}");
    EXPECT_EQ(Value(page, "lb_services{state=\"pending\"}"), 1);
    EXPECT_EQ(Value(page,
                    "metallb_allocator_addresses_in_use_total{pool="
                    "\"pool\"}"),
              1);
  }
  EXPECT_EQ(failures, 1);  // The node that assigns counts it.
}

// Simulated turns take no time: this one is made up.
TEST_F(MetricsTest, TurnsOfTheLoopAreCountedByLengthAndByProcessorTime) {
  const absl::Time now = cluster_.agent(holder_).View().now;
  io::TurnMeter& turns = cluster_.host(holder_).turns();
  turns.Begin(now - absl::Milliseconds(60), "works");
  turns.End(now, absl::Milliseconds(15));
  const std::string page = Page(cluster_.agent(holder_));
  EXPECT_EQ(Value(page, "lb_loop_turn_seconds_bucket{le=\"0.05\"}"), 0);
  EXPECT_EQ(Value(page, "lb_loop_turn_seconds_bucket{le=\"0.1\"}"), 1);
  EXPECT_EQ(Value(page, "lb_loop_turn_seconds_count"), 1);
  EXPECT_EQ(Value(page, "lb_loop_turn_seconds_sum"), 0.06);
  EXPECT_EQ(Value(page, "lb_loop_turn_processor_seconds_bucket{le=\"0.01\"}"),
            0);
  EXPECT_EQ(Value(page, "lb_loop_turn_processor_seconds_bucket{le=\"0.02\"}"),
            1);
  EXPECT_EQ(Value(page, "lb_loop_longest_turn_seconds"), 0.06);
  cluster_.RunFor(io::TurnMeter::kRecent + absl::Seconds(1));
  EXPECT_EQ(
      Value(Page(cluster_.agent(holder_)), "lb_loop_longest_turn_seconds"), 0);
}

}  // namespace
}  // namespace lb
