// The commands against a real node: tests what they print and how they end.
#include <fstream>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "daemon/lbctl/render.h"
#include "daemon/lbctl/testing/run_words.h"
#include "daemon/lbctl/testing/sockets.h"
#include "daemon/testing/node_test.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::lbctl {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class CommandsTest : public NodeTest {
 protected:
  // "status: what was printed", for the words of a command line.
  std::string Run(const std::string& line) const {
    const Outcome outcome =
        RunWords(fmt::format("--server {} {}", listen_, line));
    return fmt::format("{}: {}{}", outcome.status, outcome.out, outcome.err);
  }
};

TEST_F(CommandsTest, ListsAreTables) {
  EXPECT_THAT(Run("status"), StartsWith("0: Node:       n1\n"));
  EXPECT_THAT(Run("services"),
              HasSubstr("\ndefault/web  172.18.8.201  first-pool  n1    all"));
  EXPECT_THAT(Run("pools"), HasSubstr("1 of 5"));
  EXPECT_THAT(Run("members"), HasSubstr("this node"));
  EXPECT_THAT(Run("interfaces"), HasSubstr("loopback"));
  EXPECT_THAT(Run("problems"), HasSubstr("object refused  test.yaml:"));
}

TEST_F(CommandsTest, AnswersHaveFourForms) {
  EXPECT_THAT(Run("services -o wide"), HasSubstr("SINCE"));
  EXPECT_THAT(Run("services -o json"), HasSubstr("\"announcingNode\": \"n1\""));
  EXPECT_THAT(Run("services -o yaml"), HasSubstr("announcingNode: \"n1\"\n"));
}

TEST_F(CommandsTest, EventsCanBeLimited) {
  EXPECT_THAT(Run("events"), HasSubstr("IPAllocated  Service/default/web"));
  EXPECT_THAT(Run("events --since 1h"), HasSubstr("IPAllocated"));
  EXPECT_EQ(Run("events --since 2999-01-01T00:00:00Z"), "0: ");
  EXPECT_EQ(Run("events --since soon"),
            "2: lbctl: --since: \"soon\", want 10m, 2h or "
            "2024-05-01T10:00:00Z\n");
}

TEST_F(CommandsTest, HistoryHasWhoAnnouncedWhat) {
  const std::string all = Run("history");
  EXPECT_THAT(all, StartsWith("0: ADDRESS       SERVICE      NODE  FROM"));
  EXPECT_THAT(all, HasSubstr("\n172.18.8.201  default/web  n1    "));
  EXPECT_THAT(all, HasSubstr("  lasts  -\n"));
  const std::string ask = "history --address 172.18.8.201 --since 1h ";
  EXPECT_THAT(Run(ask + "-o json"), HasSubstr("\"node\": \"n1\""));
  EXPECT_THAT(Run(ask + "-o yaml"), HasSubstr("node: \"n1\"\n"));
  EXPECT_THAT(Run(ask + "--node n2"), testing::Not(HasSubstr("172.18.8.201")));
  EXPECT_EQ(Run("history --node n2 --address soon"),
            "2: lbctl: --address: \"soon\", want an IPv4 or IPv6 address\n");
  EXPECT_THAT(Run("history --since soon"),
              StartsWith("2: lbctl: --since: \"soon\""));
}

TEST_F(CommandsTest, TopShowsAsManyFramesAsAskedFor) {
  const std::string frame = Run("top --frames 1");
  EXPECT_THAT(frame, StartsWith("0: n1  "));
  EXPECT_THAT(frame, HasSubstr("1 services, 0 pending"));
}

// No key could end it: standard output is no terminal here.
TEST_F(CommandsTest, TopWithoutATerminalShowsOneFrame) {
  const std::string shown = Run("top");
  EXPECT_THAT(shown, StartsWith("0: n1  "));
  EXPECT_THAT(shown, HasSubstr("1 services, 0 pending"));
  EXPECT_EQ(shown.find("services, "), shown.rfind("services, "));
}

TEST_F(CommandsTest, TopHasTablesOnly) {
  EXPECT_THAT(Run("top --frames 1 -o wide"), StartsWith("0: n1  "));
  for (const char* form : {"json", "yaml"}) {
    EXPECT_THAT(Run(fmt::format("top --frames 1 -o {}", form)),
                StartsWith("2: lbctl: top: --output: want table or wide"));
  }
}

TEST_F(CommandsTest, ChangesAreMade) {
  EXPECT_THAT(Run("reload"),
              StartsWith("0: In force: 1 pools, 1 advertisements, 1 services. "
                         "1 problems.\n"));
  EXPECT_EQ(reloads_, 1);
  EXPECT_THAT(Run("log-level error"), StartsWith("0: "));
  EXPECT_EQ(log_level_, LogLevel::kError);
}

