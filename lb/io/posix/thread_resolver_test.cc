// Names are looked up beside the loop. Needs /etc/hosts only.
#include "lb/io/posix/thread_resolver.h"

#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::io {
namespace {

using ::testing::Contains;
using ::testing::Each;

constexpr absl::Duration kLimit = absl::Seconds(30);

TEST(ThreadResolverTest, FindsTheAddressesOfAName) {
  PosixLoop loop;
  ThreadResolver resolver(&loop);
  std::vector<absl::StatusOr<std::vector<net::IpAddress>>> answers;
  // More than it has threads.
  for (int i = 0; i < 10; ++i) {
    resolver.Resolve("localhost", [&](auto addresses) {
      answers.push_back(std::move(addresses));
    });
  }
  EXPECT_TRUE(answers.empty());  // Never from within the call.
  ASSERT_TRUE(loop.RunUntil([&] { return answers.size() == 10; }, kLimit));
  for (const auto& answer : answers) {
    ASSERT_THAT(answer, IsOk());
    EXPECT_THAT(*answer, Contains(net::IpAddress::Ipv4(0x7f000001)));
  }
}

TEST(ThreadResolverTest, SaysThatThereIsNoSuchName) {
  PosixLoop loop;
  ThreadResolver resolver(&loop);
  absl::Status status;
  // RFC 6761: never resolves; without a name server it is "try again".
  resolver.Resolve("no-such-name.invalid",
                   [&](const auto& addresses) { status = addresses.status(); });
  ASSERT_TRUE(loop.RunUntil([&] { return !status.ok(); }, kLimit));
  EXPECT_THAT(std::string(status.message()),
              testing::StartsWith("no-such-name.invalid: "));
}

TEST(ThreadResolverTest, NothingComesAfterItsEnd) {
  PosixLoop loop;
  bool called = false;
  {
    ThreadResolver resolver(&loop);
    for (int i = 0; i < 10; ++i) {
      resolver.Resolve("localhost", [&](const auto&) { called = true; });
    }
  }
  bool later = false;
  loop.Post([&] { later = true; });
  EXPECT_TRUE(loop.RunUntil([&] { return later; }, kLimit));
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace lb::io
