#include "lb/gossip/claim_checks.h"

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/gossip/testing/roster_fixture.h"

namespace lb::gossip {
namespace {

class ClaimChecksTest : public testing::Test {
 protected:
  static wire::NodeDescription Node() {
    return {.name = "b",
            .address = Host(2).address.ToBytes(),
            .port = 7946,
            .meta = wire::Bytes(kMetaSizeMax),
            .versions = Versions()};
  }

  GossipOptions options_ = LanProfile();
  GossipCounters counters_;
  ClaimChecks checks_{options_, &counters_};
};

TEST_F(ClaimChecksTest, JudgeDescriptions) {
  const struct {
    const char* what;
    std::function<void(wire::NodeDescription&)> change;
    uint64_t RefusalCounters::*counter;
  } kCases[] = {
      {"no name", [](auto& n) { n.name.clear(); }, &RefusalCounters::name},
      {"long name", [](auto& n) { n.name = std::string(256, 'x'); },
       &RefusalCounters::size},
      {"long metadata", [](auto& n) { n.meta->push_back(0); },
       &RefusalCounters::size},
      {"many versions", [](auto& n) { n.versions->resize(13); },
       &RefusalCounters::size},
      {"no versions", [](auto& n) { n.versions.reset(); },
       &RefusalCounters::version},
  };
  EXPECT_TRUE(checks_.AcceptsDescription(Node()));
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.what);
    const uint64_t before = counters_.refused.*test.counter;
    wire::NodeDescription node = Node();
    test.change(node);
    EXPECT_FALSE(checks_.AcceptsDescription(node));
    EXPECT_EQ(counters_.refused.*test.counter, before + 1);
  }
}

TEST_F(ClaimChecksTest, JudgeAddresses) {
  EXPECT_TRUE(checks_.AcceptsAddress(Host(2)));
  EXPECT_FALSE(checks_.AcceptsAddress({Host(2).address, 0}));
  EXPECT_FALSE(
      checks_.AcceptsAddress({net::IpAddress::Ipv4(0xe0000001), 7946}));
  options_.admission.cidrs_allowed = {*net::ParseIpPrefix("192.0.2.0/24")};
  EXPECT_FALSE(checks_.AcceptsAddress(Host(2)));
  EXPECT_EQ(counters_.refused.address, 3u);
}

TEST_F(ClaimChecksTest, JudgeIncarnations) {
  NodeRecord record;
  record.incarnation = 5;
  EXPECT_FALSE(checks_.IsImplausible(record, 1));
  EXPECT_FALSE(checks_.IsImplausible(record, 5 + kIncarnationJumpMax));
  EXPECT_TRUE(checks_.IsImplausible(record, 6 + kIncarnationJumpMax));
  EXPECT_EQ(counters_.refused.incarnation, 1u);
}

TEST_F(ClaimChecksTest, JudgeAccusers) {
  EXPECT_TRUE(checks_.AcceptsAccuser(std::string(kNameSizeMax, 'x')));
  EXPECT_FALSE(checks_.AcceptsAccuser(std::string(kNameSizeMax + 1, 'x')));
  EXPECT_EQ(counters_.refused.size, 1u);
}

TEST_F(ClaimChecksTest, AskTheApplication) {
  const NodeRecord claim{.node = wire::Share(Node())};
  EXPECT_TRUE(checks_.IsAdmitted(claim));
  Delegates delegates;
  delegates.admit_member = [](const Member& member) {
    return absl::PermissionDeniedError(member.name);
  };
  delegates.admit_merge = [](const auto&) {
    return absl::PermissionDeniedError("no");
  };
  checks_.SetDelegates(std::move(delegates));
  EXPECT_FALSE(checks_.IsAdmitted(claim));
  wire::PushPull exchange{.nodes = {{.node = claim.node, .incarnation = 1}}};
  EXPECT_THAT(checks_.AdmitExchange(kStart, exchange, "self"), IsOk());
  exchange.join = true;
  EXPECT_THAT(checks_.AdmitExchange(kStart, exchange, "self"),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(counters_.refused.vetoed, 2u);
}

}  // namespace
}  // namespace lb::gossip
