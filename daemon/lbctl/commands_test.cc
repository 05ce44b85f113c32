// The commands against a real node: what they print and how they end.
#include "daemon/lbctl/commands.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "daemon/testing/node_test.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"

namespace lb::lbctl {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class CommandsTest : public NodeTest {
 protected:
  // "status: what was printed".
  template <typename Ask>
  std::string Run(Ask ask, Output output = Output::kTable) {
    Commands commands({.server = listen_}, output, /*colours=*/false);
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const ExitStatus status = ask(commands);
    const std::string printed = testing::internal::GetCapturedStdout();
    return std::to_string(status) + ": " + printed +
           testing::internal::GetCapturedStderr();
  }
};

TEST_F(CommandsTest, ListsAreTables) {
  EXPECT_THAT(Run([](auto& c) { return c.Status(); }),
              StartsWith("0: Node:       n1\n"));
  EXPECT_THAT(Run([](auto& c) { return c.Services({}); }),
              HasSubstr("\ndefault/web  172.18.8.201  first-pool  n1    all"));
  EXPECT_THAT(Run([](auto& c) { return c.Pools({}); }), HasSubstr("1 of 5"));
  EXPECT_THAT(Run([](auto& c) { return c.Members(); }), HasSubstr("this node"));
  EXPECT_THAT(Run([](auto& c) { return c.Interfaces(); }),
              HasSubstr("loopback"));
  EXPECT_THAT(Run([](auto& c) { return c.Problems({}); }),
              HasSubstr("object refused  test.yaml:"));
}

TEST_F(CommandsTest, AnswersHaveFourForms) {
  const auto services = [](auto& c) { return c.Services({}); };
  EXPECT_THAT(Run(services, Output::kWide), HasSubstr("SINCE"));
  EXPECT_THAT(Run(services, Output::kJson),
              HasSubstr("\"announcingNode\": \"n1\""));
  EXPECT_THAT(Run(services, Output::kYaml),
              HasSubstr("announcingNode: \"n1\"\n"));
}

TEST_F(CommandsTest, EventsCanBeLimited) {
  EXPECT_THAT(Run([](auto& c) { return c.Events({}); }),
              HasSubstr("IPAllocated  Service/default/web"));
  EXPECT_THAT(Run([](auto& c) { return c.Events({.since = "1h"}); }),
              HasSubstr("IPAllocated"));
  EXPECT_EQ(
      Run([](auto& c) { return c.Events({.since = "2999-01-01T00:00:00Z"}); }),
      "0: ");
  EXPECT_EQ(Run([](auto& c) { return c.Events({.since = "soon"}); }),
            "2: lbctl: --since: \"soon\", want 10m, 2h or "
            "2024-05-01T10:00:00Z\n");
}

TEST_F(CommandsTest, HistoryHasWhoAnnouncedWhat) {
  const std::string all = Run([](auto& c) { return c.History({}, ""); });
  EXPECT_THAT(all, StartsWith("0: ADDRESS       SERVICE      NODE  FROM"));
  EXPECT_THAT(all, HasSubstr("\n172.18.8.201  default/web  n1    "));
  EXPECT_THAT(all, HasSubstr("  lasts  -\n"));
  status::v1::ListAnnouncementsRequest request;
  request.set_address("172.18.8.201");
  const auto ask = [&](auto& c) { return c.History(request, "1h"); };
  EXPECT_THAT(Run(ask, Output::kJson), HasSubstr("\"node\": \"n1\""));
  EXPECT_THAT(Run(ask, Output::kYaml), HasSubstr("node: \"n1\"\n"));
  request.set_node("n2");
  EXPECT_THAT(Run(ask), testing::Not(HasSubstr("172.18.8.201")));
  request.set_address("soon");
  EXPECT_EQ(Run(ask),
            "2: lbctl: --address: \"soon\", want an IPv4 or IPv6 address\n");
  EXPECT_THAT(Run([](auto& c) { return c.History({}, "soon"); }),
              StartsWith("2: lbctl: --since: \"soon\""));
}

TEST_F(CommandsTest, TopShowsAsManyFramesAsAskedFor) {
  const std::string frame = Run([](auto& c) { return c.Top({.frames = 1}); });
  EXPECT_THAT(frame, StartsWith("0: n1  "));
  EXPECT_THAT(frame, HasSubstr("1 services, 0 pending"));
}

// Nobody could end it: standard output is no terminal here.
TEST_F(CommandsTest, TopWithoutATerminalShowsOneFrame) {
  const std::string shown = Run([](auto& c) { return c.Top({}); });
  EXPECT_THAT(shown, StartsWith("0: n1  "));
  EXPECT_THAT(shown, HasSubstr("1 services, 0 pending"));
  EXPECT_EQ(shown.find("services, "), shown.rfind("services, "));
}

TEST_F(CommandsTest, TopHasTablesOnly) {
  const auto top = [](auto& c) { return c.Top({.frames = 1}); };
  EXPECT_THAT(Run(top, Output::kWide), StartsWith("0: n1  "));
  for (const Output output : {Output::kJson, Output::kYaml}) {
    EXPECT_THAT(Run(top, output),
                StartsWith("2: lbctl: top: --output: want table or wide"));
  }
}

TEST_F(CommandsTest, ChangesAreMade) {
  EXPECT_THAT(Run([](auto& c) { return c.Reload(); }),
              StartsWith("0: In force: 1 pools, 1 advertisements, 1 services. "
                         "1 problems.\n"));
  EXPECT_EQ(reloads_, 1);
  EXPECT_THAT(Run([](auto& c) { return c.SetLogLevel("error"); }),
              StartsWith("0: "));
  EXPECT_EQ(log_level_, config::LogLevel::kError);
}

TEST_F(CommandsTest, RefusalsSayWhatToDo) {
  EXPECT_EQ(Run([](auto& c) { return c.SetLogLevel("loud"); }),
            "2: lbctl: LEVEL: \"loud\", want debug, info, warning or error\n");
  EXPECT_THAT(
      Run([](auto& c) { return c.Problems({"odd"}); }),
      HasSubstr("2: lbctl: --kind: \"odd\", want one of object-refused,"));
  const std::string secret = folder_ + "/secret";
  std::ofstream(secret) << "new";
  EXPECT_THAT(Run([&](auto& c) { return c.RotateKey("add", secret, ""); }),
              HasSubstr("3: lbctl: " + listen_ + ": gossip is in the clear"));
  EXPECT_THAT(Run([](auto& c) { return c.Release("172.18.8.209"); }),
              HasSubstr("3: lbctl: " + listen_ +
                        ": 172.18.8.209: no service holds it\n"));
  EXPECT_THAT(Run([](auto& c) { return c.Release("default/web"); }),
              HasSubstr("default/web would be given it again"));
  EXPECT_THAT(Run([](auto& c) { return c.RotateKey("add", "/none", ""); }),
              StartsWith("2: lbctl: --secret-file: /none: cannot read it"));
  std::ofstream(secret).close();
  EXPECT_EQ(
      Run([&](auto& c) { return c.RotateKey("add", secret, ""); }),
      "2: lbctl: --secret-file: " + secret + ": empty, want 1 to 4096 bytes\n");
}

TEST_F(CommandsTest, ASocketThatDoesNotAnswerIsNamedInOneLine) {
  const auto status = [](auto& c) { return c.Status(); };
  listen_ = "unix:" + folder_ + "/none.sock";
  EXPECT_EQ(Run(status), "1: lbctl: " + listen_ +
                             ": there is no such socket: is lbd running here? "
                             "--server names another, as its option "
                             "status-listen has it\n");
  listen_ = "unix:" + folder_ + "/dead.sock";
  {
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address = {.sun_family = AF_UNIX};
    const std::string path = folder_ + "/dead.sock";
    std::copy(path.begin(), path.end(), address.sun_path);
    ASSERT_EQ(
        bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
        0);
    close(fd);
  }
  EXPECT_EQ(Run(status), "1: lbctl: " + listen_ +
                             ": nobody listens at this socket: lbd has ended; "
                             "`systemctl status lbd` says why\n");
}

TEST_F(CommandsTest, NamesThatThereAreNotGetTheNearest) {
  EXPECT_EQ(Run([](auto& c) { return c.Explain("web"); }),
            "3: lbctl: " + listen_ +
                ": Service/web: there is no such service\n"
                "lbctl: did you mean default/web?\n");
  EXPECT_THAT(Run([](auto& c) { return c.Explain("default/wbe"); }),
              HasSubstr("lbctl: did you mean default/web?\n"));
  EXPECT_THAT(Run([](auto& c) { return c.Explain("default/frobnicate"); }),
              HasSubstr("`lbctl services`, `lbctl pools`"));
  EXPECT_THAT(Run([](auto& c) { return c.Release("web"); }),
              HasSubstr("lbctl: did you mean default/web?\n"));
  EXPECT_THAT(Run([](auto& c) { return c.Release("default/wbe"); }),
              HasSubstr("lbctl: did you mean default/web?\n"));
  status::v1::ListPoolsRequest pools;
  pools.set_pool("frist-pool");
  EXPECT_THAT(Run([&](auto& c) { return c.Pools(pools); }),
              StartsWith("3: lbctl: " + listen_ +
                         ": IPAddressPool/frist-pool: there is no such pool, "
                         "did you mean first-pool?\n"));
}

TEST_F(CommandsTest, AFilterNamesWhatThereIs) {
  status::v1::ListServicesRequest request;
  const auto services = [&](auto& c) { return c.Services(request); };
  request.set_node("n9");
  for (const Output output : {Output::kTable, Output::kJson}) {
    EXPECT_THAT(Run(services, output),
                StartsWith("3: lbctl: " + listen_ +
                           ": Node/n9: there is no such member, want n1\n"));
  }
  request.set_node("n1");
  request.set_pool("frist-pool");
  EXPECT_THAT(Run(services),
              StartsWith("3: lbctl: " + listen_ +
                         ": IPAddressPool/frist-pool: there is no such pool, "
                         "did you mean first-pool?\n"));
  // These exist, and nothing is there for them.
  request.set_pool("first-pool");
  request.set_address("172.18.8.205");
  const std::string none = Run(services);
  EXPECT_THAT(none, StartsWith("0: "));
  EXPECT_THAT(none, testing::EndsWith("lbctl: no service matches\n"));
}

TEST_F(CommandsTest, AnAddressIsExplainedByTheServiceThatHoldsIt) {
  const std::string of_service =
      Run([](auto& c) { return c.Explain("default/web"); });
  EXPECT_THAT(of_service, StartsWith("0: "));
  EXPECT_EQ(Run([](auto& c) { return c.Explain("172.18.8.201"); }), of_service);
  EXPECT_EQ(Run([](auto& c) { return c.Explain("172.18.8.205"); }),
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
    shown = Run([](auto& c) { return c.Explain("172.18.8.203"); });
  }
  EXPECT_THAT(shown, HasSubstr("lbctl: 172.18.8.203 is shared by default/a, "
                               "default/b; this is default/a\n"));
}

// Each is said before anybody is asked, and is wrong usage.
TEST_F(CommandsTest, WhatLbctlItselfCanJudgeIsWrongUsage) {
  listen_ = "unix:" + folder_ + "/none.sock";
  status::v1::ListServicesRequest services;
  services.set_address("10.0.0.300");
  status::v1::ListAnnouncementsRequest history;
  history.set_address("10.0.0.300");
  for (const std::string& shown :
       {Run([&](auto& c) { return c.Services(services); }),
        Run([&](auto& c) { return c.History(history, ""); }),
        Run([&](auto& c) { return c.History({}, "soon"); }),
        Run([](auto& c) { return c.Events({.since = "soon"}); }),
        Run([](auto& c) { return c.Problems({"odd"}); }),
        Run([](auto& c) { return c.Explain("10.0.0.300"); }),
        Run([](auto& c) { return c.Release("10.0.0.300"); }),
        Run([](auto& c) { return c.SetLogLevel("loud"); }),
        Run([](auto& c) { return c.RotateKey("add", "/none", ""); }),
        Run([](auto& c) { return c.Top({}); }, Output::kJson),
        Run([](auto& c) { return c.Doctor("/none", ""); }),
        Run([](auto& c) { return c.Doctor("", "foo"); })}) {
    EXPECT_THAT(shown, StartsWith("2: lbctl: "));
  }
}

// And what only the node knows is its refusal.
TEST_F(CommandsTest, WhatTheNodeDoesNotKnowItRefuses) {
  status::v1::ListServicesRequest on_node;
  on_node.set_node("n9");
  status::v1::ListServicesRequest of_pool;
  of_pool.set_pool("odd");
  status::v1::ListPoolsRequest pool;
  pool.set_pool("odd");
  for (const std::string& shown :
       {Run([&](auto& c) { return c.Services(on_node); }),
        Run([&](auto& c) { return c.Services(of_pool); }),
        Run([&](auto& c) { return c.Pools(pool); }),
        Run([](auto& c) { return c.Explain("default/odd"); }),
        Run([](auto& c) { return c.Explain("odd"); }),
        Run([](auto& c) { return c.Explain("172.18.8.205"); }),
        Run([](auto& c) { return c.Release("default/odd"); }),
        Run([](auto& c) { return c.Release("odd"); }),
        Run([](auto& c) { return c.Release("172.18.8.205"); }),
        Run([](auto& c) { return c.WhatIf({"n9"}, {}); }),
        Run([](auto& c) { return c.WhatIf({}, {"n1"}); })}) {
    EXPECT_THAT(shown, StartsWith("3: lbctl: " + listen_ + ": "));
  }
}

TEST_F(CommandsTest, AServerOfAnotherFormIsWrongUsage) {
  for (const char* server :
       {"unix:", "foo", ":50051", "http://x", "127.0.0.1:99999"}) {
    listen_ = server;
    EXPECT_THAT(Run([](auto& c) { return c.Status(); }),
                StartsWith("2: lbctl: --server: \"" + listen_ + "\": "));
  }
  EXPECT_EQ(Run([](auto& c) { return c.Status(); }),
            "2: lbctl: --server: \"127.0.0.1:99999\": port \"99999\", want "
            "unix:PATH, or HOST:PORT with a port of 1..65535\n");
}

// Every kind of status.proto can be asked for, and has a word.
TEST_F(CommandsTest, AllKindsOfProblemsCanBeAskedFor) {
  const auto* const kinds = status::v1::Problem::Kind_descriptor();
  ASSERT_GT(kinds->value_count(), 7);
  const std::string refusal = Run([](auto& c) { return c.Problems({"odd"}); });
  for (int i = 1; i < kinds->value_count(); ++i) {
    std::string name = kinds->value(i)->name();
    status::v1::ListProblemsResponse problems;
    problems.add_problems()->set_kind(
        static_cast<status::v1::Problem::Kind>(kinds->value(i)->number()));
    for (char& c : name) c = c == '_' ? ' ' : absl::ascii_tolower(c);
    EXPECT_THAT(Render(problems, {}), HasSubstr("\n" + name + "  -"));
    for (char& c : name) c = c == ' ' ? '-' : c;
    EXPECT_THAT(Run([&](auto& c) { return c.Problems({name}); }),
                StartsWith("0: "));
    EXPECT_THAT(refusal, HasSubstr(name));
  }
}

TEST_F(CommandsTest, ChecksManifestsWithoutANode) {
  listen_ = "unix:/none";
  const std::string file = folder_ + "/a.yaml";
  std::ofstream(file) << ServiceYaml("default", "web");
  const auto check = [&](auto& c) { return c.Check({file}); };
  EXPECT_THAT(Run(check), StartsWith("0: In force: 0 pools, 0 advertisements, "
                                     "1 services. 0 problems.\n"));
  std::ofstream(file) << "kind: Service\n";
  EXPECT_THAT(Run(check), StartsWith("4: "));
  EXPECT_THAT(Run(check), HasSubstr(file + ":1: "));
}

TEST(AdviceTest, FitsTheServer) {
  const grpc::Status gone(grpc::StatusCode::UNAVAILABLE, "");
  EXPECT_THAT(Advice(gone, "unix:/a"), HasSubstr("open its socket"));
  EXPECT_THAT(Advice(gone, "n1:7473"), HasSubstr("--tls-ca"));
  EXPECT_THAT(Advice({grpc::StatusCode::DEADLINE_EXCEEDED, ""}, "unix:/a"),
              HasSubstr("--timeout"));
  EXPECT_THAT(Advice({grpc::StatusCode::UNIMPLEMENTED, ""}, "n1:1"),
              HasSubstr("--admin-over-tls"));
  EXPECT_THAT(Advice({grpc::StatusCode::INTERNAL, ""}, "n1:1"), IsEmpty());
}

}  // namespace
}  // namespace lb::lbctl
