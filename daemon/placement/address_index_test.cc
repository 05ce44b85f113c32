#include "daemon/placement/address_index.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/net/ip_address.h"

namespace lb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using Services = AddressIndex::Services;

net::IpAddress At(uint32_t last) {
  return net::IpAddress::Ipv4((10u << 24) + last);
}

AddressIndex::Service Service(const std::vector<uint32_t>& addresses) {
  AddressIndex::Service service = {.vip = {.address = At(addresses[0])}};
  for (const uint32_t address : addresses) {
    service.addresses.push_back(At(address));
  }
  return service;
}

TEST(AddressIndexTest, FindsServicesByTheirAddresses) {
  AddressIndex index;
  index.Put("a", Service({1, 2}));
  index.Put("b", Service({2}));
  EXPECT_THAT(index.At(At(1)), ElementsAre("a"));
  EXPECT_THAT(index.At(At(2)), ElementsAre("a", "b"));
  EXPECT_THAT(index.At(At(3)), IsEmpty());
  EXPECT_THAT(index.AllSharers(), ElementsAre("a", "b"));
  ASSERT_NE(index.Find("a"), nullptr);
  EXPECT_THAT(index.Find("a")->addresses, ElementsAre(At(1), At(2)));
  EXPECT_EQ(index.Find("c"), nullptr);
}

TEST(AddressIndexTest, TheFirstAddressDecides) {
  AddressIndex index;
  index.Put("a", Service({1, 2}));
  index.Put("b", Service({1}));
  EXPECT_THAT(index.DecidedBy(At(1)), UnorderedElementsAre("a", "b"));
  EXPECT_THAT(index.DecidedBy(At(2)), IsEmpty());
}

TEST(AddressIndexTest, ARemovedServiceLeavesNothingBehind) {
  AddressIndex index;
  index.Put("a", Service({1, 2}));
  index.Put("b", Service({2}));
  EXPECT_THAT(index.Remove("a"), ElementsAre(At(1), At(2)));
  EXPECT_THAT(index.Remove("a"), IsEmpty());
  EXPECT_THAT(index.At(At(1)), IsEmpty());
  EXPECT_THAT(index.At(At(2)), ElementsAre("b"));
  EXPECT_THAT(index.DecidedBy(At(1)), IsEmpty());
  EXPECT_THAT(index.AllSharers(), IsEmpty());
  index.Put("a", Service({3}));
  EXPECT_THAT(index.At(At(3)), ElementsAre("a"));
  EXPECT_THAT(index.TakeAll(), SizeIs(2));
  EXPECT_THAT(index.At(At(2)), IsEmpty());
  EXPECT_EQ(index.Find("b"), nullptr);
}

// Against going over all services again and again until none is added.
TEST(AddressIndexTest, FindsAllThatAreLinked) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Prng prng(seed);
    AddressIndex index;
    std::map<std::string, AddressIndex::Service> all;
    for (int i = 0; i < 12; ++i) {
      const auto draw = [&] { return static_cast<uint32_t>(prng.Uniform(16)); };
      const AddressIndex::Service service = Service({draw(), draw() + 16});
      all[std::to_string(i)] = service;
      index.Put(std::to_string(i), service);
    }
    Services linked = {"0"};
    for (size_t before = 0; before != linked.size();) {
      before = linked.size();
      std::set<net::IpAddress> addresses;
      for (const std::string& name : linked) {
        for (const auto& address : all[name].addresses) {
          addresses.insert(address);
        }
      }
      for (const auto& [name, service] : all) {
        for (const auto& address : service.addresses) {
          if (addresses.contains(address)) linked.insert(name);
        }
      }
    }
    Services found = {"0"};
    index.AddSharers(found);
    EXPECT_EQ(found, linked) << "seed " << seed;
  }
}

}  // namespace
}  // namespace lb
