#include "daemon/advertise/shared_segments.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/announce/cross_hearing.h"

namespace lb {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

io::Link MakeLink(int index, const std::string& name,
                  const std::vector<std::string>& addresses) {
  io::Link link{.index = index,
                .name = name,
                .mac = {{2, 0, 0, 0, 0, static_cast<uint8_t>(index)}},
                .up = true,
                .carrier = true,
                .broadcast = true};
  for (const std::string& address : addresses) {
    link.addresses.push_back(*net::ParseIpPrefix(address));
  }
  return link;
}

TEST(FindSharedSegmentsTest, NamesBothInterfacesAndTheNetwork) {
  EXPECT_THAT(
      FindSharedSegments({MakeLink(2, "eth0", {"10.0.0.1/24", "fe80::1/64"}),
                          MakeLink(3, "eth1", {"10.0.0.9/24", "fe80::2/64"})},
                         {}, {}),
      ElementsAre(HasSubstr("eth0 and eth1 are both on 10.0.0.0/24")));
  EXPECT_THAT(FindSharedSegments({MakeLink(2, "eth0", {"2001:db8::1/64"}),
                                  MakeLink(3, "eth1", {"2001:db8::2/64"})},
                                 {}, {}),
              ElementsAre(HasSubstr("2001:db8::/64")));
}

// Two subnets on one wire, or no subnet: only the frames show it.
TEST(FindSharedSegmentsTest, NamesInterfacesThatHearEachOther) {
  const io::Link eth0 = MakeLink(2, "eth0", {"10.0.0.1/24"});
  const std::vector<announce::InterfacePair> hearing = {{"eth0", "eth1"}};
  EXPECT_THAT(FindSharedSegments({eth0, MakeLink(3, "eth1", {"10.5.5.5/24"})},
                                 {}, hearing),
              ElementsAre("interfaces: eth0 and eth1 are both on one segment "
                          "(one hears the other announce), so that both answer "
                          "for each address; want one of them in "
                          "exclude-interfaces, or a bond"));
  // There is one line for each pair, however it is found.
  EXPECT_THAT(FindSharedSegments({eth0, MakeLink(3, "eth1", {"10.0.0.9/24"})},
                                 {}, hearing),
              ElementsAre(HasSubstr("both on 10.0.0.0/24")));
}

TEST(FindSharedSegmentsTest, SaysNothingOfAHealthyHost) {
  io::Link down = MakeLink(3, "eth1", {"10.0.0.9/24"});
  down.up = false;
  io::Link port = MakeLink(3, "eth1", {"10.0.0.9/24"});
  port.master = 2;
  const io::Link eth0 = MakeLink(
      2, "eth0", {"10.0.0.1/24", "10.0.0.2/24", "fe80::1/64", "10.0.0.3/32"});
  for (const io::Link& other :
       {down, port, MakeLink(3, "veth7", {"10.0.0.9/24"}),
        MakeLink(3, "eth1", {"fe80::2/64"}), MakeLink(3, "eth1", {}),
        MakeLink(3, "eth1", {"10.0.0.3/32"}),
        MakeLink(3, "eth1", {"10.0.1.1/24"})}) {
    EXPECT_THAT(FindSharedSegments({eth0, other}, {}, {}), IsEmpty());
  }
}

}  // namespace
}  // namespace lb
