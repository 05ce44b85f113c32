#include "daemon/agent_options.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "daemon/gossip_secret.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb {
namespace {

using gossip::wire::KeyDerivation;
using ::testing::SizeIs;

net::Endpoint At(std::string_view text) {
  return *net::ParseEndpoint(text, 7946);
}

TEST(AdvertisedEndpointTest, PrefersWhatIsGivenThenWhatIsBound) {
  Options options;
  EXPECT_EQ(AdvertisedEndpoint(options, At("10.0.0.7")), At("10.0.0.7"));
  EXPECT_EQ(AdvertisedEndpoint(options, At("0.0.0.0:99")), At("0.0.0.0:99"));
  options.gossip.advertise = net::Endpoint{At("192.0.2.1").address, 0};
  EXPECT_EQ(AdvertisedEndpoint(options, At("0.0.0.0:99")), At("192.0.2.1:99"));
  options.gossip.advertise = At("192.0.2.1:1");
  EXPECT_EQ(AdvertisedEndpoint(options, At("0.0.0.0:99")), At("192.0.2.1:1"));
}

TEST(ReadGossipSecretTest, MakesMetallbsKeyOfTheFileAsItIs) {
  const std::string path = testing::TempDir() + "/secret";
  std::ofstream(path) << std::string(22, 'A');
  for (const auto derivation :
       {KeyDerivation::kSha256, KeyDerivation::kLegacy}) {
    const auto keyring = ReadGossipSecret(path, derivation);
    ASSERT_THAT(keyring, IsOk());
    ASSERT_THAT(keyring->keys(), SizeIs(2));
    EXPECT_EQ(keyring->keys()[0],
              gossip::wire::MetallbKey(std::string(22, 'A'), derivation));
  }
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
    EXPECT_EQ(ReadGossipSecret(folder + name, KeyDerivation::kSha256)
                  .status()
                  .message(),
              fmt::format("gossip-secret-file: {}{}: {}", folder, name, why));
  }
}

TEST(FindGossipWeaknessTest, NamesGossipInTheClearAndShortSecrets) {
  Options options;
  ASSERT_TRUE(FindGossipWeakness(options).has_value());
  EXPECT_EQ(FindGossipWeakness(options)->reason, "GossipInTheClear");
  const std::string path = testing::TempDir() + "/short-secret";
  options.gossip.secret_file = path;
  std::ofstream(path) << std::string(15, 'A');
  const auto weakness = FindGossipWeakness(options);
  ASSERT_TRUE(weakness.has_value());
  EXPECT_EQ(weakness->reason, "GossipSecretShort");
  EXPECT_EQ(weakness->message,
            path +
                ": 15 bytes, which can be guessed; want 16 or more, as "
                "\"lbctl secret new FILE\" makes them, on all nodes");
  std::ofstream(path) << std::string(16, 'A');
  EXPECT_FALSE(FindGossipWeakness(options).has_value());
}

TEST(MakeAgentOptionsTest, TakesTheHostsNameIfNoneIsGiven) {
  Options options;
  EXPECT_EQ(MakeAgentOptions(options, "Host.Example", At("10.0.0.7"))->node,
            "host.example");
  options.node_name = "n1";
  options.deliver = Deliver::kLoopback;
  options.gossip.key_derivation = KeyDerivation::kLegacy;
  const auto agent = MakeAgentOptions(options, "host", At("10.0.0.7"));
  ASSERT_THAT(agent, IsOk());
  EXPECT_EQ(agent->node, "n1");
  EXPECT_EQ(agent->delivery, Delivery::kLoopback);
  EXPECT_EQ(agent->key_derivation, KeyDerivation::kLegacy);
  EXPECT_EQ(agent->interfaces.exclude, options.exclude_interfaces);
}

TEST(MakeAgentOptionsTest, GossipHasItsLabelAndItsNetworks) {
  Options options;
  options.gossip.label = "blue";
  options.gossip.allowed_networks = {*net::ParseIpPrefix("192.0.2.0/24")};
  const auto agent = MakeAgentOptions(options, "n1", At("192.0.2.1"));
  ASSERT_THAT(agent, IsOk());
  EXPECT_EQ(agent->gossip_label, "blue");
  EXPECT_THAT(agent->gossip.admission.cidrs_allowed,
              testing::ElementsAreArray(options.gossip.allowed_networks));
}

}  // namespace
}  // namespace lb
