// LeaseElectors and a real API server.
#include <functional>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/kubernetes/lease_elector.h"
#include "lb/kubernetes/tree_path.h"
#include "tests/kubernetes/api_server_fixture.h"

namespace lb::kubernetes {
namespace {

// Short, so that the test is.
constexpr absl::Duration kDuration = absl::Seconds(2);
constexpr absl::Duration kDeadline = absl::Milliseconds(1200);
constexpr absl::Duration kRetry = absl::Milliseconds(500);

class LeaseTest : public ApiServerTest, public LeaseElector::Observer {
 protected:
  struct Candidate {
    Party party;
    std::unique_ptr<LeaseElector> elector;

    bool holds() const { return elector->IsHolder(); }
  };

  // The connection of each candidate is its own.
  Candidate Start(const std::string& lease, const std::string& identity) {
    Candidate candidate;
    candidate.party = Connect();
    candidate.elector = std::make_unique<LeaseElector>(
        &loop_, candidate.party.client.get(), this,
        LeaseOptions{.key = {kNamespace, lease},
                     .identity = identity,
                     .lease_duration = kDuration,
                     .renew_deadline = kDeadline,
                     .retry_period = kRetry},
        prng_.Fork(identity));
    candidate.elector->Start();
    return candidate;
  }

  void StartBoth(const std::string& lease) {
    first_ = Start(lease, "n1");
    ASSERT_TRUE(Until([this] { return first_.holds(); }));
    second_ = Start(lease, "n2");
    // It renews, and the other sees that.
    ASSERT_TRUE(Until([this] { return second_.elector->holder() == "n1"; }));
  }

  void OnElection() override { CheckOne(); }
  void CheckOne() {
    if (first_.elector == nullptr || second_.elector == nullptr) return;
    EXPECT_FALSE(first_.holds() && second_.holds());
  }
  // Runs until it holds, and sees that there are never two.
  bool UntilWithOne(const std::function<bool()>& holds) {
    return Until([&] {
      CheckOne();
      return holds();
    });
  }

  Candidate first_;
  Candidate second_;
};

TEST_F(LeaseTest, OneHoldsAndTheOtherTakesOverAtOnceWhenItStops) {
  StartBoth("stopped");
  const absl::Time begin = absl::Now();
  ASSERT_TRUE(
      UntilWithOne([&] { return absl::Now() > begin + kDuration * 1.1; }));
  EXPECT_TRUE(first_.holds());
  EXPECT_FALSE(second_.holds());
  EXPECT_EQ(first_.elector->last_error(), "");

  const absl::Time stopped = absl::Now();
  first_.elector->Stop();
  EXPECT_FALSE(first_.holds());
  ASSERT_TRUE(UntilWithOne([this] { return second_.holds(); }));
  fmt::print("taken over {} after it stopped\n",
             absl::FormatDuration(absl::Now() - stopped));
  // Half a retry period; without the release it would be kDuration.
  EXPECT_LT(absl::Now() - stopped, kDuration / 2);
  ASSERT_TRUE(UntilWithOne([this] { return first_.elector->is_stopped(); }));
  ASSERT_TRUE(
      UntilWithOne([this] { return first_.elector->holder() == "n2"; }));
}

TEST_F(LeaseTest, TheOtherTakesOverWhenTheHolderIsCut) {
  StartBoth("cut");
  const absl::Time cut = absl::Now();
  first_.party.relay->Set(Relay::Way::kSilent);
  ASSERT_TRUE(UntilWithOne([this] { return !first_.holds(); }));
  EXPECT_LT(absl::Now() - cut, kDuration);
  ASSERT_TRUE(UntilWithOne([this] { return second_.holds(); }));
  fmt::print("taken over {} after it was cut\n",
             absl::FormatDuration(absl::Now() - cut));
  EXPECT_LT(absl::Now() - cut, kDuration * 2);

  // The lease says so to people.
  const Answer lease =
      Ask("GET", fmt::format("/apis/coordination.k8s.io/v1/namespaces/{}/"
                             "leases/cut",
                             kNamespace));
  EXPECT_EQ(TextAt(lease.object, "spec.holderIdentity"), "n2");
  EXPECT_EQ(TextAt(lease.object, "spec.leaseTransitions"), "1");
}

}  // namespace
}  // namespace lb::kubernetes
