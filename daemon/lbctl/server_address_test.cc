#include "daemon/lbctl/server_address.h"

#include <string>
#include <utility>

#include "gtest/gtest.h"

namespace lb::lbctl {
namespace {

TEST(CheckServerTest, TakesPathsAndHostsWithPorts) {
  for (const char* server :
       {"unix:/run/lbd/lbd.sock", "unix:lbd.sock", "unix:///run/lbd/lbd.sock",
        "n1:7473", "n1.example.com.:1", "node_1:65535", "localhost:7473",
        "172.18.8.11:7473", "[fd00::11]:7473", "[fe80::1%eth0]:7473"}) {
    EXPECT_TRUE(CheckServer(server).ok()) << CheckServer(server);
  }
  EXPECT_TRUE(CheckServer("unix:" + std::string(107, 'a')).ok());
}

TEST(CheckServerTest, NamesTheValueAndWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "empty"},
      {"unix:", "no path"},
      {"unix://run/lbd.sock", "a host before the path"},
      {"foo", "no port"},
      {"foo:", "no port"},
      {"172.18.8.11", "no port"},
      {"[fd00::11]", "no port"},
      {":50051", "no host"},
      {"http://x", "a URL"},
      {"https://n1:7473/", "a URL"},
      {"dns:///n1:7473", "a URL"},
      {"/run/lbd/lbd.sock", "a path without unix:"},
      {"./lbd.sock", "a path without unix:"},
      {"n1:99999", "port \"99999\""},
      {"n1:65536", "port \"65536\""},
      {"n1:4294967297", "port \"4294967297\""},
      {"n1:0", "port \"0\""},
      {"n1:-1", "port \"-1\""},
      {"n1:+1", "port \"+1\""},
      {"n1: 1", "port \" 1\""},
      {"n1:https", "port \"https\""},
      {"[fd00::11]:99999", "port \"99999\""},
      {"fd00::11", "an IPv6 address without brackets"},
      {"fd00::11:7473", "an IPv6 address without brackets"},
      {"unix-abstract:a:b", "more than one colon"},
      {"10.0.0.300:7473", "\"10.0.0.300\" is no address and no host name"},
      {"n 1:7473", "\"n 1\" is no address and no host name"},
      {"[fd00::zz]:7473", "\"[fd00::zz]\" is no address and no host name"},
      {"[fe80::1%]:7473", "\"[fe80::1%]\" is no address and no host name"},
      {"[n1]:7473", "\"[n1]\" is no address and no host name"},
  };
  for (const auto& [server, fault] : cases) {
    EXPECT_EQ(CheckServer(server).message(),
              "--server: \"" + std::string(server) + "\": " + fault +
                  ", want unix:PATH, or HOST:PORT with a port of 1..65535");
  }
  EXPECT_EQ(std::string(CheckServer("n1\n:1").message()).find("\n"),
            std::string::npos);
}

// The kernel limits the length of a path. The message shows its beginning.
TEST(CheckServerTest, APathHasAnEnd) {
  EXPECT_NE(CheckServer("unix:" + std::string(108, 'a'))
                .message()
                .find(": a path of 108 bytes, of at most 107, want"),
            absl::string_view::npos);
}

}  // namespace
}  // namespace lb::lbctl
