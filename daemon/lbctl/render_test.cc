#include "daemon/lbctl/render.h"

#include <cstdlib>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "daemon/lbctl/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::lbctl {
namespace {

using ::testing::HasSubstr;

TEST(RenderTest, ServicesShowPendingAndAnnounced) {
  status::v1::ListServicesResponse response;
  auto* web = response.add_services();
  web->set_name("default/web");
  web->add_addresses("172.18.8.201");
  web->add_addresses("2001:db8::1");
  web->set_pool("first-pool");
  web->add_announcers()->set_node("n1");
  auto* pending = response.add_services();
  pending->set_name("default/db");
  pending->set_reason("pool first-pool: full");
  EXPECT_EQ(
      Render(response, {}),
      "SERVICE      EXTERNAL-IP               POOL        NODE  INTERFACES  "
      "REASON\n"
      "default/web  172.18.8.201,2001:db8::1  first-pool  n1    all         "
      "-\n"
      "default/db   <pending>                 -           -     -           "
      "pool first-pool: full\n");
}

TEST(RenderTest, AServiceShowsAllItsAnnouncers) {
  setenv("TZ", "UTC", 1);
  status::v1::ListServicesResponse response;
  auto* web = response.add_services();
  web->set_name("web");
  for (const char* node : {"n1", "n2"}) {
    auto* announcer = web->add_announcers();
    announcer->set_protocol(status::v1::Announcer::PROTOCOL_BGP);
    announcer->set_node(node);
    announcer->mutable_since()->set_seconds(1);
  }
  EXPECT_EQ(Render(response, {}),
            "SERVICE  EXTERNAL-IP  POOL  NODE       INTERFACES  REASON\n"
            "web      <pending>    -     BGP:n1,n2  -           -\n");
  EXPECT_THAT(Render(response, {.wide = true}),
              HasSubstr("BGP:n1,n2  1970-01-01 00:00:01.000, 1970-01-01 "
                        "00:00:01.000  "));
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
  EXPECT_EQ(Render(response, {}),
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
  member->mutable_round_trip()->set_nanos(1'500'000);
  member->set_health_score(2);
  EXPECT_EQ(Render(response, {}),
            "MEMBER  ENDPOINT       STATE    INCARNATION  SINCE  ROUND-TRIP\n"
            "n1      10.0.0.1:7946  suspect  3            -      1.500 ms\n");
  EXPECT_EQ(Render(response, {.wide = true}),
            "MEMBER  ENDPOINT       STATE    INCARNATION  SINCE  ROUND-TRIP  "
            "ANSWERED  HEALTH\n"
            "n1      10.0.0.1:7946  suspect  3            -      1.500 ms    "
            "-         2\n");
  member->set_unverified(true);
  EXPECT_THAT(Render(response, {}),
              HasSubstr("n1      10.0.0.1:7946  unverified  3  "));
}

TEST(RenderTest, NodeListsItsProblems) {
  status::v1::GetNodeResponse response;
  response.set_name("n1");
  response.add_problems()->set_text("pools.yaml:3: IPAddressPool/p: reversed");
  EXPECT_THAT(Render(response, {}),
              HasSubstr("Problems:   1\npools.yaml:3: IPAddressPool/p: "
                        "reversed\n"));
}

TEST(RenderTest, NodeSaysWhatItsLongestTurnsWereSpentOn) {
  setenv("TZ", "UTC", 1);
  status::v1::GetNodeResponse response;
  EXPECT_THAT(Render(response, {}), testing::Not(HasSubstr("TURN")));
  auto* longest = response.mutable_longest_turn();
  longest->mutable_length()->set_seconds(1);
  longest->mutable_processor()->set_nanos(20'500'000);
  longest->set_cause("takes up manifests");
  longest->mutable_at()->set_seconds(1);
  auto* recent = response.mutable_recent_longest_turn();
  recent->mutable_length()->set_nanos(3'000'000);
  recent->mutable_processor()->set_nanos(2'900'000);
  recent->set_cause("answers\x1b[2J");
  recent->mutable_at()->set_seconds(2);
  EXPECT_THAT(
      Render(response, {}),
      HasSubstr(
          "\n"
          "LONGEST TURN     LENGTH       PROCESSOR  AT                       "
          "THE LOOP\n"
          "since the start  1000.000 ms  20.500 ms  1970-01-01 00:00:01.000  "
          "takes up manifests\n"
          "of 10 minutes    3.000 ms     2.900 ms   1970-01-01 00:00:02.000  "
          "answers\\x1b[2J\n"));
  EXPECT_THAT(ToJson(response, Layout::kOneLine),
              HasSubstr("\"longestTurn\":{\"cause\":\"takes up manifests\","
                        "\"length\":\"1s\",\"processor\":\"0.020500s\""));
  EXPECT_THAT(ToYaml(response), HasSubstr("recentLongestTurn:\n"
                                          "  cause: \"answers\\x1b[2J\"\n"
                                          "  length: \"0.003s\"\n"));
}

// "yes" for an interface that can do one family only hid the reason why no IPv6
// service was announced on it.
TEST(RenderTest, NodeSaysWhichFamiliesAnInterfaceCanDo) {
  status::v1::GetNodeResponse response;
  auto* interface = response.add_interfaces();
  interface->set_name("eth0");
  interface->set_usable(true);
  interface->set_ipv4_state("usable");
  interface->set_ipv6_state("usable");
  EXPECT_THAT(Render(response, {}), HasSubstr("  yes\n"));
  interface->set_ipv6_state("no IPv6 link-local address");
  EXPECT_THAT(Render(response, {}),
              HasSubstr("  ARP only; NDP: no IPv6 link-local address\n"));
  interface->set_ipv4_state("cannot broadcast");
  interface->set_ipv6_state("usable");
  EXPECT_THAT(Render(response, {}),
              HasSubstr("  NDP only; ARP: cannot broadcast\n"));
  interface->set_usable(false);
  interface->set_reason("no carrier");
  EXPECT_THAT(Render(response, {}), HasSubstr("  no: no carrier\n"));
}

TEST(RenderTest, EventsAndProblemsPrintNoControlCharacters) {
  status::v1::Event event;
  event.set_object("Member/\x1b[2J");
  event.set_message("a\nb");
  EXPECT_THAT(Render(event, {}), HasSubstr("  Member/\\x1b[2J  a\\x0ab\n"));
  status::v1::GetNodeResponse node;
  node.add_problems()->set_text("a\x1b[2J");
  EXPECT_THAT(Render(node, {}), HasSubstr("a\\x1b[2J\n"));
}

TEST(RenderTest, WideServicesShowSinceWhen) {
  setenv("TZ", "UTC", 1);
  status::v1::ListServicesResponse response;
  auto* web = response.add_services();
  web->set_name("default/web");
  auto* announcer = web->add_announcers();
  announcer->set_node("n1");
  announcer->mutable_since()->set_seconds(1);
  EXPECT_THAT(Render(response, {.wide = true}), HasSubstr("NODE  SINCE"));
  EXPECT_THAT(Render(response, {}), testing::Not(HasSubstr("SINCE")));
}

TEST(RenderTest, PoolsShowWhoHoldsWhat) {
  status::v1::ListPoolsResponse response;
  auto* pool = response.add_pools();
  pool->set_name("p");
  auto* holder = pool->add_holders();
  holder->set_address("10.0.0.1");
  holder->add_services("default/a");
  holder->add_services("default/b");
  pool->set_holders_omitted(7);
  EXPECT_THAT(Render(response, {}),
              HasSubstr("POOL  ADDRESS     SERVICES\n"
                        "p     10.0.0.1    default/a,default/b\n"
                        "p     and 7 more  -\n"));
}

TEST(RenderTest, PoolsShowWhatHostsHaveAndWhoHoldsWithoutAManifest) {
  setenv("TZ", "UTC", 1);
  status::v1::ListPoolsResponse response;
  auto* pool = response.add_pools();
  pool->set_name("p");
  pool->add_addresses("10.0.0.1-10.0.0.5");
  pool->mutable_ipv4()->set_total("5");
  pool->mutable_ipv4()->set_used("3");
  pool->mutable_ipv4()->set_taken("2");
  pool->mutable_ipv4()->set_free("0");
  auto* taken = pool->add_taken();
  taken->set_address("10.0.0.1");
  taken->set_owner("n1's own");
  taken->add_services("default/web");
  pool->set_taken_omitted(3);
  auto* absent = pool->add_absent_holders();
  absent->set_service("default/a");
  absent->add_addresses("10.0.0.2");
  absent->mutable_since()->set_seconds(1);
  absent->set_held_back(true);
  pool->set_absent_holders_omitted(4);
  const std::string text = Render(response, {});
  EXPECT_THAT(text, HasSubstr("3 of 5, 2 taken"));
  EXPECT_THAT(text, HasSubstr("POOL  ADDRESS     TAKEN: IT IS  HELD BY\n"
                              "p     10.0.0.1    n1's own      default/web\n"
                              "p     and 3 more  -             -\n"));
  EXPECT_THAT(text, HasSubstr("p     default/a           10.0.0.2   "));
  EXPECT_THAT(text, HasSubstr("a file that cannot be read may define it"));
  EXPECT_THAT(text, HasSubstr("and 4 more"));
}

TEST(RenderTest, InterfacesShowBothFamilies) {
  status::v1::ListInterfacesResponse response;
  auto* interface = response.add_interfaces();
  interface->set_name("eth0");
  interface->set_mac("02:00:5e:00:53:01");
  interface->set_usable(true);
  interface->set_ipv4_state("usable");
  interface->set_ipv6_state("no IPv6 link-local address");
  interface->set_announced_addresses(3);
  EXPECT_EQ(Render(response, {}),
            "INTERFACE  MAC                USABLE  IPV4    IPV6               "
            "         ANNOUNCED\n"
            "eth0       02:00:5e:00:53:01  yes     usable  no IPv6 link-local "
            "address  3\n");
}

TEST(RenderTest, EveryEndOfAnAnnouncementHasAWord) {
  const auto* const ends = status::v1::Announcement::End_descriptor();
  ASSERT_GT(ends->value_count(), 8);
  for (int i = 1; i < ends->value_count(); ++i) {
    const int number = ends->value(i)->number();
    status::v1::ListAnnouncementsResponse history;
    history.add_announcements()->set_end(
        static_cast<status::v1::Announcement::End>(number));
    // The first of several names is the one that is not deprecated.
    const std::string word = absl::StrReplaceAll(
        absl::AsciiStrToLower(ends->FindValueByNumber(number)->name()),
        {{"_", " "}});
    EXPECT_THAT(Render(history, {}), HasSubstr("-   " + word + "\n"));
  }
}

TEST(RenderTest, ProblemsShowTheirKind) {
  status::v1::ListProblemsResponse response;
  EXPECT_EQ(Render(response, {}), "No problems.\n");
  auto* problem = response.add_problems();
  problem->set_kind(status::v1::Problem::OBJECT_REFUSED);
  problem->set_text("pools.yaml:3: bad");
  response.set_omitted(2);
  EXPECT_EQ(Render(response, {}),
            "KIND            PROBLEM\n"
            "object refused  pools.yaml:3: bad\n"
            "and 2 more\n");
}

TEST(RenderTest, ExplanationsShowTheRanking) {
  status::v1::ExplainResponse response;
  response.set_service("default/web");
  response.set_address("10.0.0.1");
  response.set_policy("compat");
  response.set_holder("n2");
  response.set_sentence("n2 is first of 2.");
  auto* first = response.add_nodes();
  first->set_node("n2");
  first->set_rank(1);
  first->set_verdict("announcer");
  first->set_digest("0123456789abcdef");
  auto* second = response.add_nodes();
  second->set_node("n1");
  second->set_verdict("noUsableInterface");
  second->set_draining(true);
  second->set_lack("wants NDP on eth7; it has eth0 (ARP)");
  EXPECT_EQ(
      Render(response, {}),
      "Service: default/web\n"
      "Address: 10.0.0.1\n"
      "Policy:  compat\n"
      "Holder:  n2\n"
      "n2 is first of 2.\n\n"
      "NODE  RANK  VERDICT                      DIGEST        SCORE  "
      "INTERFACES\n"
      "n2    1     announcer                    0123456789ab  -      all\n"
      "n1    -     noUsableInterface, draining  -             -      -\n"
      "\n"
      "n1: wants NDP on eth7; it has eth0 (ARP)\n");
  EXPECT_THAT(Render(response, {.wide = true}), HasSubstr("0123456789abcdef"));
}

status::v1::Withheld SomeWithheld() {
  status::v1::Withheld withheld;
  withheld.set_address("10.0.0.1");
  withheld.set_text("10.0.0.1 is n2's own");
  withheld.set_remedy("another address for n2");
  withheld.mutable_since()->set_seconds(1);
  return withheld;
}

// "Holder: none" was shown together with a node as the announcer.
TEST(RenderTest, ExplainSaysThatTheElectedNodeWithholds) {
  setenv("TZ", "UTC", 1);
  status::v1::ExplainResponse response;
  response.set_policy("compat");
  auto* node = response.add_nodes();
  node->set_node("n1");
  node->set_rank(1);
  node->set_verdict("announcer");
  EXPECT_THAT(Render(response, {}), testing::Not(HasSubstr("Holder")));
  response.set_policy("sticky");
  EXPECT_THAT(Render(response, {}), HasSubstr("Holder:  none yet\n"));
  *response.add_withheld() = SomeWithheld();
  EXPECT_THAT(Render(response, {}), HasSubstr("Holder:  none: withheld\n"));
  EXPECT_THAT(Render(response, {}), HasSubstr("n1    1     announcer "));
  EXPECT_THAT(
      Render(response, {}),
      HasSubstr(
          "\nWITHHELD  SINCE                    WHY                   WANT\n"
          "10.0.0.1  1970-01-01 00:00:01.000  10.0.0.1 is n2's own  another "
          "address for n2\n"));
  node->set_withheld(true);
  EXPECT_THAT(Render(response, {}), HasSubstr("n1    1     elected, withheld"));
  node->set_verdict("noUsableInterface");
  node->set_withheld(false);
  response.clear_withheld();
  EXPECT_THAT(Render(response, {}), HasSubstr("Holder:  none\n"));
}

TEST(RenderTest, WideServicesSaySinceWhenAnAddressIsWithheldAndWhatToDo) {
  setenv("TZ", "UTC", 1);
  status::v1::ListServicesResponse response;
  auto* web = response.add_services();
  web->set_name("default/web");
  web->set_reason("withheld: 10.0.0.1 is n2's own");
  *web->add_withheld() = SomeWithheld();
  EXPECT_THAT(Render(response, {}),
              HasSubstr("  withheld: 10.0.0.1 is n2's own\n"));
  EXPECT_THAT(Render(response, {.wide = true}),
              HasSubstr("10.0.0.1 withheld since 1970-01-01 00:00:01.000: "
                        "10.0.0.1 is n2's own, want another address for n2\n"));
}

TEST(RenderTest, APoolThatIsGoneIsShownWithItsHolders) {
  status::v1::ListPoolsResponse response;
  auto* pool = response.add_pools();
  pool->set_name("old");
  pool->set_gone(true);
  auto* absent = pool->add_absent_holders();
  absent->set_service("default/a");
  absent->add_addresses("10.0.0.2");
  const std::string text = Render(response, {});
  EXPECT_THAT(text, HasSubstr("\nold   <gone>     -            -"));
  EXPECT_THAT(text, HasSubstr("\nold   default/a           10.0.0.2"));
}

TEST(RenderTest, MovesShowFromAndTo) {
  status::v1::WhatIfResponse response;
  EXPECT_EQ(Render(response, {}), "Nothing would move.\n");
  auto* move = response.add_moves();
  move->set_service("default/web");
  move->set_address("10.0.0.1");
  move->set_from("n1");
  EXPECT_EQ(Render(response, {}),
            "SERVICE      ADDRESS   FROM  TO\n"
            "default/web  10.0.0.1  n1    none\n");
}

TEST(RenderTest, ReleasesShowWhatIsFree) {
  admin::v1::ReleaseAddressResponse response;
  auto* const released = response.add_released();
  released->set_service("default/web");
  released->set_address("10.0.0.1");
  EXPECT_EQ(Render(response, {}), "10.0.0.1 is free; default/web held it.\n");
}

TEST(RenderTest, ReloadsShowWhatChanged) {
  admin::v1::ReloadResponse response;
  EXPECT_EQ(Render(response, {}),
            "In force: 0 pools, 0 advertisements, 0 services. 0 problems.\n");
  response.mutable_added();
  EXPECT_THAT(Render(response, {}), HasSubstr("\nNothing changed.\n"));
  for (int i = 0; i < 10; ++i) response.mutable_added()->add_names("Node/a");
  response.mutable_added()->set_omitted(5);
  response.mutable_removed()->add_names("Node/\n");
  EXPECT_THAT(Render(response, {}),
              HasSubstr("Node/a, Node/a and 7 more\nRemoved:  Node/\\x0a\n"));
  EXPECT_THAT(Render(response, {.wide = true}), HasSubstr(" and 5 more\n"));
}

TEST(RenderTest, ReloadsShowWhatIsInForce) {
  admin::v1::ReloadResponse response;
  response.set_pools(1);
  response.set_services(2);
  response.add_problems("a.yaml:1: \x1b[2J");
  EXPECT_EQ(Render(response, {}),
            "In force: 1 pools, 0 advertisements, 2 services. 1 problems.\n"
            "a.yaml:1: \\x1b[2J\n");
}

}  // namespace
}  // namespace lb::lbctl
