#include "lb/io/sim/sim_port_table.h"

#include <memory>
#include <string>

#include "gmock/gmock.h"

namespace lb::io {
namespace {

using testing::Optional;

net::Endpoint At(std::string_view text) {
  return *net::ParseEndpoint(text, /*default_port=*/0);
}

// Port 0 is not written in texts.
net::Endpoint AnyPort(std::string_view address) {
  return {*net::ParseIpAddress(address), 0};
}

class SimPortTableTest : public testing::Test {
 protected:
  void Add(std::string_view at) {
    ASSERT_TRUE(table_.IsFree(At(at)));
    table_.Add(At(at), std::make_shared<std::string>(at));
  }
  std::string Find(std::string_view to) const {
    const auto found = table_.Find(At(to));
    return found == nullptr ? "" : *found;
  }

  SimPortTable<std::shared_ptr<std::string>> table_;
};

TEST_F(SimPortTableTest, APacketGoesToTheSocketOfItsAddressAndPort) {
  Add("10.0.0.1:179");
  Add("10.0.0.1:3784");
  Add("10.0.0.2:179");
  EXPECT_EQ(Find("10.0.0.1:179"), "10.0.0.1:179");
  EXPECT_EQ(Find("10.0.0.1:3784"), "10.0.0.1:3784");
  EXPECT_EQ(Find("10.0.0.2:179"), "10.0.0.2:179");
  EXPECT_EQ(Find("10.0.0.2:3784"), "");
}

TEST_F(SimPortTableTest, AnyAddressIsThatOfItsFamilyAndInIpv6OfBoth) {
  Add("0.0.0.0:1");
  Add("[::]:2");
  EXPECT_EQ(Find("10.0.0.1:1"), "0.0.0.0:1");
  EXPECT_EQ(Find("[2001:db8::1]:1"), "");
  EXPECT_EQ(Find("10.0.0.1:2"), "[::]:2");
  EXPECT_EQ(Find("[2001:db8::1]:2"), "[::]:2");
}

TEST_F(SimPortTableTest, NoPacketHasTwoReceivers) {
  Add("[::]:1");
  EXPECT_FALSE(table_.IsFree(At("10.0.0.1:1")));
  EXPECT_FALSE(table_.IsFree(At("0.0.0.0:1")));
  EXPECT_FALSE(table_.IsFree(At("[2001:db8::1]:1")));
  Add("0.0.0.0:2");
  EXPECT_FALSE(table_.IsFree(At("10.0.0.1:2")));
  EXPECT_FALSE(table_.IsFree(At("[::]:2")));
  EXPECT_TRUE(table_.IsFree(At("[2001:db8::1]:2")));
  table_.Remove(At("[::]:1"));
  EXPECT_TRUE(table_.IsFree(At("10.0.0.1:1")));
}

TEST_F(SimPortTableTest, PortZeroIsOneThatIsFree) {
  EXPECT_THAT(table_.Choose(AnyPort("10.0.0.1")),
              Optional(At("10.0.0.1:49152")));
  Add("0.0.0.0:49152");
  EXPECT_THAT(table_.Choose(AnyPort("10.0.0.1")),
              Optional(At("10.0.0.1:49153")));
  EXPECT_EQ(table_.Choose(At("10.0.0.1:49152")), std::nullopt);
}

}  // namespace
}  // namespace lb::io
