#include "daemon/front/access.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace lb::front {
namespace {

constexpr Right kNone = Right::kNone;
constexpr Right kRead = Right::kStatus;
constexpr Right kAll = Right::kStatusAndAdmin;

struct Case {
  Access access;
  Right stranger;
  Right reader;
  Right admin;
};

TEST(AccessTest, RightsGoByTheNamesOfTheCertificate) {
  const std::vector<std::string> r = {"reader", "spiffe://x/reader"};
  const std::vector<std::string> a = {"10.0.0.1", "admin"};
  const Case cases[] = {
      {{kNone, {}, {}}, kNone, kNone, kNone},
      {{kRead, {}, {}}, kRead, kRead, kRead},
      {{kRead, r, {}}, kNone, kRead, kNone},
      {{kRead, {}, a}, kRead, kRead, kRead},  // There are no admins here.
      {{kRead, r, a}, kNone, kRead, kNone},
      {{kAll, {}, {}}, kAll, kAll, kAll},
      {{kAll, r, {}}, kNone, kAll, kNone},
      {{kAll, {}, a}, kRead, kRead, kAll},
      {{kAll, r, a}, kNone, kRead, kAll},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(&c - cases);
    for (const std::vector<std::string>& names :
         {std::vector<std::string>(), {"Reader"}, {"reader."}, {"*"}, {""}}) {
      EXPECT_EQ(RightOf(names, c.access), c.stranger);
    }
    EXPECT_EQ(RightOf({"other", "spiffe://x/reader"}, c.access), c.reader);
    EXPECT_EQ(RightOf({"other", "admin"}, c.access), c.admin);
  }
}

}  // namespace
}  // namespace lb::front
