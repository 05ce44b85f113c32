// Prints one whole answer of each kind; then all answers with names that an
// attacker has chosen.
#include <algorithm>
#include <cstdlib>
#include <string>

#include "daemon/lbctl/render.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace lb::lbctl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr Style kPlain = {};
constexpr Style kWide = {.wide = true};
constexpr Style kColours = {.colours = true};

// Reads an answer from its text form.
template <typename Message>
Message Parse(const std::string& text) {
  setenv("TZ", "UTC", 1);
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message))
      << text;
  return message;
}

template <typename Message>
std::string Show(const std::string& text, const Style& style = kPlain) {
  return Render(Parse<Message>(text), style);
}

TEST(RenderNodeTest, ShowsAllOfIt) {
  constexpr char kNode[] = R"(
      name: "n1" version: "1.2" started_at { seconds: 86400 } ready: true
      ledger_author: "n2" announced_addresses: 3
      interfaces { name: "eth0" mac: "02:00:5e:00:53:01" usable: true }
      interfaces { name: "eth10" reason: "down" }
      problems { text: "a.yaml:1: bad" } problems { text: "worse" })";
  EXPECT_EQ(Show<status::v1::GetNodeResponse>(kNode),
            "Node:       n1\n"
            "Version:    1.2\n"
            "Started:    1970-01-02 00:00:00.000\n"
            "Ready:      yes\n"
            "Author:     n2\n"
            "Announcing: 3 addresses\n"
            "\n"
            "INTERFACE  MAC                USABLE\n"
            "eth0       02:00:5e:00:53:01  yes\n"
            "eth10      -                  no: down\n"
            "\n"
            "Problems:   2\n"
            "a.yaml:1: bad\n"
            "worse\n");
  EXPECT_THAT(Show<status::v1::GetNodeResponse>(kNode, kColours),
              HasSubstr("  \x1b[32myes\x1b[0m\n"));
  EXPECT_THAT(Show<status::v1::GetNodeResponse>(kNode, kColours),
              HasSubstr("\x1b[33ma.yaml:1: bad\x1b[0m\n"
                        "\x1b[33mworse\x1b[0m\n"));
}

TEST(RenderNodeTest, OneThatHasJustStarted) {
  EXPECT_EQ(Show<status::v1::GetNodeResponse>(""),
            "Node:       \n"
            "Version:    \n"
            "Started:    \n"
            "Ready:      no, waiting to hear from the cluster\n"
            "Author:     none yet\n"
            "Announcing: 0 addresses\n"
            "\n"
            "INTERFACE  MAC  USABLE\n"
            "\n"
            "Problems:   0\n");
  EXPECT_THAT(Show<status::v1::GetNodeResponse>("ready: true draining: true"),
              HasSubstr("Ready:      draining: other nodes announce\n"));
  EXPECT_THAT(Show<status::v1::GetNodeResponse>(
                  "ready: true draining: true drain_mark: 'cordon'"),
              HasSubstr("Ready:      draining while the Node object has "
                        "cordon: other nodes announce\n"));
}

TEST(RenderServicesTest, NoneOneAndMany) {
  EXPECT_EQ(Show<status::v1::ListServicesResponse>(""),
            "SERVICE  EXTERNAL-IP  POOL  NODE  INTERFACES  REASON\n");
  EXPECT_EQ(Show<status::v1::ListServicesResponse>("", kWide),
            "SERVICE  EXTERNAL-IP  POOL  NODE  SINCE  INTERFACES  REASON\n");
  constexpr char kServices[] = R"(
      services { name: "a/announced" addresses: "10.0.0.1" pool: "p"
                 announcers { node: "n1" since { seconds: 1 } } }
      services { name: "a/on-two" addresses: "10.0.0.2" addresses: "fd00::2"
                 pool: "p,q" announcers { node: "n1" interfaces: "eth0"
                                          interfaces: "eth1" } }
      services { name: "a/pending" reason: "pool p: full" }
      services { name: "a/unannounced" addresses: "10.0.0.3" pool: "p"
                 reason: "nobody may" })";
  EXPECT_EQ(
      Show<status::v1::ListServicesResponse>(kServices),
      "SERVICE        EXTERNAL-IP       POOL  NODE  INTERFACES  REASON\n"
      "a/announced    10.0.0.1          p     n1    all         -\n"
      "a/on-two       10.0.0.2,fd00::2  p,q   n1    eth0,eth1   -\n"
      "a/pending      <pending>         -     -     -           pool p: full\n"
      "a/unannounced  10.0.0.3          p     -     -           nobody may\n");
  EXPECT_EQ(Show<status::v1::ListServicesResponse>(kServices, kWide),
            "SERVICE        EXTERNAL-IP       POOL  NODE  SINCE               "
            "     INTERFACES  REASON\n"
            "a/announced    10.0.0.1          p     n1    1970-01-01 "
            "00:00:01.000  all         -\n"
            "a/on-two       10.0.0.2,fd00::2  p,q   n1    -                   "
            "     eth0,eth1   -\n"
            "a/pending      <pending>         -     -     -                   "
            "     -           pool p: full\n"
            "a/unannounced  10.0.0.3          p     -     -                   "
            "     -           nobody may\n");
  const std::string painted =
      Show<status::v1::ListServicesResponse>(kServices, kColours);
  EXPECT_THAT(painted, HasSubstr("\x1b[33m<pending>\x1b[0m  "));
  EXPECT_THAT(painted, HasSubstr("\x1b[33mnobody may\x1b[0m\n"));
}

