// Command lines become requests, or are refused.
#include "daemon/lbctl/command_line.h"

#include <cstdlib>

#include "absl/strings/str_join.h"
#include "daemon/lbctl/testing/command_line_fixture.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/config/version.h"

namespace lb::lbctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST_F(CommandLineTest, WordsBecomeARequest) {
  constexpr Case kCases[] = {
      {"status", "GetNode"},
      {"services", "ListServices"},
      {"services --namespace a", "ListServices service_namespace: \"a\""},
      {"services --address 10.0.0.1", "ListServices address: \"10.0.0.1\""},
      {"services --address 2001:db8::1",
       "ListServices address: \"2001:db8::1\""},
      {"members", "ListMembers"},
      {"interfaces", "ListInterfaces"},
      {"peers", "ListPeers"},
      {"routes", "ListRoutes"},
      {"routes --peer tor-1", "ListRoutes peer: \"tor-1\""},
      {"bfd", "ListBfdSessions"},
      {"problems", "ListProblems"},
      {"problems --kind state", "ListProblems kinds: STATE"},
      {"problems --kind state --kind long-turn",
       "ListProblems kinds: STATE kinds: LONG_TURN"},
      {"history", "ListAnnouncements"},
      {"history --address 10.0.0.1 --service a/b --node n1",
       "ListAnnouncements address: \"10.0.0.1\" service: \"a/b\" "
       "node: \"n1\""},
      {"history --since 1970-01-01T00:00:07Z",
       "ListAnnouncements since { seconds: 7 }"},
      {"events", "WatchEvents"},
      {"events -f", "WatchEvents follow: true"},
      {"events --follow --after 12",
       "WatchEvents after_sequence: 12 follow: true"},
      {"events --since 1970-01-01T00:00:07Z",
       "WatchEvents since { seconds: 7 }"},
      {"explain a/b", "Explain service: \"a/b\""},
      {"what-if --without n1 --without n2 --with n3",
       "WhatIf without: \"n1\" without: \"n2\" with: \"n3\""},
      {"drain", "Drain"},
      {"undrain", "Undrain"},
      {"reload", "Reload"},
      {"release 10.0.0.1", "ReleaseAddress address: \"10.0.0.1\""},
      {"release 2001:db8::1", "ReleaseAddress address: \"2001:db8::1\""},
      {"release a/b", "ReleaseAddress service: \"a/b\""},
      {"log-level debug", "SetLogLevel level: \"debug\""},
      {"log-level warning", "SetLogLevel level: \"warning\""},
      {"top --frames 1", "GetNode|ListMembers|ListPools|ListServices"},
      {"top -o wide", "GetNode|ListMembers|ListPools|ListServices"},
  };
  for (const Case& c : kCases) {
    const Outcome outcome = Ask(c.line);
    EXPECT_EQ(outcome.status, 0) << c.line << "\n" << outcome.err;
    EXPECT_EQ(absl::StrJoin(node_.TakeAsked(), "|"), c.want) << c.line;
  }
}

TEST_F(CommandLineTest, WhatLbctlCanJudgeAsksNobody) {
  constexpr Case kCases[] = {
      {"services --address web",
       "--address: \"web\", want an IPv4 or IPv6 address"},
      {"history --address web",
       "--address: \"web\", want an IPv4 or IPv6 address"},
      {"history --since soon",
       "--since: \"soon\", want 10m, 2h or 2024-05-01T10:00:00Z"},
      {"events --since \x1b[2J",
       "--since: \"\\x1b[2J\", want 10m, 2h or 2024-05-01T10:00:00Z"},
      {"events --since inf",
       "--since: \"inf\", want 10m, 2h or 2024-05-01T10:00:00Z"},
      {"explain 10.0.0",
       "\"10.0.0\": no IP address, want an address or "
       "namespace/name"},
      {"release 10.0.0",
       "\"10.0.0\": no IP address, want an address or "
       "namespace/name"},
      {"release ''", "WHAT: empty, want an address or namespace/name"},
      {"explain ''", "SERVICE: empty, want an address or namespace/name"},
      {"log-level loud", "LEVEL: \"loud\", want debug, info, warning or error"},
      {"secret new ''",
       "FILE: empty, want a name, or none at all for standard "
       "output"},
      {"top -o json",
       "top: --output: want table or wide; status, members, pools and services "
       "have the same as JSON and YAML"},
      {"memebrs",
       "memebrs: unknown command, did you mean members? (--help lists all)"},
      {"members n1", "n1: unknown argument (--help lists all)"},
      {"members --nod n1", "--nod: unknown flag (--help lists all)"},
      {"services --nod n1",
       "--nod: unknown flag, did you mean --node? (--help lists all)"},
      {"", "want a subcommand, --help lists them"},
  };
  for (const Case& c : kCases) {
    const Outcome outcome = *c.line == 0 ? RunWords("") : Ask(c.line);
    EXPECT_EQ(outcome.err, fmt::format("lbctl: {}\n", c.want)) << c.line;
    EXPECT_EQ(outcome.out, "") << c.line;
    EXPECT_EQ(outcome.status, 2) << c.line;
  }
  EXPECT_THAT(node_.TakeAsked(), IsEmpty());
}

