// Reads facts of a real host: this one, on its loopback addresses.
#include "daemon/lbctl/host_facts.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/lbctl/testing/sockets.h"
#include "daemon/options/options.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/net/host_port.h"

namespace lb::lbctl {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HostFactsTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = "/tmp/lbctl-test.XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    options_.gossip.bind = LoopbackSocket(Transport::kTcp).endpoint();
    options_.status.listen = {"unix:" + folder_ + "/lbd.sock"};
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) const {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path) << text;
    return path;
  }
  HostFacts Read(const std::string& server = "") const {
    return ReadHostFacts(options_, server);
  }

  Options options_;
  std::string folder_;
};

TEST_F(HostFactsTest, AHostWithoutLbd) {
  const HostFacts facts = Read();
  EXPECT_EQ(facts.interfaces_error, "");
  EXPECT_THAT(facts.interfaces, Contains(Field(&HostFacts::Interface::link,
                                               Field(&io::Link::name, "lo"))));
  EXPECT_FALSE(facts.daemon.has_value());
  EXPECT_EQ(facts.socket, options_.status.listen[0]);
  EXPECT_EQ(facts.socket_error, ENOENT);
  EXPECT_EQ(facts.other_server, "");
  EXPECT_THAT(facts.ports, ElementsAre(Field(&HostFacts::Port::error, 0),
                                       Field(&HostFacts::Port::error, 0)));
  EXPECT_THAT(facts.peers, IsEmpty());
  EXPECT_THAT(facts.problems, IsEmpty());
  EXPECT_EQ(facts.secret_error, 0);
  EXPECT_GT(facts.clock, absl::FromUnixSeconds(1'700'000'000));
}

// The test itself listens at the socket.
TEST_F(HostFactsTest, TheProcessAtTheSocketIsLookedAt) {
  const std::string path = folder_ + "/lbd.sock";
  const UnixListener listener(path);
  listener.Listen();
  uint64_t capabilities = 0;
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == "CapEff:") status >> std::hex >> capabilities;
  }
  for (const std::string& server : {std::string(), "unix:" + path}) {
    const HostFacts facts = Read(server);
    ASSERT_TRUE(facts.daemon.has_value());
    EXPECT_EQ(facts.daemon->pid, getpid());
    EXPECT_EQ(facts.daemon->user, geteuid());
    EXPECT_EQ(facts.daemon->capabilities, capabilities);
    EXPECT_EQ(facts.socket_error, 0);
  }
  // --server overrides the options.
  EXPECT_FALSE(Read("unix:" + folder_ + "/none").daemon.has_value());
  // lbctl cannot read the facts of another host.
  const HostFacts other = Read("n1:7473");
  EXPECT_EQ(other.other_server, "n1:7473");
  EXPECT_TRUE(other.daemon.has_value());
}

TEST_F(HostFactsTest, PortsInUse) {
  const LoopbackSocket udp(Transport::kUdp);
  options_.gossip.bind = udp.endpoint();
  EXPECT_THAT(Read().ports,
              ElementsAre(Field(&HostFacts::Port::error, EADDRINUSE),
                          Field(&HostFacts::Port::error, 0)));
  const LoopbackSocket tcp(Transport::kTcp);
  tcp.Listen();
  options_.gossip.bind = tcp.endpoint();
  const HostFacts facts = Read();
  EXPECT_EQ(facts.ports[0].protocol, "UDP");
  EXPECT_EQ(facts.ports[1].protocol, "TCP");
  EXPECT_EQ(facts.ports[0].error, 0);
  EXPECT_EQ(facts.ports[1].error, EADDRINUSE);
  // TEST-NET-1: no host has it.
  options_.gossip.bind = *net::ParseEndpoint("192.0.2.1", 7946);
  EXPECT_THAT(Read().ports,
              ElementsAre(Field(&HostFacts::Port::error, EADDRNOTAVAIL),
                          Field(&HostFacts::Port::error, EADDRNOTAVAIL)));
}

TEST_F(HostFactsTest, PeersThatListenAndOthers) {
  const LoopbackSocket silent(Transport::kTcp);
  silent.Listen();
  const net::Endpoint nobody = LoopbackSocket(Transport::kTcp).endpoint();
  options_.gossip.secret_file = Write("secret", "s");
  options_.gossip.join = {silent.endpoint(), nobody,
                          *net::ParseHostPort("no-such-host.invalid", 7946)};
  const HostFacts facts = Read();
  ASSERT_EQ(facts.peers.size(), 3u);
  EXPECT_EQ(facts.peers[0].endpoint, silent.endpoint());
  EXPECT_EQ(facts.peers[0].error, 0);
  EXPECT_GT(facts.peers[0].path_mtu, 0);
  EXPECT_LT(facts.peers[0].took, absl::Seconds(1));
  // The peer takes the connection and sends nothing.
  EXPECT_EQ(facts.peers[0].key, KeyVerdict::kSilent);
  EXPECT_EQ(facts.peers[1].error, ECONNREFUSED);
  EXPECT_EQ(facts.peers[1].key, KeyVerdict::kUntried);
  EXPECT_FALSE(facts.peers[2].endpoint.has_value());
  EXPECT_NE(facts.peers[2].fault, "");
  EXPECT_EQ(facts.key_error, "");
}

