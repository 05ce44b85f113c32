#include "daemon/placement/claim_queue.h"

#include <cstdint>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/net/ip_address.h"

namespace lb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

net::IpAddress At(uint32_t last) {
  return net::IpAddress::Ipv4((10u << 24) + last);
}

TEST(ClaimQueueTest, AServiceIsDueOnce) {
  ClaimQueue queue;
  queue.Add("b");
  queue.AddAll({"a", "b", "c"});
  queue.Remove("c");
  EXPECT_THAT(queue.TakeDue(), ElementsAre("a", "b"));
  EXPECT_THAT(queue.TakeDue(), IsEmpty());
}

TEST(ClaimQueueTest, ProbesAreTheWaitingAddressesThatWantOne) {
  ClaimQueue queue;
  queue.Wait(At(2), {.to_probe = true});
  queue.Wait(At(1), {.to_probe = true});
  queue.Wait(At(3), {.to_probe = false});
  EXPECT_THAT(queue.Probes(), ElementsAre(At(1), At(2)));
  queue.Wait(At(2), {.to_probe = false});
  queue.EndWait(At(4));
  EXPECT_THAT(queue.Probes(), ElementsAre(At(1)));
  queue.EndWait(At(1));
  EXPECT_THAT(queue.Probes(), IsEmpty());
}

TEST(ClaimQueueTest, EndsTheWaitsThatAreOver) {
  ClaimQueue queue;
  queue.Wait(At(1), {.term = 1, .to_probe = true});
  queue.Wait(At(2), {.term = 2, .to_probe = true});
  queue.Wait(At(3), {.term = 2, .to_probe = true});
  const auto has_term = [](uint64_t term) {
    return [term](const net::IpAddress&, const ClaimQueue::Waiting& waiting) {
      return waiting.term == term;
    };
  };
  EXPECT_THAT(queue.EndWaits(has_term(2)), ElementsAre(At(2), At(3)));
  EXPECT_THAT(queue.EndWaits(has_term(2)), IsEmpty());
  EXPECT_THAT(queue.Probes(), ElementsAre(At(1)));
}

}  // namespace
}  // namespace lb
