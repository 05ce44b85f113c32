#include "lb/bgp/advertisements/advertisement.h"

#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "lb/net/ip_address.h"

namespace lb::bgp {
namespace {

net::IpAddress Address(const char* text) { return *net::ParseIpAddress(text); }

TEST(AdvertisementTest, PrefixesHaveNoHostBits) {
  struct Case {
    int length, length_v6;
    const char* address;
    const char* prefix;
  };
  for (const Case& c : {Case{32, 128, "192.0.2.10", "192.0.2.10/32"},
                        Case{24, 128, "192.0.2.10", "192.0.2.0/24"},
                        Case{1, 128, "192.0.2.10", "128.0.0.0/1"},
                        Case{24, 128, "2001:db8::1", "2001:db8::1/128"},
                        Case{32, 64, "2001:db8::1:0:0:1", "2001:db8::/64"},
                        Case{32, 1, "fd00::1", "8000::/1"}}) {
    const Advertisement advertisement = {.name = "a",
                                         .aggregation_length = c.length,
                                         .aggregation_length_v6 = c.length_v6};
    EXPECT_EQ(PrefixOf(advertisement, Address(c.address)).ToString(), c.prefix);
  }
}

struct ConflictCase {
  const char* name;
  Advertisement a, b;
  std::string conflict;
};

TEST(AdvertisementTest, Conflicts) {
  const std::string between =
      "a gives local-preference 100, b 200, want the "
      "same";
  const Advertisement a = {.name = "a", .local_preference = 100};
  const Advertisement b = {.name = "b", .local_preference = 200};
  const auto to = [](Advertisement advertisement,
                     std::set<std::string, std::less<>> peers) {
    advertisement.peers = std::move(peers);
    return advertisement;
  };
  Advertisement same = b;
  same.local_preference = 100;
  Advertisement unset = b;
  unset.local_preference.reset();
  Advertisement shorter = b;
  shorter.aggregation_length = 24;
  Advertisement shorter_v6 = b;
  shorter_v6.aggregation_length_v6 = 64;
  const ConflictCase cases[] = {
      {"two preferences", a, b, between},
      {"the same", a, same, ""},
      {"one is the default", a, unset, ""},
      {"an aggregate is another route", a, shorter, ""},
      {"the length of the other family is none of it", a, shorter_v6, between},
      {"one peer each", to(a, {"p1"}), to(b, {"p2"}), ""},
      {"a peer in common", to(a, {"p1", "p2"}), to(b, {"p2", "p3"}), between},
      {"all peers", to(a, {}), to(b, {"p1"}), between},
      {"all peers, the other", to(a, {"p1"}), to(b, {}), between},
  };
  for (const ConflictCase& c : cases) {
    const Advertisements both = {std::make_shared<Advertisement>(c.a),
                                 std::make_shared<Advertisement>(c.b)};
    EXPECT_EQ(FindConflict(both, Address("192.0.2.10")), c.conflict) << c.name;
  }
  EXPECT_EQ(FindConflict({}, Address("192.0.2.10")), "");
  EXPECT_EQ(
      FindConflict({std::make_shared<Advertisement>(a)}, Address("192.0.2.10")),
      "");
}

}  // namespace
}  // namespace lb::bgp
