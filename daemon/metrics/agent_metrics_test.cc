// The page of a node that consists of its parts only, without an agent.
#include "daemon/metrics/agent_metrics.h"

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/node_view/testing/node_parts.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/sim/sim_world.h"
#include "prometheus/text_serializer.h"

namespace lb::metrics {
namespace {

using testing::HasSubstr;
using testing::Not;

class AgentMetricsTest : public testing::Test {
 protected:
  std::string Page() {
    return prometheus::TextSerializer().Serialize(CollectMetrics(node_.View()));
  }

  io::SimWorld world_{/*seed=*/1};
  NodeParts node_{world_.AddHost("n1", "172.18.8.11/24")};
};

TEST_F(AgentMetricsTest, FollowsTheStageOfTheNode) {
  EXPECT_THAT(Page(), HasSubstr("\nlb_ready 1\n"));
  node_.stage = LifeStage::kAwaiting;
  EXPECT_THAT(Page(), HasSubstr("\nlb_ready 0\n"));
}

TEST_F(AgentMetricsTest, CountsServicesByWhatTheyLack) {
  node_.Want("default/a");
  world_.loop().RunFor(absl::Seconds(1));
  EXPECT_THAT(Page(), HasSubstr("lb_services{state=\"unannounced\"} 1\n"));
  node_.Elect();
  EXPECT_THAT(Page(), HasSubstr("lb_services{state=\"announced\"} 1\n"));
  EXPECT_THAT(Page(), HasSubstr("lb_services{state=\"pending\"} 0\n"));
}

// Elected is not yet announced: the speaker has the say.
TEST_F(AgentMetricsTest, AnAddressIsAnnouncedOnceTheSpeakerHasIt) {
  node_.Want("default/a");
  world_.loop().RunFor(absl::Seconds(1));
  node_.Elect();
  constexpr char kAnnounced[] = "metallb_speaker_announced{";
  EXPECT_THAT(Page(), Not(HasSubstr(kAnnounced)));
  Elected elected;
  elected.here[AddressesOf(node_.addresses.entries(), "default/a")[0].address];
  node_.announcing.Update(elected);
  EXPECT_THAT(Page(), HasSubstr(kAnnounced));
}

TEST_F(AgentMetricsTest, HasTheReadingsOfManifests) {
  node_.tally.OnDesired(/*problems=*/0);
  node_.tally.OnDesired(/*problems=*/2);
  EXPECT_THAT(Page(), HasSubstr("metallb_k8s_client_updates_total 2\n"));
  EXPECT_THAT(Page(), HasSubstr("metallb_k8s_client_update_errors_total 1\n"));
}

TEST_F(AgentMetricsTest, IsReadyWhileItActs) {
  EXPECT_THAT(Readiness(node_.View()), IsOk());
  node_.stage = LifeStage::kAwaiting;
  EXPECT_THAT(Readiness(node_.View()),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("waits")));
  node_.stage = LifeStage::kHandingOver;
  EXPECT_THAT(Readiness(node_.View()),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("ends")));
}

TEST_F(AgentMetricsTest, WithKubernetesItIsReadyOnceObjectsAreKnown) {
  node_.api_server = ApiServerSight();
  EXPECT_THAT(Readiness(node_.View()),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("objects")));
  // Also by those that it kept, while the server is away.
  node_.api_server->trouble = "services: Unavailable: no answer";
  node_.api_server->as_of = absl::FromUnixSeconds(1);
  EXPECT_THAT(Readiness(node_.View()), IsOk());
}

}  // namespace
}  // namespace lb::metrics