TEST_F(HostFactsTest, ANameMayHaveMoreThanOneAddress) {
  options_.gossip.join = {
      *net::ParseHostPort("localhost", options_.gossip.bind.port)};
  const HostFacts facts = Read();
  ASSERT_FALSE(facts.peers.empty());
  for (const HostFacts::Peer& peer : facts.peers) {
    EXPECT_EQ(peer.seed.text, options_.gossip.join[0].text);
    ASSERT_TRUE(peer.endpoint.has_value());
    EXPECT_TRUE(peer.endpoint->address.is_loopback());
    EXPECT_NE(peer.error, 0);
  }
}

TEST_F(HostFactsTest, NoMoreThan64PeersAreTried) {
  const net::Endpoint nobody = LoopbackSocket(Transport::kTcp).endpoint();
  for (int i = 0; i < 70; ++i) options_.gossip.join.emplace_back(nobody);
  EXPECT_EQ(Read().peers.size(), 64u);
}

TEST_F(HostFactsTest, TheSecretsFile) {
  options_.gossip.secret_file = folder_ + "/none";
  const HostFacts none = Read();
  EXPECT_EQ(none.secret_error, ENOENT);
  EXPECT_THAT(none.key_error, HasSubstr("gossip-secret-file"));
  options_.gossip.secret_file = Write("secret", "0123456789");
  chmod(options_.gossip.secret_file.c_str(), 0640);
  const HostFacts facts = Read();
  EXPECT_EQ(facts.secret_error, 0);
  EXPECT_EQ(facts.secret_mode & 0777, 0640u);
  EXPECT_EQ(facts.secret_size, 10u);
  EXPECT_EQ(facts.key_error, "");
}

TEST_F(HostFactsTest, ProblemsOfManifests) {
  options_.manifests = {Write("a.yaml", "kind: [\n"), folder_ + "/none"};
  EXPECT_THAT(Read().problems, Contains(HasSubstr("a.yaml:2: ")));
  EXPECT_THAT(Read().problems, Contains(HasSubstr("/none: ")));
}

// `lbd --check` checks them in the same way.
TEST_F(HostFactsTest, TheStatusServicesTlsFiles) {
  EXPECT_TRUE(Read().tls.ok());  // There are none.
  options_.status.tls.cert = folder_ + "/cert.pem";
  options_.status.tls.key = folder_ + "/key.pem";
  EXPECT_THAT(std::string(Read().tls.message()),
              HasSubstr("status-tls-cert: " + folder_ + "/cert.pem: cannot"));
  if (std::system("openssl version > /dev/null 2>&1") != 0) {
    GTEST_SKIP() << "SKIPPED: no openssl command (package openssl)";
  }
  const auto make = [&](const std::string& name, const std::string& days) {
    const std::string command = fmt::format(
        "cd {0} && openssl req -newkey ec -pkeyopt "
        "ec_paramgen_curve:prime256v1 -nodes -subj /CN=n1 -keyout {1}key.pem "
        "-out csr 2>log && openssl x509 -req -in csr -signkey {1}key.pem "
        "-days {2} -out {1}cert.pem 2>log",
        folder_, name, days);
    ASSERT_EQ(std::system(command.c_str()), 0);
  };
  make("", "2");
  EXPECT_TRUE(Read().tls.ok()) << Read().tls;
  make("other-", "2");
  options_.status.tls.key = folder_ + "/other-key.pem";
  EXPECT_THAT(std::string(Read().tls.message()),
              HasSubstr("other-key.pem: does not belong to the certificate"));
  make("old-", "-1");
  options_.status.tls.cert = folder_ + "/old-cert.pem";
  options_.status.tls.key = folder_ + "/old-key.pem";
  EXPECT_THAT(std::string(Read().tls.message()),
              HasSubstr("old-cert.pem: has expired"));
  if (geteuid() == 0) return;  // Root may read all files.
  chmod(options_.status.tls.key.c_str(), 0);
  EXPECT_TRUE(absl::IsPermissionDenied(Read().tls));
}

}  // namespace
}  // namespace lb::lbctl
