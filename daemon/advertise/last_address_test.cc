#include "daemon/advertise/last_address.h"

#include <string>

#include "gtest/gtest.h"
#include "lb/io/sim/sim_world.h"

namespace lb {
namespace {

net::Endpoint At(std::string_view text) {
  return *net::ParseEndpoint(text, 7946);
}

class LastAddressTest : public testing::Test {
 protected:
  std::optional<net::Endpoint> Read() {
    return ReadLastAddress(host_->environment());
  }
  void Keep(std::string_view endpoint) {
    KeepLastAddress(host_->environment(), At(endpoint));
    world_.loop().RunFor(absl::Seconds(1));
  }

  io::SimWorld world_{/*seed=*/1};
  io::SimHost* const host_ = world_.AddHost("n1", "172.18.8.11/24");
};

TEST_F(LastAddressTest, IsReadAfterAStart) {
  EXPECT_EQ(Read(), std::nullopt);
  for (const char* endpoint : {"172.18.8.11", "[2001:db8::1]:99"}) {
    Keep(endpoint);
    host_->Kill();
    host_->Restart();
    EXPECT_EQ(Read(), At(endpoint));
  }
  Keep("127.0.0.1");
  EXPECT_EQ(Read(), At("[2001:db8::1]:99"));
}

TEST_F(LastAddressTest, DamageIsNoAddress) {
  Keep("172.18.8.11");
  std::string value = *host_->environment().state->Read("gossip-address");
  for (size_t size = 0; size < value.size(); ++size) {
    host_->environment().state->Write("gossip-address", value.substr(0, size),
                                      [](const auto&) {});
    world_.loop().RunFor(absl::Seconds(1));
    EXPECT_EQ(Read(), std::nullopt) << size;
  }
}

}  // namespace
}  // namespace lb