TEST(RenderServicesTest, EachWithheldAddressSaysWhatToDo) {
  EXPECT_THAT(Show<status::v1::ListServicesResponse>(
                  R"(services { name: "a/b" reason: "short"
                       withheld { address: "10.0.0.1" text: "x"
                                  remedy: "y" since { seconds: 1 } }
                       withheld { address: "10.0.0.2" text: "z"
                                  remedy: "w" } })",
                  kWide),
              HasSubstr("  10.0.0.1 withheld since 1970-01-01 00:00:01.000: "
                        "x, want y; 10.0.0.2 withheld since : z, want w\n"));
}

TEST(RenderPoolsTest, AllOfThem) {
  EXPECT_EQ(Show<status::v1::ListPoolsResponse>(""),
            "POOL  ADDRESSES  AUTO-ASSIGN  IPV4-USED  IPV6-USED\n");
  constexpr char kPools[] = R"(
      pools { name: "full" addresses: "10.0.0.1-10.0.0.2" auto_assign: true
              ipv4 { total: "2" used: "1" taken: "1" free: "0" }
              ipv6 { total: "0" used: "0" free: "0" }
              holders { address: "10.0.0.1" services: "a/b" services: "a/c" }
              holders_omitted: 4
              taken { address: "10.0.0.2" owner: "n1's own" }
              taken_omitted: 2
              absent_holders { service: "a/old" addresses: "10.0.0.1"
                               since { seconds: 1 } }
              absent_holders { service: "a/older" addresses: "10.0.0.1"
                               addresses: "10.0.0.2" held_back: true }
              absent_holders_omitted: 3 }
      pools { name: "gone" gone: true }
      pools { name: "six" addresses: "fd00::/64" addresses: "fd01::/64"
              ipv6 { total: "18446744073709551616" used: "0" taken: "0" } })";
  EXPECT_EQ(
      Show<status::v1::ListPoolsResponse>(kPools),
      "POOL  ADDRESSES            AUTO-ASSIGN  IPV4-USED        IPV6-USED\n"
      "full  10.0.0.1-10.0.0.2    true         1 of 2, 1 taken  -\n"
      "gone  <gone>               -            -                -\n"
      "six   fd00::/64,fd01::/64  false        -                0 of "
      "18446744073709551616\n"
      "\n"
      "POOL  ADDRESS     TAKEN: IT IS  HELD BY\n"
      "full  10.0.0.2    n1's own      -\n"
      "full  and 2 more  -             -\n"
      "\n"
      "POOL  WITHOUT A MANIFEST  ADDRESSES          SINCE                    "
      "\n"
      "full  a/old               10.0.0.1           1970-01-01 00:00:01.000  "
      "-\n"
      "full  a/older             10.0.0.1,10.0.0.2  -                        a "
      "file that cannot be read may define it\n"
      "full  and 3 more          -                  -                        "
      "-\n"
      "\n"
      "POOL  ADDRESS     SERVICES\n"
      "full  10.0.0.1    a/b,a/c\n"
      "full  and 4 more  -\n");
  const std::string painted =
      Show<status::v1::ListPoolsResponse>(kPools, kColours);
  EXPECT_THAT(painted, HasSubstr("\x1b[31m1 of 2, 1 taken\x1b[0m"));
  EXPECT_THAT(painted, HasSubstr("\x1b[33m<gone>\x1b[0m"));
}

