#include "lb/bgp/peer.h"

#include <functional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::bgp {
namespace {

using testing::HasSubstr;
using testing::Not;

PeerOptions Good() {
  return {.name = "tor",
          .address = *net::ParseIpAddress("10.0.0.254"),
          .own_asn = {64512},
          .peer_as = {.asn = {65000}}};
}

struct Row {
  std::function<void(PeerOptions&)> change;
  std::string want;  // In the message; empty: it is well.
};

void Check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    PeerOptions options = Good();
    row.change(options);
    const absl::Status status = Validate(options);
    if (row.want.empty()) {
      EXPECT_THAT(status, IsOk());
      continue;
    }
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument,
                                 HasSubstr(row.want)));
  }
}

TEST(PeerTest, EachNameAndAddressHasItsRange) {
  Check({
      {[](PeerOptions&) {}, ""},
      {[](PeerOptions& o) { o.name = ""; }, "peer name: 0 bytes, want 1"},
      {[](PeerOptions& o) { o.name = std::string(254, 'x'); }, "254 bytes"},
      {[](PeerOptions& o) { o.address = {}; }, "address: 0.0.0.0"},
      {[](PeerOptions& o) { o.address = *net::ParseIpAddress("224.0.0.1"); },
       "address: 224.0.0.1, want that of one host"},
      {[](PeerOptions& o) { o.address = *net::ParseIpAddress("fe80::1"); },
       "fe80::1 is link-local, want an interface"},
      {[](PeerOptions& o) {
         o.address = *net::ParseIpAddress("fe80::1");
         o.interface = "eth0";
       },
       ""},
      {[](PeerOptions& o) { o.port = 0; }, "port: 0"},
      {[](PeerOptions& o) { o.interface = std::string(16, 'x'); },
       "want at most 15 bytes"},
      {[](PeerOptions& o) { o.source = *net::ParseIpAddress("2001:db8::1"); },
       "source: 2001:db8::1, want one address of IPv4"},
      {[](PeerOptions& o) { o.source = net::IpAddress(); }, "source: 0.0.0.0"},
  });
}

TEST(PeerTest, EachNumberAndTimeHasItsRange) {
  Check({
      {[](PeerOptions& o) { o.own_asn = {0}; }, "own AS: 0"},
      {[](PeerOptions& o) { o.peer_as.asn = {0}; }, "peer AS: 0"},
      {[](PeerOptions& o) { o.peer_as = {.rule = PeerAsRule::kExternal}; }, ""},
      {[](PeerOptions& o) { o.identifier = 0; }, "identifier: 0"},
      {[](PeerOptions& o) { o.identifier = 1; }, ""},
      {[](PeerOptions& o) { o.password = std::string(80, 'k'); }, ""},
      {[](PeerOptions& o) { o.password = std::string(81, 'k'); },
       "password: 81 bytes, want at most 80"},
      {[](PeerOptions& o) { o.min_ttl = 256; }, "min_ttl: 256"},
      {[](PeerOptions& o) { o.min_ttl = -1; }, "min_ttl: -1"},
      {[](PeerOptions& o) { o.families = {}; }, "families: none"},
      {[](PeerOptions& o) { o.hold_time = absl::ZeroDuration(); }, ""},
      {[](PeerOptions& o) { o.hold_time = absl::Seconds(2); },
       "hold time: 2s, want 0s or 3s to 65535s"},
      {[](PeerOptions& o) { o.hold_time = absl::Seconds(3); }, ""},
      {[](PeerOptions& o) { o.hold_time = absl::Milliseconds(3500); },
       "hold time: 3.5s"},
      {[](PeerOptions& o) { o.hold_time = absl::Seconds(65536); },
       "hold time: 18h12m16s"},
      {[](PeerOptions& o) { o.keepalive_time = absl::Seconds(91); },
       "keepalive time: 1m31s, want 1s to 1m30s"},
      {[](PeerOptions& o) { o.keepalive_time = absl::Milliseconds(999); },
       "keepalive time: 999ms"},
      {[](PeerOptions& o) { o.keepalive_time = absl::Seconds(90); }, ""},
      {[](PeerOptions& o) { o.connect_time = absl::Milliseconds(999); },
       "connect time: 999ms, want 1s to 65535s"},
      {[](PeerOptions& o) { o.connect_time = absl::Seconds(65536); },
       "connect time: 18h12m16s"},
      {[](PeerOptions& o) { o.connect_time = absl::Seconds(65535); }, ""},
      {[](PeerOptions& o) { o.restart_time = absl::Seconds(4096); },
       "restart time"},
      {[](PeerOptions& o) { o.restart_time = absl::ZeroDuration(); },
       "restart time: 0"},
      {[](PeerOptions& o) { o.restart_time = absl::Seconds(4095); }, ""},
  });
}

TEST(PeerTest, NoTextHasThePassword) {
  PeerOptions options = Good();
  options.password = "secret" + std::string(80, 'x');
  EXPECT_THAT(std::string(Validate(options).message()),
              Not(HasSubstr("secret")));
}

TEST(PeerTest, TheSendHoldTimeIsTwiceTheHoldTimeOr30s) {
  EXPECT_EQ(SendHoldTime(absl::ZeroDuration()), absl::ZeroDuration());
  EXPECT_EQ(SendHoldTime(absl::Seconds(3)), absl::Seconds(30));
  EXPECT_EQ(SendHoldTime(absl::Seconds(15)), absl::Seconds(30));
  EXPECT_EQ(SendHoldTime(absl::Seconds(90)), absl::Seconds(180));
}

}  // namespace
}  // namespace lb::bgp
