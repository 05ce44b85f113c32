// Commands that ask a node: tests what they print, and the exit status.
#include <algorithm>
#include <string>

#include "daemon/lbctl/testing/command_line_fixture.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "lb/admin/v1/admin.pb.h"
#include "lb/status/v1/status.pb.h"

namespace lb::lbctl {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

TEST_F(CommandLineTest, AnEmptyListIsAskedAbout) {
  status::v1::ListMembersResponse members;
  members.add_members()->set_name("n1");
  node_.Answer("ListMembers", members);
  status::v1::ListPoolsResponse pools;
  pools.add_pools()->set_name("first");
  status::v1::ListPoolsResponse none;
  constexpr char kHeader[] =
      "SERVICE  EXTERNAL-IP  POOL  NODE  INTERFACES  REASON\n";
  EXPECT_EQ(Show("services"),
            fmt::format("{}lbctl: no service\nexit 0", kHeader));
  EXPECT_EQ(Show("services --namespace a"),
            fmt::format("{}lbctl: no service matches\nexit 0", kHeader));
  EXPECT_EQ(Show("services --node n1"),
            fmt::format("{}lbctl: no service matches\nexit 0", kHeader));
  // A tool reads the list, and nothing else.
  EXPECT_EQ(Show("services --node n1 -o json"),
            "{\n \"services\": [],\n \"nextPageToken\": \"\"\n}\nexit 0");
  EXPECT_EQ(Show("services --node n2"),
            "lbctl: SERVER: Node/n2: there is no such member, want n1\n"
            "lbctl: `lbctl services`, `lbctl pools` and `lbctl members` list "
            "what there is\n"
            "exit 3");
  node_.Answer("ListPools", pools);
  EXPECT_EQ(Show("services --node n1 --pool frist"),
            "lbctl: SERVER: IPAddressPool/frist: there is no such pool, did "
            "you mean first?\n"
            "lbctl: `lbctl services`, `lbctl pools` and `lbctl members` list "
            "what there is\n"
            "exit 3");
  node_.TakeAsked();
  node_.Clear();
  node_.Answer("ListPools", none);
  node_.Answer("ListPools", pools);
  EXPECT_THAT(Show("pools frist --holders"),
              StartsWith("lbctl: SERVER: IPAddressPool/frist: "));
  EXPECT_THAT(
      node_.TakeAsked(),
      ElementsAre("ListPools pool: \"frist\" holders: true", "ListPools"));
}

TEST_F(CommandLineTest, StatusFailsIfAReadyNodeIsWanted) {
  constexpr char kWhy[] = "lbctl: the node is not ready: it has not heard ";
  status::v1::GetNodeResponse node;
  node.set_name("n1");
  node_.Answer("GetNode", node);
  EXPECT_THAT(Show("status"), EndsWith("\nexit 0"));
  const std::string refused = Show("status --ready");
  EXPECT_THAT(refused, StartsWith("Node:       n1\n"));
  EXPECT_THAT(refused, HasSubstr(kWhy));
  EXPECT_THAT(refused, EndsWith("\nexit 4"));
  node_.Clear();
  node.set_ready(true);
  node_.Answer("GetNode", node);
  const std::string shown = Show("status --ready");
  EXPECT_THAT(shown, Not(HasSubstr(kWhy)));
  EXPECT_THAT(shown, EndsWith("\nexit 0"));
  node_.Refuse("GetNode", grpc::Status(grpc::StatusCode::UNAVAILABLE, "away"));
  EXPECT_THAT(Show("status --ready"), EndsWith("\nexit 1"));
}

TEST_F(CommandLineTest, AListIsAllOfItsPages) {
  for (const char* name : {"a", "b", "c"}) {
    status::v1::ListPoolsResponse page;
    page.add_pools()->set_name(name);
    if (name != std::string("c")) page.set_next_page_token(name);
    node_.Answer("ListPools", page);
  }
  EXPECT_EQ(Show("pools"),
            "POOL  ADDRESSES  AUTO-ASSIGN  IPV4-USED  IPV6-USED\n"
            "a     -          false        -          -\n"
            "b     -          false        -          -\n"
            "c     -          false        -          -\n"
            "exit 0");
  EXPECT_THAT(node_.TakeAsked(),
              ElementsAre("ListPools", "ListPools page_token: \"a\"",
                          "ListPools page_token: \"b\""));
}

TEST_F(CommandLineTest, AnswersHaveFourForms) {
  status::v1::ListInterfacesResponse interfaces;
  interfaces.add_interfaces()->set_name("eth0");
  node_.Answer("ListInterfaces", interfaces);
  constexpr char kTable[] =
      "INTERFACE  MAC  USABLE  IPV4  IPV6  ANNOUNCED\n"
      "eth0       -    no      -     -     0\n"
      "exit 0";
  EXPECT_EQ(Show("interfaces"), kTable);
  EXPECT_EQ(Show("interfaces -o table"), kTable);
  EXPECT_EQ(Show("interfaces --output wide"), kTable);
  EXPECT_EQ(Show("interfaces -o json"),
            "{\n"
            " \"interfaces\": [\n"
            "  {\n"
            "   \"name\": \"eth0\",\n"
            "   \"mac\": \"\",\n"
            "   \"usable\": false,\n"
            "   \"reason\": \"\",\n"
            "   \"ipv4State\": \"\",\n"
            "   \"ipv6State\": \"\",\n"
            "   \"announcedAddresses\": \"0\"\n"
            "  }\n"
            " ],\n"
            " \"nextPageToken\": \"\"\n"
            "}\n"
            "exit 0");
  EXPECT_EQ(Show("interfaces -o yaml"),
            "---\n"
            "interfaces:\n"
            "  - name: \"eth0\"\n"
            "    mac: \"\"\n"
            "    usable: false\n"
            "    reason: \"\"\n"
            "    ipv4State: \"\"\n"
            "    ipv6State: \"\"\n"
            "    announcedAddresses: \"0\"\n"
            "nextPageToken: \"\"\n"
            "exit 0");
}

TEST_F(CommandLineTest, EventsComeOneAfterTheOther) {
  status::v1::Event event;
  for (int sequence = 1; sequence <= 2; ++sequence) {
    event.set_sequence(sequence);
    event.set_type(sequence == 1 ? status::v1::Event::NORMAL
                                 : status::v1::Event::WARNING);
    event.set_reason("R");
    event.set_object("Node/n1");
    event.set_message("m");
    event.mutable_time()->set_seconds(sequence);
    node_.Answer("WatchEvents", event);
  }
  EXPECT_EQ(Show("events"),
            "1  1970-01-01 00:00:01.000  Normal   R  Node/n1  m\n"
            "2  1970-01-01 00:00:02.000  Warning  R  Node/n1  m\n"
            "exit 0");
  // Each event is one line, so that a reader can follow.
  const std::string lines = Ask("events -o json").out;
  EXPECT_THAT(lines, StartsWith("{\"sequence\":\"1\","));
  EXPECT_THAT(lines, HasSubstr("}\n{\"sequence\":\"2\","));
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2);
  EXPECT_THAT(Ask("events -o yaml").out, StartsWith("---\nsequence: \"1\"\n"));
  // The events that came are shown, and then why no more came.
  node_.Refuse("WatchEvents", {grpc::StatusCode::RESOURCE_EXHAUSTED, "full"});
  EXPECT_EQ(Show("events"),
            "1  1970-01-01 00:00:01.000  Normal   R  Node/n1  m\n"
            "2  1970-01-01 00:00:02.000  Warning  R  Node/n1  m\n"
            "lbctl: SERVER: full\n"
            "exit 3");
}