TEST(RenderMembersTest, EveryState) {
  EXPECT_EQ(Show<status::v1::ListMembersResponse>(""),
            "MEMBER  ENDPOINT  STATE  INCARNATION  SINCE  ROUND-TRIP\n");
  constexpr char kMembers[] = R"(
      members { name: "n1" endpoint: "10.0.0.1:7946" state: ALIVE
                is_self: true health_score: 0 incarnation: 1 }
      members { name: "n2" endpoint: "[fd00::2]:7946" state: SUSPECT
                incarnation: 4294967295 round_trip { nanos: 999 }
                since { seconds: 1 nanos: 999999999 }
                answered_at { seconds: 2 } }
      members { name: "n3" state: DEAD round_trip { seconds: 1 nanos: 1000 } }
      members { name: "n4" state: LEFT }
      members { name: "n5" state: ALIVE unverified: true }
      members { name: "n6" })";
  EXPECT_EQ(Show<status::v1::ListMembersResponse>(kMembers),
            "MEMBER  ENDPOINT        STATE       INCARNATION  SINCE           "
            "         ROUND-TRIP\n"
            "n1      10.0.0.1:7946   alive       1            -               "
            "         this node\n"
            "n2      [fd00::2]:7946  suspect     4294967295   1970-01-01 "
            "00:00:01.999  0.001 ms\n"
            "n3      -               dead        0            -               "
            "         1000.001 ms\n"
            "n4      -               left        0            -               "
            "         -\n"
            "n5      -               unverified  0            -               "
            "         -\n"
            "n6      -               unknown     0            -               "
            "         -\n");
  const std::string wide =
      Show<status::v1::ListMembersResponse>(kMembers, kWide);
  EXPECT_THAT(wide, HasSubstr("  ROUND-TRIP   ANSWERED                 HEALTH\n"
                              "n1"));
  EXPECT_THAT(wide, HasSubstr("  this node    -                        0\n"));
  EXPECT_THAT(wide, HasSubstr("  0.001 ms     1970-01-01 00:00:02.000  -\n"));
  const std::string painted =
      Show<status::v1::ListMembersResponse>(kMembers, kColours);
  for (const char* state :
       {"\x1b[32malive\x1b[0m", "\x1b[33msuspect\x1b[0m", "\x1b[31mdead\x1b[0m",
        "\x1b[33munverified\x1b[0m", "  left  ", "  unknown  "}) {
    EXPECT_THAT(painted, HasSubstr(state));
  }
}

TEST(RenderInterfacesTest, BothFamilies) {
  EXPECT_EQ(Show<status::v1::ListInterfacesResponse>(
                R"(interfaces { name: "eth0" mac: "02:00:5e:00:53:01"
                     usable: true ipv4_state: "usable"
                     ipv6_state: "no IPv6 link-local address"
                     announced_addresses: 18446744073709551615 }
                   interfaces { name: "lo" ipv4_state: "loopback"
                     ipv6_state: "loopback" })"),
            "INTERFACE  MAC                USABLE  IPV4      IPV6              "
            "          ANNOUNCED\n"
            "eth0       02:00:5e:00:53:01  yes     usable    no IPv6 "
            "link-local address  18446744073709551615\n"
            "lo         -                  no      loopback  loopback          "
            "          0\n");
}

TEST(RenderHistoryTest, WhatLastsAndWhatIsOver) {
  EXPECT_EQ(Show<status::v1::ListAnnouncementsResponse>(""),
            "ADDRESS  SERVICE  NODE  FROM  TO  END\n");
  EXPECT_EQ(Show<status::v1::ListAnnouncementsResponse>(
                R"(announcements { address: "10.0.0.1" service: "a/b"
                     node: "n1" from { seconds: 1 } to { seconds: 2 }
                     end: MOVED }
                   announcements { address: "10.0.0.1" service: "a/b"
                     node: "n2" from { seconds: 2 } })"),
            "ADDRESS   SERVICE  NODE  FROM                     TO              "
            "         END\n"
            "10.0.0.1  a/b      n1    1970-01-01 00:00:01.000  1970-01-01 "
            "00:00:02.000  moved\n"
            "10.0.0.1  a/b      n2    1970-01-01 00:00:02.000  lasts           "
            "         -\n");
  // A newer server may send this.
  auto history = Parse<status::v1::ListAnnouncementsResponse>(
      "announcements { to { seconds: 2 } }");
  history.mutable_announcements(0)->set_end(
      static_cast<status::v1::Announcement::End>(99));
  EXPECT_THAT(Render(history, kPlain), HasSubstr("  unknown\n"));
}

