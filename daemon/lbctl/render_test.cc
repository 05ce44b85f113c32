#include "daemon/lbctl/render.h"

#include <string>

#include "daemon/lbctl/table.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::lbctl {
namespace {

using ::testing::HasSubstr;

TEST(TableTest, AlignsColumnsAndMarksEmptyCells) {
  Table table({"NAME", "IP"});
  table.Add({"default/web", "10.0.0.1"});
  table.Add({"a", ""});
  EXPECT_EQ(table.Print(),
            "NAME         IP\n"
            "default/web  10.0.0.1\n"
            "a            -\n");
}

TEST(TableTest, PrintsNoControlCharacters) {
  Table table({"NAME"});
  table.Add({"a\x1b[31m\n"});
  EXPECT_EQ(table.Print(), "NAME\na\\x1b[31m\\x0a\n");
}

TEST(RenderTest, ServicesShowPendingAndAnnounced) {
  status::v1::ListServicesResponse response;
  auto* web = response.add_services();
  web->set_name("default/web");
  web->add_addresses("172.18.8.201");
  web->add_addresses("2001:db8::1");
  web->set_pool("first-pool");
  web->set_announcing_node("n1");
  auto* pending = response.add_services();
  pending->set_name("default/db");
  pending->set_reason("pool first-pool: full");
  EXPECT_EQ(
      Render(response),
      "SERVICE      EXTERNAL-IP               POOL        NODE  INTERFACES  "
      "REASON\n"
      "default/web  172.18.8.201,2001:db8::1  first-pool  n1    all         "
      "-\n"
      "default/db   <pending>                 -           -     -           "
      "pool first-pool: full\n");
}

TEST(RenderTest, PoolsShowUseOfTheFamiliesTheyHave) {
  status::v1::ListPoolsResponse response;
  auto* pool = response.add_pools();
  pool->set_name("p");
  pool->add_addresses("10.0.0.1-10.0.0.5");
  pool->set_auto_assign(true);
  pool->mutable_ipv4()->set_total("5");
  pool->mutable_ipv4()->set_used("1");
  pool->mutable_ipv6()->set_total("0");
  EXPECT_EQ(Render(response),
            "POOL  ADDRESSES          AUTO-ASSIGN  IPV4-USED  IPV6-USED\n"
            "p     10.0.0.1-10.0.0.5  true         1 of 5     -\n");
}

TEST(RenderTest, MembersShowTheirState) {
  status::v1::ListMembersResponse response;
  auto* member = response.add_members();
  member->set_name("n1");
  member->set_endpoint("10.0.0.1:7946");
  member->set_state(status::v1::Member::SUSPECT);
  member->set_incarnation(3);
  EXPECT_EQ(Render(response),
            "MEMBER  ENDPOINT       STATE    INCARNATION  SINCE\n"
            "n1      10.0.0.1:7946  suspect  3            -\n");
}

TEST(RenderTest, NodeListsItsProblems) {
  status::v1::GetNodeResponse response;
  response.set_name("n1");
  response.add_problems()->set_text("pools.yaml:3: IPAddressPool/p: reversed");
  EXPECT_THAT(Render(response),
              HasSubstr("Problems:   1\npools.yaml:3: IPAddressPool/p: "
                        "reversed\n"));
}

TEST(RenderTest, EventsAndProblemsPrintNoControlCharacters) {
  status::v1::Event event;
  event.set_object("Member/\x1b[2J");
  event.set_message("a\nb");
  EXPECT_THAT(Render(event), HasSubstr("  Member/\\x1b[2J  a\\x0ab\n"));
  status::v1::GetNodeResponse node;
  node.add_problems()->set_text("a\x1b[2J");
  EXPECT_THAT(Render(node), HasSubstr("a\\x1b[2J\n"));
}

}  // namespace
}  // namespace lb::lbctl