TEST_F(CommandLineTest, ARefusalSaysWhyAndWhatToDo) {
  struct Refusal {
    grpc::StatusCode code;
    const char* advice;
    int exit;
  };
  constexpr Refusal kRefusals[] = {
      {grpc::StatusCode::CANCELLED, "", 1},
      {grpc::StatusCode::UNKNOWN, "", 1},
      {grpc::StatusCode::INVALID_ARGUMENT, "", 3},
      {grpc::StatusCode::DEADLINE_EXCEEDED,
       "lbctl: --timeout SECONDS waits longer\n", 1},
      {grpc::StatusCode::NOT_FOUND,
       "lbctl: `lbctl services`, `lbctl pools` and `lbctl members` list what "
       "there is\n",
       3},
      {grpc::StatusCode::ALREADY_EXISTS, "", 3},
      {grpc::StatusCode::PERMISSION_DENIED, "", 3},
      {grpc::StatusCode::RESOURCE_EXHAUSTED, "", 3},
      {grpc::StatusCode::FAILED_PRECONDITION, "", 3},
      {grpc::StatusCode::ABORTED, "", 1},
      {grpc::StatusCode::OUT_OF_RANGE, "", 1},
      {grpc::StatusCode::UNIMPLEMENTED,
       "lbctl: this listener does not offer it; admin calls are for the unix "
       "socket, or for TLS with --admin-over-tls, and some need a newer lbd\n",
       3},
      {grpc::StatusCode::INTERNAL, "", 1},
      {grpc::StatusCode::UNAVAILABLE,
       "lbctl: is lbd running here, and may you open its socket? --server "
       "names another\n",
       1},
      {grpc::StatusCode::DATA_LOSS, "", 1},
      {grpc::StatusCode::UNAUTHENTICATED, "", 1},
  };
  for (const Refusal& refusal : kRefusals) {
    node_.Refuse("Reload", {refusal.code, "why \x1b[2J\n"});
    EXPECT_EQ(Show("reload"),
              fmt::format("lbctl: SERVER: why \\x1b[2J\\x0a\n{}exit {}",
                          refusal.advice, refusal.exit));
  }
}

