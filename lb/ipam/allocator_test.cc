#include "lb/ipam/allocator.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/ipam/testing/allocator_script.h"

namespace lb::ipam {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

net::IpAddress Address(std::string_view text) {
  return *net::ParseIpAddress(text);
}

class AllocatorTest : public testing::Test {
 protected:
  void SetPools(const std::vector<std::string>& lines) {
    ASSERT_THAT(allocator_.SetPools(ReadPools(lines)), IsOk());
  }
  absl::StatusOr<Assignment> Assign(const std::string& request) {
    return allocator_.Assign(ReadRequest(request));
  }

  Allocator allocator_;
};

TEST_F(AllocatorTest, ListsByHolderAndByAddress) {
  SetPools({"a 10.0.0.1-10.0.0.9,2001:db8::/64"});
  EXPECT_THAT(Assign("y/1 key=k tcp=80"), IsOk());
  EXPECT_THAT(Assign("x/1 key=k tcp=81 require"), IsOk());
  EXPECT_THAT(allocator_.HoldersOf(Address("10.0.0.1")),
              ElementsAre("x/1", "y/1"));
  EXPECT_THAT(allocator_.HoldersOf(Address("10.0.0.2")), IsEmpty());
  EXPECT_EQ(allocator_.Find("x/1")->ToString(),
            "10.0.0.1 (pool a), 2001:db8:: (pool a)");
  EXPECT_EQ(allocator_.Find("z/1"), std::nullopt);
  EXPECT_THAT(allocator_.List(),
              ElementsAre(Pair("x/1", *allocator_.Find("x/1")),
                          Pair("y/1", *allocator_.Find("y/1"))));
}

TEST_F(AllocatorTest, CountsASharedAddressOnce) {
  SetPools({"a 10.0.0.0/8,2001:db8::/64"});
  EXPECT_THAT(Assign("y/1 key=k tcp=80"), IsOk());
  EXPECT_THAT(Assign("x/1 key=k tcp=81"), IsOk());
  EXPECT_THAT(Assign("x/2 v6"), IsOk());
  const auto usage = allocator_.Usage("a");
  ASSERT_THAT(usage, IsOk());
  EXPECT_EQ(usage->total_ipv4, 1 << 24);
  EXPECT_EQ(usage->used_ipv4, 1);
  EXPECT_EQ(usage->total_ipv6, absl::uint128(1) << 64);
  EXPECT_EQ(usage->used_ipv6, 1);
  EXPECT_THAT(allocator_.Usage("b"),
              StatusIs(absl::StatusCode::kNotFound,
                       HasSubstr("IPAddressPool/b: there is no such pool")));
}

TEST_F(AllocatorTest, KeepsAnAddressThatLiesInNoPool) {
  SetPools({"a 10.0.0.1-10.0.0.9"});
  const ServiceRequest request = ReadRequest("x/1");
  EXPECT_THAT(allocator_.Keep(request, {{{Address("10.7.7.7"), "gone"}}}),
              IsOk());
  EXPECT_EQ(allocator_.Find("x/1")->ToString(), "10.7.7.7 (pool gone)");
  EXPECT_THAT(allocator_.Assign(request),
              IsOkAndHolds(*allocator_.Find("x/1")));
  EXPECT_THAT(
      allocator_.Keep(ReadRequest("x/2"), {{{Address("10.7.7.7"), "gone"}}}),
      StatusIs(absl::StatusCode::kAlreadyExists,
               HasSubstr("Service/x/2: 10.7.7.7 is held by x/1")));
  EXPECT_EQ(allocator_.Usage("a")->used_ipv4, 0);
}

TEST_F(AllocatorTest, KeepNotesThePoolThatAnAddressLiesIn) {
  SetPools({"a 10.0.0.1-10.0.0.9 ns=y"});
  EXPECT_THAT(
      allocator_.Keep(ReadRequest("x/1"), {{{Address("10.0.0.1"), "gone"}}}),
      IsOk());
  EXPECT_EQ(allocator_.Find("x/1")->ToString(), "10.0.0.1 (pool a)");
  EXPECT_EQ(allocator_.Usage("a")->used_ipv4, 1);
}

TEST_F(AllocatorTest, RefusesANamelessService) {
  SetPools({"a 10.0.0.1-10.0.0.9"});
  EXPECT_THAT(allocator_.Assign({}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("Service/: no name")));
}

TEST_F(AllocatorTest, ReleaseAllFreesEverything) {
  SetPools({"a 10.0.0.1-10.0.0.2"});
  EXPECT_THAT(Assign("x/1"), IsOk());
  EXPECT_THAT(Assign("x/2"), IsOk());
  allocator_.ReleaseAll();
  EXPECT_THAT(allocator_.List(), IsEmpty());
  EXPECT_EQ(allocator_.Usage("a")->used_ipv4, 0);
  EXPECT_EQ(Assign("x/3")->ToString(), "10.0.0.1 (pool a)");
}

TEST_F(AllocatorTest, SetPoolsRecountsWhatIsHeld) {
  SetPools({"a 10.0.0.1-10.0.0.4"});
  EXPECT_THAT(Assign("x/1"), IsOk());
  EXPECT_THAT(Assign("x/2 key=k tcp=1"), IsOk());
  EXPECT_THAT(Assign("x/3 key=k tcp=2"), IsOk());
  SetPools({"b 10.0.0.2-10.0.0.9", "c 10.1.0.0/24"});
  EXPECT_EQ(allocator_.Usage("b")->used_ipv4, 1);
  EXPECT_EQ(allocator_.Usage("c")->used_ipv4, 0);
  EXPECT_TRUE(allocator_.Release("x/2"));
  EXPECT_EQ(allocator_.Usage("b")->used_ipv4, 1);
  EXPECT_TRUE(allocator_.Release("x/3"));
  EXPECT_EQ(allocator_.Usage("b")->used_ipv4, 0);
  EXPECT_TRUE(allocator_.Release("x/1"));
}

}  // namespace
}  // namespace lb::ipam