TEST(RenderTimesTest, HaveMilliseconds) {
  struct Case {
    const char* time;
    const char* want;
  };
  constexpr Case kCases[] = {
      {"", ""},
      {"seconds: 1", "1970-01-01 00:00:01.000"},
      {"seconds: 1 nanos: 1999999", "1970-01-01 00:00:01.001"},
      {"seconds: -1", "1969-12-31 23:59:59.000"},
      {"seconds: 4102444800", "2100-01-01 00:00:00.000"},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(Show<status::v1::Event>(std::string("time { ") + c.time + " }"),
              std::string("0  ") + c.want + "  Normal       \n");
  }
}

TEST(RenderEventsTest, WarningsArePainted) {
  constexpr char kEvent[] = R"(sequence: 12 type: WARNING reason: "R"
                               object: "Node/n1" message: "m")";
  EXPECT_EQ(Show<status::v1::Event>(kEvent), "12    Warning  R  Node/n1  m\n");
  EXPECT_EQ(Show<status::v1::Event>(kEvent, kColours),
            "12    \x1b[33mWarning\x1b[0m  R  Node/n1  m\n");
  EXPECT_EQ(Show<status::v1::Event>(R"(sequence: 1 reason: "R" message: "m")",
                                    kColours),
            "1    Normal   R    m\n");
}

TEST(RenderExplainTest, AnAnnouncerAndTheOthers) {
  constexpr char kExplained[] = R"(
      service: "a/b" address: "10.0.0.1" policy: "balanced" holder: "n1"
      sentence: "n1 has it."
      nodes { node: "n1" verdict: "announcer" rank: 1 score: 12.5
              digest: "0123456789abcdef" interfaces: "eth0"
              interfaces: "eth1" }
      nodes { node: "n2" verdict: "notOwner" rank: 2 score: 100000
              digest: "ff" interfaces: "eth0" draining: true }
      nodes { node: "n3" verdict: "nodeDraining" draining: true })";
  EXPECT_EQ(Show<status::v1::ExplainResponse>(kExplained),
            "Service: a/b\n"
            "Address: 10.0.0.1\n"
            "Policy:  balanced\n"
            "Holder:  n1\n"
            "n1 has it.\n"
            "\n"
            "NODE  RANK  VERDICT             DIGEST        SCORE   INTERFACES\n"
            "n1    1     announcer           0123456789ab  12.5    eth0,eth1\n"
            "n2    2     notOwner, draining  ff            100000  -\n"
            "n3    -     nodeDraining        -             -       -\n");
}

TEST(RenderWhatIfTest, MovesAreATable) {
  constexpr char kMoves[] = R"(
      moves { service: "a/b" address: "10.0.0.1" from: "n1" to: "n2" }
      moves { service: "a/c" address: "fd00::1" from: "n1" }
      moves { service: "a/d" address: "10.0.0.2" to: "n2" })";
  EXPECT_EQ(Show<status::v1::WhatIfResponse>(kMoves),
            "SERVICE  ADDRESS   FROM  TO\n"
            "a/b      10.0.0.1  n1    n2\n"
            "a/c      fd00::1   n1    none\n"
            "a/d      10.0.0.2  -     n2\n");
  EXPECT_THAT(Show<status::v1::WhatIfResponse>(kMoves, kColours),
              HasSubstr("  \x1b[31mnone\x1b[0m\n"));
}

TEST(RenderProblemsTest, ManyAndThoseLeftOut) {
  EXPECT_EQ(Show<status::v1::ListProblemsResponse>(
                R"(problems { kind: LONG_TURN text: "a" }
                   problems { kind: STATE text: "b" }
                   problems { text: "c" })"),
            "KIND              PROBLEM\n"
            "long turn         a\n"
            "state             b\n"
            "kind unspecified  c\n");
  auto problems = Parse<status::v1::ListProblemsResponse>(
      R"(problems { text: "d" } omitted: 1)");
  problems.mutable_problems(0)->set_kind(
      static_cast<status::v1::Problem::Kind>(99));
  EXPECT_EQ(Render(problems, kPlain),
            "KIND     PROBLEM\n"
            "unknown  d\n"
            "and 1 more\n");
}