TEST_F(CommandLineTest, HintsPrintNoControlCharacters) {
  status::v1::ListMembersResponse members;
  members.add_members()->set_name("n1\x1b[2J");
  node_.Answer("ListMembers", members);
  status::v1::ListServicesResponse services;
  services.add_services()->set_name("default/web\x1b[2J");
  node_.Answer("ListServices", services);
  const grpc::Status unknown(grpc::StatusCode::NOT_FOUND, "there is none");
  node_.Refuse("WhatIf", unknown);
  EXPECT_EQ(Show("what-if --without n1"),
            "lbctl: SERVER: there is none\n"
            "lbctl: n1, did you mean n1\\x1b[2J?\n"
            "exit 3");
  node_.Refuse("Explain", unknown);
  EXPECT_EQ(Show("explain default/web"),
            "lbctl: SERVER: there is none\n"
            "lbctl: did you mean default/web\\x1b[2J?\n"
            "exit 3");
  node_.Refuse("ReleaseAddress", unknown);
  EXPECT_EQ(Show("release default/web"),
            "lbctl: SERVER: there is none\n"
            "lbctl: did you mean default/web\\x1b[2J?\n"
            "exit 3");
  node_.Clear();
  node_.Answer("ListMembers", members);
  EXPECT_THAT(Show("services --node n2"), HasSubstr("want n1\\x1b[2J\n"));
}

TEST_F(CommandLineTest, HintsAreAboutUnknownNamesOnly) {
  status::v1::ListMembersResponse members;
  members.add_members()->set_name("n1");
  members.add_members()->set_name("n22");
  node_.Answer("ListMembers", members);
  const auto what_if = [&](grpc::StatusCode code, const char* line) {
    node_.TakeAsked();
    node_.Refuse("WhatIf", {code, "no"});
    return Show(line);
  };
  EXPECT_EQ(what_if(grpc::StatusCode::INVALID_ARGUMENT,
                    "what-if --without n1 --without n2"),
            "lbctl: SERVER: no\nlbctl: n2, did you mean n22?\nexit 3");
  EXPECT_EQ(what_if(grpc::StatusCode::INVALID_ARGUMENT, "what-if --without n1"),
            "lbctl: SERVER: no\nexit 3");
  EXPECT_EQ(what_if(grpc::StatusCode::INTERNAL, "what-if --without n2"),
            "lbctl: SERVER: no\nexit 1");
  EXPECT_THAT(node_.TakeAsked(), ElementsAre("WhatIf without: \"n2\""));
  // The node refuses to list its names.
  node_.Refuse("ListMembers", {grpc::StatusCode::INTERNAL, "no"});
  EXPECT_EQ(what_if(grpc::StatusCode::INVALID_ARGUMENT, "what-if --without n2"),
            "lbctl: SERVER: no\nexit 3");
}

