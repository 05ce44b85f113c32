#include "daemon/agent_options.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

net::Endpoint At(std::string_view text) {
  return *net::ParseEndpoint(text, 7946);
}

std::vector<io::Link> Links() {
  const auto link = [](std::string name,
                       const std::vector<std::string>& addresses) {
    io::Link link;
    link.name = std::move(name);
    link.up = true;
    for (const std::string& address : addresses) {
      link.addresses.push_back(*net::ParseIpPrefix(address));
    }
    return link;
  };
  std::vector<io::Link> links = {
      link("lo", {"127.0.0.1/8", "10.9.9.9/32", "::1/128"}),
      link("down0", {"10.1.0.1/24"}),
      link("eth0",
           {"169.254.0.1/16", "10.0.0.1/24", "fe80::1/64", "2001:db8::1/64"})};
  links[0].loopback = true;
  links[1].up = false;
  return links;
}

TEST(AdvertisedEndpointTest, PrefersWhatIsGivenThenWhatIsBound) {
  config::Options options;
  EXPECT_THAT(AdvertisedEndpoint(options, At("10.0.0.7"), Links()),
              IsOkAndHolds(At("10.0.0.7")));
  EXPECT_THAT(AdvertisedEndpoint(options, At("0.0.0.0:99"), Links()),
              IsOkAndHolds(At("10.0.0.1:99")));
  EXPECT_THAT(AdvertisedEndpoint(options, At("[::]:99"), Links()),
              IsOkAndHolds(At("[2001:db8::1]:99")));
  options.gossip_advertise = net::Endpoint{At("192.0.2.1").address, 0};
  EXPECT_THAT(AdvertisedEndpoint(options, At("0.0.0.0:99"), Links()),
              IsOkAndHolds(At("192.0.2.1:99")));
  options.gossip_advertise = At("192.0.2.1:1");
  EXPECT_THAT(AdvertisedEndpoint(options, At("0.0.0.0:99"), Links()),
              IsOkAndHolds(At("192.0.2.1:1")));
}

TEST(AdvertisedEndpointTest, SaysWhatIsMissing) {
  EXPECT_THAT(AdvertisedEndpoint({}, At("0.0.0.0"), {}),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("no link has a global IPv4 address, want "
                                 "--gossip-advertise ADDRESS")));
}

TEST(ReadGossipSecretTest, MakesMetallbsKeyOfTheFileAsItIs) {
  const std::string path = testing::TempDir() + "/secret";
  std::ofstream(path) << std::string(22, 'A');
  const auto keyring = ReadGossipSecret(path);
  ASSERT_THAT(keyring, IsOk());
  ASSERT_THAT(keyring->keys(), SizeIs(1));
  EXPECT_EQ(keyring->keys()[0], gossip::wire::MetallbKey(std::string(22, 'A')));
}

TEST(ReadGossipSecretTest, NamesTheFileAndWhatWasWanted) {
  const std::string folder = testing::TempDir();
  std::ofstream(folder + "/empty").flush();
  std::ofstream(folder + "/large") << std::string(4097, 'A');
  std::filesystem::create_directories(folder + "/folder");
  const std::pair<const char*, const char*> cases[] = {
      {"/empty", "empty, want 1 to 4096 bytes"},
      {"/large", "more than 4096 bytes, want fewer"},
      {"/folder", "no regular file, want one"},
      {"/not-there", "cannot read it: No such file or directory"},
  };
  for (const auto& [name, why] : cases) {
    EXPECT_EQ(ReadGossipSecret(folder + name).status().message(),
              fmt::format("gossip-secret-file: {}{}: {}", folder, name, why));
  }
}

TEST(MakeAgentOptionsTest, TakesTheHostsNameIfNoneIsGiven) {
  config::Options options;
  EXPECT_EQ(MakeAgentOptions(options, "host", At("10.0.0.7"), {})->node,
            "host");
  options.node_name = "n1";
  options.deliver = config::Deliver::kLoopback;
  const auto agent = MakeAgentOptions(options, "host", At("10.0.0.7"), {});
  ASSERT_THAT(agent, IsOk());
  EXPECT_EQ(agent->node, "n1");
  EXPECT_EQ(agent->delivery, Delivery::kLoopback);
  EXPECT_EQ(agent->interfaces.exclude, options.exclude_interfaces);
}

}  // namespace
}  // namespace lb