TEST(RenderReloadTest, NamesUpToEightAndHowManyMore) {
  EXPECT_EQ(Show<admin::v1::ReloadResponse>(
                R"(pools: 1 advertisements: 2 services: 3
                   counts: "12 documents read" problems: "p" notices: "n"
                   added { names: "A/1" } changed { names: "C/1" }
                   removed { names: "R/1" names: "R/2" }
                   refused { names: "F/1" omitted: 1 }
                   resolved { names: "M/1" })"),
            "In force: 1 pools, 2 advertisements, 3 services. 1 problems.\n"
            "12 documents read.\n"
            "Added:    A/1\n"
            "Changed:  C/1\n"
            "Removed:  R/1, R/2\n"
            "Refused:  F/1 and 1 more\n"
            "Resolved: M/1\n"
            "p\n"
            "notice: n\n");
  std::string names;
  for (int i = 1; i <= 8; ++i) names += "names: \"" + std::to_string(i) + "\" ";
  EXPECT_THAT(Show<admin::v1::ReloadResponse>("added { " + names + "}"),
              HasSubstr("\nAdded:    1, 2, 3, 4, 5, 6, 7, 8\n"));
  EXPECT_THAT(
      Show<admin::v1::ReloadResponse>("added { " + names + "names: \"9\" }"),
      HasSubstr("\nAdded:    1, 2, 3, 4, 5, 6, 7, 8 and 1 more\n"));
  EXPECT_THAT(Show<admin::v1::ReloadResponse>(
                  "added { " + names + "names: \"9\" }", kWide),
              HasSubstr("\nAdded:    1, 2, 3, 4, 5, 6, 7, 8, 9\n"));
  EXPECT_THAT(Show<admin::v1::ReloadResponse>(R"(problems: "p" notices: "n")",
                                              kColours),
              HasSubstr("\n\x1b[33mp\x1b[0m\nnotice: n\n"));
}

TEST(RenderReleaseTest, NoneAndMany) {
  EXPECT_EQ(Show<admin::v1::ReleaseAddressResponse>(""), "");
  EXPECT_EQ(Show<admin::v1::ReleaseAddressResponse>(
                R"(released { service: "a/b" address: "10.0.0.1" }
                   released { service: "a/b" address: "fd00::1" })"),
            "10.0.0.1 is free; a/b held it.\n"
            "fd00::1 is free; a/b held it.\n");
}

// Sets every text of the message, and of one item of each of its lists.
void FillTexts(const std::string& text, google::protobuf::Message* message) {
  using google::protobuf::FieldDescriptor;
  const auto* const reflection = message->GetReflection();
  const auto* const type = message->GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* const field = type->field(i);
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      if (field->is_repeated()) {
        reflection->AddString(message, field, text);
      } else {
        reflection->SetString(message, field, text);
      }
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      FillTexts(text, field->is_repeated()
                          ? reflection->AddMessage(message, field)
                          : reflection->MutableMessage(message, field));
    }
  }
}

template <typename Message>
class RenderTextsTest : public testing::Test {};

using Answers = testing::Types<
    status::v1::GetNodeResponse, status::v1::ListServicesResponse,
    status::v1::ListPoolsResponse, status::v1::ListMembersResponse,
    status::v1::ListInterfacesResponse, status::v1::ListAnnouncementsResponse,
    status::v1::ListPeersResponse, status::v1::ListRoutesResponse,
    status::v1::ListBfdSessionsResponse, status::v1::ListProblemsResponse,
    status::v1::ExplainResponse, status::v1::WhatIfResponse, status::v1::Event,
    admin::v1::ReloadResponse, admin::v1::ReleaseAddressResponse,
    admin::v1::RotateGossipKeyResponse, admin::v1::DrainResponse,
    admin::v1::UndrainResponse, admin::v1::SetLogLevelResponse>;
TYPED_TEST_SUITE(RenderTextsTest, Answers);

// No text of a node moves the cursor, clears the screen or begins a line.
TYPED_TEST(RenderTextsTest, NoneReachesTheTerminalAsItIs) {
  for (const Style& style : {kPlain, kWide}) {
    TypeParam harmless, hostile;
    FillTexts("x", &harmless);
    FillTexts("\x1b[2J\r\n\x07\xc2\x9b", &hostile);
    const std::string want = Render(harmless, style);
    const std::string text = Render(hostile, style);
    for (const char* control : {"\x1b", "\r", "\x07", "\xc2\x9b"}) {
      EXPECT_THAT(text, Not(HasSubstr(control)));
    }
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'),
              std::count(want.begin(), want.end(), '\n'));
  }
}

}  // namespace
}  // namespace lb::lbctl