TEST_F(CommandLineTest, AnAddressIsExplainedByItsHolders) {
  status::v1::ListServicesResponse holders;
  holders.add_services()->set_name("a/b");
  node_.Answer("ListServices", holders);
  node_.Refuse("Explain", {grpc::StatusCode::INTERNAL, "later"});
  EXPECT_EQ(Show("explain 10.0.0.1"), "lbctl: SERVER: later\nexit 1");
  EXPECT_THAT(node_.TakeAsked(),
              ElementsAre("ListServices address: \"10.0.0.1\"",
                          "Explain service: \"a/b\""));
  node_.Clear();
  holders.add_services()->set_name("a/c\x1b[2J");
  node_.Answer("ListServices", holders);
  EXPECT_THAT(Show("explain 10.0.0.1"),
              HasSubstr("lbctl: 10.0.0.1 is shared by a/b, a/c\\x1b[2J; this "
                        "is a/b\n"));
  node_.Refuse("ListServices", {grpc::StatusCode::INTERNAL, "never"});
  EXPECT_EQ(Show("explain 10.0.0.1"), "lbctl: SERVER: never\nexit 1");
}

TEST_F(CommandLineTest, ChangesAreAcknowledged) {
  admin::v1::RotateGossipKeyResponse rotated;
  rotated.set_keys(2);
  node_.Answer("RotateGossipKey", rotated);
  admin::v1::ReleaseAddressResponse response;
  auto* const released = response.add_released();
  released->set_service("a/b");
  released->set_address("10.0.0.1");
  node_.Answer("ReleaseAddress", response);
  constexpr Case kCases[] = {
      {"drain",
       "Draining: other nodes announce until `lbctl undrain` or a restart.\n"},
      {"undrain", "No longer draining.\n"},
      {"log-level error", "Done, until the next restart.\n"},
      {"release a/b", "10.0.0.1 is free; a/b held it.\n"},
      {"reload",
       "In force: 0 pools, 0 advertisements, 0 services. 0 problems.\n"},
      {"what-if --with n2", "Nothing would move.\n"},
      {"problems", "No problems.\n"},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(Show(c.line), fmt::format("{}exit 0", c.want)) << c.line;
  }
}

TEST_F(CommandLineTest, AKeyIsRotatedInSteps) {
  admin::v1::RotateGossipKeyResponse rotated;
  rotated.set_keys(2);
  node_.Answer("RotateGossipKey", rotated);
  const std::string file = Write("secret", "s\n");
  constexpr Case kCases[] = {
      {"add", "step: ADD secret: \"s\\n\""},
      {"remove", "step: REMOVE secret: \"s\\n\""},
      {"use", "step: USE secret: \"s\\n\""},
      {"use --derivation sha256",
       "step: USE secret: \"s\\n\" derivation: SHA256"},
      {"use --derivation legacy",
       "step: USE secret: \"s\\n\" derivation: LEGACY"},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(Show(fmt::format("rotate-key {} --secret-file {}", c.line, file)),
              "Done. 2 secrets decrypt now.\nexit 0");
    EXPECT_THAT(node_.TakeAsked(),
                ElementsAre(fmt::format("RotateGossipKey {}", c.want)));
  }
  const std::string large = Write("large", std::string(4097, 's'));
  EXPECT_EQ(Ask("rotate-key add --secret-file " + large).status, 2);
  const std::string empty = Write("empty", "");
  EXPECT_EQ(
      Show("rotate-key add --secret-file " + empty),
      fmt::format("lbctl: --secret-file: {}: empty, want 1 to 4096 bytes\n"
                  "exit 2",
                  empty));
  EXPECT_THAT(node_.TakeAsked(), IsEmpty());
}

TEST_F(CommandLineTest, TopShowsFramesAsLongAsItIsAnswered) {
  status::v1::GetNodeResponse node;
  node.set_name("n1");
  node_.Answer("GetNode", node);
  const Outcome two = Ask("top --frames 2 --interval 0.1");
  EXPECT_EQ(two.status, 0);
  EXPECT_EQ(node_.TakeAsked().size(), 8u);
  node_.Refuse("ListPools", {grpc::StatusCode::INTERNAL, "no"});
  EXPECT_EQ(Show("top"), "lbctl: SERVER: no\nexit 1");
  EXPECT_THAT(node_.TakeAsked(),
              ElementsAre("GetNode", "ListMembers", "ListPools"));
}

}  // namespace
}  // namespace lb::lbctl
