#include "daemon/exchange/user_state.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb {
namespace {

using gossip::wire::Bytes;
using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::IsEmpty;
using ::testing::Optional;

TEST(UserStateTest, BytesAreAsDocumented) {
  EXPECT_THAT(PackUserState({"ab", ""}),
              Eq(Bytes{'l', 'b', 's', 1, 0, 0, 0, 2, 'a', 'b', 0, 0, 0, 0}));
}

TEST(UserStateTest, WhatIsPackedUnpacks) {
  EXPECT_THAT(UnpackUserState(PackUserState({})), Optional(IsEmpty()));
  const std::string large(70000, 'x');
  EXPECT_THAT(UnpackUserState(PackUserState({large, "", "b"})),
              Optional(ElementsAre(large, "", "b")));
}

TEST(UserStateTest, RefusesTruncationsAndOthers) {
  const Bytes state = PackUserState({"abc"});
  for (size_t size = 0; size < state.size(); ++size) {
    if (size == 4) continue;  // Ends after the header: no message.
    SCOPED_TRACE(size);
    EXPECT_THAT(UnpackUserState(Bytes(state.begin(), state.begin() + size)),
                Eq(std::nullopt));
  }
  EXPECT_THAT(UnpackUserState(Bytes{'l', 'b', 's', 2}), Eq(std::nullopt));
  EXPECT_THAT(UnpackUserState(Bytes{'l', 'b', 's', 1, 255, 255, 255, 255, 1}),
              Eq(std::nullopt));
}

}  // namespace
}  // namespace lb