TEST_F(CommandsTest, RefusalsSayWhatToDo) {
  EXPECT_EQ(Run("log-level loud"),
            "2: lbctl: LEVEL: \"loud\", want debug, info, warning or error\n");
  EXPECT_THAT(
      Run("problems --kind odd"),
      HasSubstr("2: lbctl: --kind: \"odd\", want one of object-refused,"));
  const std::string secret = folder_ + "/secret";
  std::ofstream(secret) << "new";
  EXPECT_THAT(Run("rotate-key add --secret-file " + secret),
              HasSubstr("3: lbctl: " + listen_ + ": gossip is in the clear"));
  EXPECT_THAT(Run("release 172.18.8.209"),
              HasSubstr("3: lbctl: " + listen_ +
                        ": 172.18.8.209: no service holds it\n"));
  EXPECT_THAT(Run("release default/web"),
              HasSubstr("default/web would be given it again"));
  EXPECT_THAT(Run("rotate-key add --secret-file /none"),
              StartsWith("2: lbctl: --secret-file: /none: cannot read it"));
  std::ofstream(secret).close();
  EXPECT_EQ(
      Run("rotate-key add --secret-file " + secret),
      "2: lbctl: --secret-file: " + secret + ": empty, want 1 to 4096 bytes\n");
}

TEST_F(CommandsTest, ASocketThatDoesNotAnswerIsNamedInOneLine) {
  listen_ = "unix:" + folder_ + "/none.sock";
  EXPECT_EQ(Run("status"),
            "1: lbctl: " + listen_ +
                ": there is no such socket: is lbd running here? "
                "--server names another, as its option "
                "status-listen has it\n");
  listen_ = "unix:" + folder_ + "/dead.sock";
  { const UnixListener gone(folder_ + "/dead.sock"); }
  EXPECT_EQ(Run("status"),
            "1: lbctl: " + listen_ +
                ": no process listens at this socket: lbd has ended; "
                "`systemctl status lbd` says why\n");
}

TEST_F(CommandsTest, NamesThatThereAreNotGetTheNearest) {
  EXPECT_EQ(Run("explain web"), "3: lbctl: " + listen_ +
                                    ": Service/web: there is no such service\n"
                                    "lbctl: did you mean default/web?\n");
  EXPECT_THAT(Run("explain default/wbe"),
              HasSubstr("lbctl: did you mean default/web?\n"));
  EXPECT_THAT(Run("explain default/frobnicate"),
              HasSubstr("`lbctl services`, `lbctl pools`"));
  EXPECT_THAT(Run("release web"),
              HasSubstr("lbctl: did you mean default/web?\n"));
  EXPECT_THAT(Run("release default/wbe"),
              HasSubstr("lbctl: did you mean default/web?\n"));
  EXPECT_THAT(Run("pools frist-pool"),
              StartsWith("3: lbctl: " + listen_ +
                         ": IPAddressPool/frist-pool: there is no such pool, "
                         "did you mean first-pool?\n"));
}

TEST_F(CommandsTest, AFilterNamesWhatThereIs) {
  for (const char* form : {"table", "json"}) {
    EXPECT_THAT(Run(fmt::format("services --node n9 -o {}", form)),
                StartsWith("3: lbctl: " + listen_ +
                           ": Node/n9: there is no such member, want n1\n"));
  }
  EXPECT_THAT(Run("services --node n1 --pool frist-pool"),
              StartsWith("3: lbctl: " + listen_ +
                         ": IPAddressPool/frist-pool: there is no such pool, "
                         "did you mean first-pool?\n"));
  // These commands exist and have no entries to show.
  const std::string none =
      Run("services --node n1 --pool first-pool --address 172.18.8.205");
  EXPECT_THAT(none, StartsWith("0: "));
  EXPECT_THAT(none, testing::EndsWith("lbctl: no service matches\n"));
}

TEST_F(CommandsTest, AnAddressIsExplainedByTheServiceThatHoldsIt) {
  const std::string of_service = Run("explain default/web");
  EXPECT_THAT(of_service, StartsWith("0: "));
  EXPECT_EQ(Run("explain 172.18.8.201"), of_service);
  EXPECT_EQ(Run("explain 172.18.8.205"),
            "3: lbctl: " + listen_ +
                ": 172.18.8.205: no service holds it\n"
                "lbctl: `lbctl services`, `lbctl pools` and `lbctl members` "
                "list what there is\n");
}