TEST_F(CommandLineTest, WhatTheParserRefusesIsNamed) {
  constexpr Case kCases[] = {
      {"explain", "SERVICE"},
      {"release", "WHAT"},
      {"log-level", "LEVEL"},
      {"check", "FILE"},
      {"secret", "STEP"},
      {"secret old", "STEP"},
      {"what-if", "--without"},
      {"rotate-key", "STEP"},
      {"rotate-key add", "--secret-file"},
      {"rotate-key swap --secret-file a", "STEP"},
      {"rotate-key use --secret-file a --derivation md5", "--derivation"},
      {"events --after soon", "--after"},
      {"events --after -1", "--after"},
      {"top --frames 0", "--frames"},
      {"top --frames x", "--frames"},
      {"top --interval 0", "--interval"},
      {"top --interval 3601", "--interval"},
      {"-o xml status", "--output"},
      {"--timeout 0 status", "--timeout"},
      {"--timeout soon status", "--timeout"},
      {"status --output", "--output"},
  };
  for (const Case& c : kCases) {
    const Outcome outcome = Ask(c.line);
    EXPECT_THAT(outcome.err, StartsWith("lbctl: ")) << c.line;
    EXPECT_THAT(outcome.err, HasSubstr(c.want)) << c.line;
    EXPECT_THAT(outcome.err, HasSubstr(" (--help says more)\n")) << c.line;
    EXPECT_EQ(outcome.status, 2) << c.line;
  }
  EXPECT_THAT(node_.TakeAsked(), IsEmpty());
}

TEST_F(CommandLineTest, HelpIsAnAnswer) {
  for (const char* line : {"--help", "-h", "help"}) {
    const Outcome outcome = RunWords(line);
    EXPECT_EQ(outcome.status, 0) << line;
    EXPECT_EQ(outcome.err, "") << line;
    EXPECT_THAT(outcome.out, HasSubstr("Exit status: 0 the node answered"))
        << line;
  }
  for (const char* command :
       {"status",    "services",   "pools",   "members", "interfaces",
        "problems",  "history",    "events",  "explain", "what-if",
        "top",       "drain",      "undrain", "reload",  "release",
        "log-level", "rotate-key", "secret",  "check",   "doctor"}) {
    EXPECT_THAT(RunWords("--help").out,
                HasSubstr(fmt::format("  {} ", command)));
    const Outcome asked = RunWords(fmt::format("help {}", command));
    EXPECT_EQ(asked.status, 0) << command;
    EXPECT_THAT(asked.out, HasSubstr(fmt::format("Usage: lbctl {}", command)));
    EXPECT_EQ(RunWords(fmt::format("{} --help", command)).out, asked.out);
  }
  EXPECT_EQ(RunWords("--version").out,
            fmt::format("lbctl {}\n", config::kVersion));
}

TEST_F(CommandLineTest, TheEnvironmentHasDefaults) {
  setenv("LBCTL_SERVER", node_.server().c_str(), 1);
  EXPECT_EQ(RunWords("drain").status, 0);
  EXPECT_THAT(node_.TakeAsked(), ElementsAre("Drain"));
  // A flag comes before the command.
  EXPECT_EQ(RunWords("--server foo drain").err,
            "lbctl: --server: \"foo\": no port, want unix:PATH, or HOST:PORT "
            "with a port of 1..65535\n");
  unsetenv("LBCTL_SERVER");
  setenv("LBCTL_TLS_CA", "/none", 1);
  const Outcome outcome = RunWords("--server localhost:1 drain");
  unsetenv("LBCTL_TLS_CA");
  EXPECT_THAT(outcome.err, StartsWith("lbctl: /none: cannot read it"));
  EXPECT_EQ(outcome.status, 2);
}

TEST_F(CommandLineTest, TlsFlagsBelongTogether) {
  constexpr Case kCases[] = {
      {"--tls-cert c", "--tls-key: not given, want both certificate and key"},
      {"--tls-key k", "--tls-cert: not given, want both certificate and key"},
      {"--tls-cert c --tls-key k", "--tls-ca: not given, --tls-cert wants it"},
  };
  for (const Case& c : kCases) {
    const Outcome outcome =
        RunWords(fmt::format("--server localhost:1 {} status", c.line));
    EXPECT_EQ(outcome.err, fmt::format("lbctl: {}\n", c.want));
    EXPECT_EQ(outcome.status, 2);
  }
}

}  // namespace
}  // namespace lb::lbctl
