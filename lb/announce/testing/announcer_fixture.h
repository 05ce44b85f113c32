// AnnouncerTest: an announcer with eth0 and eth1, and the frames of a client
// and of a rival on their segment, for tests of the core without a network.
#ifndef LB_ANNOUNCE_TESTING_ANNOUNCER_FIXTURE_H_
#define LB_ANNOUNCE_TESTING_ANNOUNCER_FIXTURE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lb/announce/announcement_plan.h"
#include "lb/announce/announcer.h"
#include "lb/announce/interface.h"
#include "lb/net/ip_address.h"
#include "lb/net/mac_address.h"

namespace lb::announce {

inline const absl::Time kStart = absl::UnixEpoch() + absl::Seconds(1000);
inline constexpr net::MacAddress kEth0Mac = {{0x02, 0, 0, 0, 0, 2}};
inline constexpr net::MacAddress kEth1Mac = {{0x02, 0, 0, 0, 0, 3}};
inline constexpr net::MacAddress kClient = {{0x02, 0, 0, 0, 0, 0xcc}};
inline constexpr net::MacAddress kRival = {{0x02, 0, 0, 0, 0, 0xdd}};

inline net::IpAddress Ip(std::string_view text) {
  return *net::ParseIpAddress(text);
}

inline const net::IpAddress kVip = Ip("10.0.0.1");
inline const net::IpAddress kVip6 = Ip("2001:db8::1");
// In the same solicited-node group as kVip6.
inline const net::IpAddress kTwin6 = Ip("2001:db8:1::1");

Interface Eth0();
Interface Eth1();

// A client asks all for the address.
std::vector<uint8_t> AskArp(const net::IpAddress& target);
std::vector<uint8_t> AskNdp(const net::IpAddress& target);

// A rival says to all that it has the address.
std::vector<uint8_t> RivalArp(const net::IpAddress& vip,
                              const net::MacAddress& rival = kRival);
std::vector<uint8_t> RivalNdp(const net::IpAddress& vip);

// The same by the address's family.
std::vector<uint8_t> Ask(const net::IpAddress& target);
std::vector<uint8_t> RivalClaim(const net::IpAddress& vip);
// A probe of a rival to all hosts; or, if it has yielded, to this node's `mac`.
std::vector<uint8_t> RivalProbe(const net::IpAddress& vip,
                                const net::MacAddress& rival = kRival);
std::vector<uint8_t> RivalWatch(const net::IpAddress& vip,
                                const net::MacAddress& mac);

// A kernel that has the address in its neighbour table asks this node's `mac`
// alone.
std::vector<uint8_t> ReachabilityCheck(const net::IpAddress& vip,
                                       const net::MacAddress& client,
                                       const net::MacAddress& mac);

// "eth0 10.0.0.1 02:00:00:00:00:02>02:00:00:00:00:cc"
std::vector<std::string> Dump(const std::vector<OutgoingFrame>& frames);

// "eth0 request 10.0.0.1", "eth0 probe 2001:db8::1", "eth0 watch 10.0.0.1",
// "eth0 reply ...", "eth0 advert ...".
std::vector<std::string> Kinds(const std::vector<OutgoingFrame>& frames);

class AnnouncerTest : public ::testing::Test {
 protected:
  AnnouncerTest() { options_.schedule.period = absl::ZeroDuration(); }

  // Makes it announce `vips` on eth0, and say all that it has to say.
  void Settle(Announcer& announcer, const Announcements& vips);

  // Goes from deadline to deadline; each frame as "100 eth0 request 10.0.0.1"
  // with the milliseconds since `now_`, which moves by `duration`.
  std::vector<std::string> Run(Announcer& announcer, absl::Duration duration);

  AnnouncerOptions options_;
  absl::Time now_ = kStart;
};

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_TESTING_ANNOUNCER_FIXTURE_H_