TEST_F(CommandsTest, ASharedAddressIsExplainedByTheFirstOfItsServices) {
  const std::string shared =
      "  annotations: {metallb.io/allow-shared-ip: k, "
      "metallb.io/loadBalancerIPs: 172.18.8.203}\n";
  std::string manifests =
      "apiVersion: metallb.io/v1beta1\nkind: IPAddressPool\n"
      "metadata: {name: first-pool}\n"
      "spec: {addresses: [172.18.8.201-172.18.8.205]}\n"
      "---\napiVersion: metallb.io/v1beta1\nkind: L2Advertisement\n"
      "metadata: {name: all}\n";
  for (const auto& [name, port] : {std::pair("b", 80), {"a", 81}}) {
    manifests +=
        "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: " +
        std::string(name) + "\n" + shared +
        "spec: {type: LoadBalancer, ports: [{port: " + std::to_string(port) +
        "}]}\n";
  }
  SetManifests(manifests);
  // The second service's address, and its election, come a little later.
  std::string shown;
  while (shown.find("shared by") == shown.npos || !shown.starts_with("0: ")) {
    shown = Run("explain 172.18.8.203");
  }
  EXPECT_THAT(shown, HasSubstr("lbctl: 172.18.8.203 is shared by default/a, "
                               "default/b; this is default/a\n"));
}

// lbctl finds these faults before it asks a node.
TEST_F(CommandsTest, WhatLbctlItselfCanJudgeIsWrongUsage) {
  listen_ = "unix:" + folder_ + "/none.sock";
  for (const char* line :
       {"services --address 10.0.0.300", "history --address 10.0.0.300",
        "history --since soon", "events --since soon", "problems --kind odd",
        "explain 10.0.0.300", "release 10.0.0.300", "log-level loud",
        "rotate-key add --secret-file /none", "top -o json",
        "doctor --config /none"}) {
    EXPECT_THAT(Run(line), StartsWith("2: lbctl: ")) << line;
  }
  listen_ = "foo";
  EXPECT_THAT(Run("doctor"), StartsWith("2: lbctl: "));
}

// Faults that only the node can see are its refusals.
TEST_F(CommandsTest, WhatTheNodeDoesNotKnowItRefuses) {
  for (const char* line :
       {"services --node n9", "services --pool odd", "pools odd",
        "explain default/odd", "explain odd", "explain 172.18.8.205",
        "release default/odd", "release odd", "release 172.18.8.205",
        "what-if --without n9", "what-if --with n1"}) {
    EXPECT_THAT(Run(line), StartsWith("3: lbctl: " + listen_ + ": ")) << line;
  }
}

TEST_F(CommandsTest, AServerOfAnotherFormIsWrongUsage) {
  for (const char* server :
       {"unix:", "foo", ":50051", "http://x", "127.0.0.1:99999"}) {
    listen_ = server;
    EXPECT_THAT(Run("status"),
                StartsWith("2: lbctl: --server: \"" + listen_ + "\": "));
  }
  EXPECT_EQ(Run("status"),
            "2: lbctl: --server: \"127.0.0.1:99999\": port \"99999\", want "
            "unix:PATH, or HOST:PORT with a port of 1..65535\n");
}

// Every kind of status.proto has a word that --kind takes.
TEST_F(CommandsTest, AllKindsOfProblemsCanBeAskedFor) {
  const auto* const kinds = status::v1::Problem::Kind_descriptor();
  ASSERT_GT(kinds->value_count(), 7);
  const std::string refusal = Run("problems --kind odd");
  for (int i = 1; i < kinds->value_count(); ++i) {
    std::string name = kinds->value(i)->name();
    status::v1::ListProblemsResponse problems;
    problems.add_problems()->set_kind(
        static_cast<status::v1::Problem::Kind>(kinds->value(i)->number()));
    for (char& c : name) c = c == '_' ? ' ' : absl::ascii_tolower(c);
    EXPECT_THAT(Render(problems, {}), HasSubstr("\n" + name + "  -"));
    for (char& c : name) c = c == ' ' ? '-' : c;
    EXPECT_THAT(Run("problems --kind " + name), StartsWith("0: "));
    EXPECT_THAT(refusal, HasSubstr(name));
  }
}

TEST_F(CommandsTest, ChecksManifestsWithoutANode) {
  listen_ = "unix:/none";
  const std::string file = folder_ + "/a.yaml";
  std::ofstream(file) << ServiceYaml("default", "web");
  const std::string check = "check " + file;
  EXPECT_THAT(Run(check), StartsWith("0: In force: 0 pools, 0 advertisements, "
                                     "1 services. 0 problems.\n"));
  std::ofstream(file) << "kind: Service\n";
  EXPECT_THAT(Run(check), StartsWith("4: "));
  EXPECT_THAT(Run(check), HasSubstr(file + ":1: "));
}

}  // namespace
}  // namespace lb::lbctl
