// Commands that ask no node.
#include <unistd.h>

#include <filesystem>
#include <string>

#include "daemon/lbctl/testing/command_line_fixture.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::lbctl {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST_F(CommandLineTest, ASecretGoesWhereItIsTold) {
  const Outcome printed = RunWords("secret new");
  EXPECT_EQ(printed.status, 0);
  EXPECT_EQ(printed.out.size(), 45u);
  const std::string file = folder_ + "/secret";
  EXPECT_EQ(RunWords("secret new " + file).out,
            fmt::format("{0}: a new secret, for gossip-secret-file on all "
                        "nodes. Copy it byte by byte, and let lbd alone read "
                        "it: chown lbd:lbd {0}\n",
                        file));
  EXPECT_EQ(std::filesystem::file_size(file), 45u);
  const Outcome again = RunWords("secret new " + file);
  EXPECT_EQ(again.status, 3);
  EXPECT_EQ(again.err,
            fmt::format("lbctl: {}: is there already and stays as it is, want "
                        "another name\n",
                        file));
  const Outcome nowhere = RunWords("secret new /none/secret");
  EXPECT_EQ(nowhere.status, 1);
  EXPECT_EQ(nowhere.err, "lbctl: /none/secret: No such file or directory\n");
  EXPECT_EQ(nowhere.out, "");
}

TEST_F(CommandLineTest, ChecksManifests) {
  const std::string good = Write("good.yaml",
                                 "apiVersion: metallb.io/v1beta1\n"
                                 "kind: IPAddressPool\n"
                                 "metadata: {name: p}\n"
                                 "spec: {addresses: [10.0.0.1/32]}\n");
  const Outcome outcome = RunWords("check " + good);
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(
      outcome.out,
      StartsWith("In force: 1 pools, 0 advertisements, 0 services. 0 problems."
                 "\n1 documents read"));
  const std::string bad = Write("bad.yaml", "kind: [\n");
  const Outcome faulty = RunWords("check " + good + " " + bad);
  EXPECT_EQ(faulty.status, 4);
  EXPECT_THAT(faulty.out, HasSubstr(bad + ":2: yaml: "));
  EXPECT_THAT(RunWords("check -o json " + bad).out,
              StartsWith("{\n \"pools\": 0,\n"));
  EXPECT_EQ(RunWords("check /none").status, 4);
}

TEST_F(CommandLineTest, DoctorWantsOptionsThatItCanRead) {
  const std::string bad = Write("bad.yaml", "status-lisen: [a]\n");
  const Outcome outcome = RunWords("doctor --config " + bad);
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, StartsWith("lbctl: " + bad + ":1: "));
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(RunWords("doctor --config /none").status, 2);
  const std::string good = Write("good.yaml",
                                 "manifests: [/none]\ngossip-bind: 127.0.0.1\n"
                                 "status-listen: [\"unix:/none\"]\n");
  const Outcome found = RunWords("doctor -o json --config " + good);
  EXPECT_EQ(found.status, 4);  // There are no manifests.
  EXPECT_THAT(found.out, StartsWith("[\n"));
  EXPECT_THAT(RunWords("doctor -o yaml --config " + good).out,
              StartsWith("---\n"));
  EXPECT_THAT(RunWords(fmt::format("--server {} doctor --config {}",
                                   node_.server(), good))
                  .out,
              HasSubstr(fmt::format("runs, pid {}", getpid())));
}

}  // namespace
}  // namespace lb::lbctl
