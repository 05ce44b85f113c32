// A session whose node's own addresses change.
#include <optional>
#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "lb/bgp/session.h"
#include "lb/bgp/testing/heard_message.h"
#include "lb/bgp/testing/session_fixture.h"

namespace lb::bgp {
namespace {

class SessionAddressesTest : public SessionFixture {
 protected:
  void Want(std::string_view prefix) {
    rib_.Set({*net::ParseIpPrefix(prefix), {}});
  }
};

TEST_F(SessionAddressesTest, NextHopsFollowTheInterface) {
  Want("2001:db8:1::/48");
  Establish();
  EXPECT_EQ(session_->Status().of_family[1].advertised, 1u);
  session_->OnLocalAddresses(now_, Side::kDialled, local_);
  EXPECT_EQ(Said(), "");
  local_.ipv6 = std::nullopt;
  session_->OnLocalAddresses(now_, Side::kDialled, local_);
  EXPECT_EQ(Said(), "UPDATE");  // Withdrawn: there is no next hop.
  EXPECT_EQ(session_->Status().of_family[1].reason, HoldBack::kNoNextHop);
  EXPECT_EQ(session_->Status().of_family[1].held_back, 1u);
  local_.ipv6 = *net::ParseIpAddress("2001:db8::2");
  session_->OnLocalAddresses(now_, Side::kDialled, local_);
  EXPECT_EQ(Said(), "UPDATE");
  EXPECT_EQ(session_->state(), SessionState::kEstablished);
}

TEST_F(SessionAddressesTest, AddressesThatChangeBeforeItIsUpAreTheNextHops) {
  Want("2001:db8:1::/48");
  Start();
  Wait(absl::ZeroDuration());
  Connect();
  local_.ipv6 = *net::ParseIpAddress("2001:db8::2");
  session_->OnLocalAddresses(now_, Side::kDialled, local_);
  EXPECT_EQ(Said(), "");
  HearOpen();
  EXPECT_EQ(HearKeepalive(), "UPDATE UPDATE UPDATE");
  std::string said;
  for (const Bytes& message : messages_) said += ToHex(message);
  EXPECT_NE(said.find("20010db8000000000000000000000002"), std::string::npos)
      << said;
}

TEST_F(SessionAddressesTest, ALostOwnAddressEndsIt) {
  Establish();
  session_->OnLocalAddresses(now_, Side::kDialled, std::nullopt);
  EXPECT_EQ(Said(), "NOTIFICATION 6/6 close");
  EXPECT_EQ(Wait(absl::ZeroDuration()), "dial");
}

}  // namespace
}  // namespace lb::bgp
