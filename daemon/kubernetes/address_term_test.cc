#include "daemon/kubernetes/address_term.h"

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/net/ip_range.h"

namespace lb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class AddressTermTest : public testing::Test {
 protected:
  AddressTermTest() { SetPool("192.0.2.1-192.0.2.3"); }

  void SetPool(const std::string& range, absl::Duration cool_down = {}) {
    ipam::Pool pool;
    pool.name = "a";
    pool.ranges = {*net::ParseIpRange(range)};
    pool.cool_down = cool_down;
    term_.SetPools({pool});
  }

  static ServiceRecord Record(const std::string& name,
                              const std::string& address,
                              const std::string& created = "1") {
    ServiceRecord record;
    record.meta.key = {"d", name};
    record.is_load_balancer = true;
    record.created = created;
    record.pool = "a";
    if (!address.empty()) {
      record.addresses = {*net::ParseIpAddress(address)};
    }
    return record;
  }
  static ipam::ServiceRequest Request(const std::string& name,
                                      const std::string& address = "") {
    ipam::ServiceRequest request;
    request.service = "d/" + name;
    request.service_namespace = "d";
    if (!address.empty()) {
      request.requested_addresses = {*net::ParseIpAddress(address)};
    }
    return request;
  }

  // Assigns all that is due; "IPAllocated d/web" for each event.
  std::vector<std::string> Assign() {
    std::vector<std::string> events;
    while (term_.has_due()) {
      for (const auto& result : term_.AssignDue(now_)) {
        for (const ipam::ServiceEvent& event : result.events) {
          events.push_back(
              fmt::format("{} {}", ToString(event.reason), result.service));
        }
      }
    }
    return events;
  }
  std::string Held(const std::string& name) {
    return term_.Find("d/" + name).ToString();
  }

  absl::Time now_ = absl::UnixEpoch() + absl::Hours(1);
  AddressTerm term_;
};

TEST_F(AddressTermTest, StatusesAreTakenUpBeforeAnythingIsAssigned) {
  const ServiceRecord old = Record("z-old", "192.0.2.1");
  term_.Want(Request("a-new"), nullptr);
  term_.Want(Request("z-old"), &old);
  EXPECT_THAT(Assign(), ElementsAre("IPAllocated d/a-new"));
  EXPECT_EQ(Held("z-old"), "192.0.2.1 (pool a)");
  EXPECT_EQ(Held("a-new"), "192.0.2.2 (pool a)");
}

TEST_F(AddressTermTest, TheOlderOfTwoKeepsTheAddress) {
  const ServiceRecord younger = Record("a", "192.0.2.2", "2");
  const ServiceRecord older = Record("b", "192.0.2.2", "1");
  term_.Want(Request("a"), &younger);
  term_.Want(Request("b"), &older);
  EXPECT_THAT(Assign(), ElementsAre("ClearAssignment d/a", "IPAllocated d/a"));
  EXPECT_EQ(Held("b"), "192.0.2.2 (pool a)");
  EXPECT_EQ(Held("a"), "192.0.2.1 (pool a)");
}

// No controller has written it, so it may be anything.
TEST_F(AddressTermTest, AStatusWithoutAPoolComesLast) {
  ServiceRecord foreign = Record("a", "192.0.2.2", "0");
  foreign.pool.clear();
  const ServiceRecord ours = Record("b", "192.0.2.2", "9");
  term_.Want(Request("a"), &foreign);
  term_.Want(Request("b"), &ours);
  Assign();
  EXPECT_EQ(Held("b"), "192.0.2.2 (pool a)");
}

TEST_F(AddressTermTest, ADepartingAddressIsNoOthersUntilNoStatusSaysIt) {
  SetPool("192.0.2.1-192.0.2.2");
  term_.Want(Request("one", "192.0.2.1"), nullptr);
  term_.Want(Request("two", "192.0.2.1"), nullptr);
  Assign();
  term_.Want(Request("one", "192.0.2.2"), nullptr);
  Assign();
  EXPECT_EQ(Held("one"), "192.0.2.2 (pool a)");
  EXPECT_EQ(Held("two"), "");
  EXPECT_EQ(term_.Usage("a")->used_ipv4, 2);
  term_.OnStatus("d/one", {*net::ParseIpAddress("192.0.2.1")});
  Assign();
  EXPECT_EQ(Held("two"), "");
  term_.OnStatus("d/one", {*net::ParseIpAddress("192.0.2.2")});
  EXPECT_THAT(Assign(), ElementsAre("IPAllocated d/two"));
  EXPECT_EQ(Held("two"), "192.0.2.1 (pool a)");
}

TEST_F(AddressTermTest, AServiceMayHaveAgainWhatItWasGivingUp) {
  term_.Want(Request("one", "192.0.2.1"), nullptr);
  Assign();
  term_.Want(Request("one", "192.0.2.2"), nullptr);
  Assign();
  term_.Want(Request("one", "192.0.2.1"), nullptr);
  Assign();
  EXPECT_EQ(Held("one"), "192.0.2.1 (pool a)");
  // Now the other one departs.
  term_.OnStatus("d/one", {*net::ParseIpAddress("192.0.2.1")});
  EXPECT_EQ(term_.Usage("a")->used_ipv4, 1);
}

TEST_F(AddressTermTest, ADepartedAddressCoolsDownFromThenOn) {
  SetPool("192.0.2.1/32", absl::Minutes(10));
  term_.Want(Request("one"), nullptr);
  Assign();
  term_.Withdraw(Record("one", "192.0.2.1"));
  Assign();
  now_ += absl::Minutes(20);
  term_.Want(Request("two"), nullptr);
  Assign();
  term_.OnStatus("d/one", {});
  Assign();
  EXPECT_EQ(Held("two"), "");
  now_ += absl::Minutes(11);
  EXPECT_LE(term_.NextCoolDownEnd(), now_);
  term_.AssignDue(now_);
  Assign();
  EXPECT_EQ(Held("two"), "192.0.2.1 (pool a)");
}

TEST_F(AddressTermTest, AReservedServiceKeepsItsAddressesAndGetsNoOthers) {
  term_.Reserve(Record("bad", "192.0.2.1"));
  term_.Want(Request("good"), nullptr);
  EXPECT_THAT(Assign(), ElementsAre("IPAllocated d/good"));
  EXPECT_EQ(Held("bad"), "192.0.2.1 (pool a)");
  EXPECT_EQ(Held("good"), "192.0.2.2 (pool a)");
  term_.Release("d/bad");
  Assign();
  EXPECT_EQ(Held("bad"), "");
}

TEST_F(AddressTermTest, AFailureIsToldOnce) {
  SetPool("192.0.2.1/32");
  term_.Want(Request("one"), nullptr);
  term_.Want(Request("two"), nullptr);
  EXPECT_THAT(Assign(),
              ElementsAre("IPAllocated d/one", "AllocationFailed d/two"));
  EXPECT_EQ(term_.failures(), 1u);
  term_.Want(Request("two"), nullptr);
  EXPECT_THAT(Assign(), IsEmpty());
  term_.Release("d/one");
  EXPECT_THAT(Assign(), ElementsAre("IPAllocated d/two"));
  EXPECT_EQ(term_.failures(), 0u);
}

TEST_F(AddressTermTest, ThousandsAreDealtWithInPortions) {
  SetPool("10.0.0.0/16");
  for (int i = 0; i < 3500; ++i) {
    term_.Want(Request(fmt::format("s{}", i)), nullptr);
  }
  size_t turns = 0;
  for (; term_.has_due(); ++turns) {
    EXPECT_LE(term_.AssignDue(now_).size(), 1000u);
  }
  EXPECT_EQ(turns, 4u);
}

// The write of the other address was refused, as the object had changed.
TEST_F(AddressTermTest, AWishThatIsWithdrawnBeforeItsWriteChangesNothing) {
  const ServiceRecord record = Record("web", "192.0.2.1");
  term_.Want(Request("web"), &record);
  Assign();
  term_.Want(Request("web", "192.0.2.3"), &record);
  Assign();
  ASSERT_EQ(Held("web"), "192.0.2.3 (pool a)");
  term_.ReturnTo(record);
  EXPECT_EQ(Held("web"), "192.0.2.1 (pool a)");
  term_.Want(Request("web"), &record);
  EXPECT_THAT(Assign(), IsEmpty());
  EXPECT_EQ(Held("web"), "192.0.2.1 (pool a)");
  // The other one is free.
  term_.Want(Request("mail", "192.0.2.3"), nullptr);
  Assign();
  EXPECT_EQ(Held("mail"), "192.0.2.3 (pool a)");
}

TEST_F(AddressTermTest, AWishThatStandsIsMetAtTheNextLook) {
  const ServiceRecord record = Record("web", "192.0.2.1");
  term_.Want(Request("web", "192.0.2.3"), &record);
  Assign();
  term_.ReturnTo(record);
  EXPECT_FALSE(term_.has_due());
  term_.Want(Request("web", "192.0.2.3"), &record);
  Assign();
  EXPECT_EQ(Held("web"), "192.0.2.3 (pool a)");
  // A service without an address keeps what it is to get.
  term_.Want(Request("new"), nullptr);
  Assign();
  const std::string held = Held("new");
  term_.ReturnTo(Record("new", ""));
  EXPECT_EQ(Held("new"), held);
}

// A server that went back tells of statuses that nothing will change.
TEST_F(AddressTermTest, AServiceYieldsWhatAnotherStatusSaysForGood) {
  const ServiceRecord web = Record("web", "192.0.2.1");
  term_.Want(Request("web"), &web);
  Assign();
  term_.Want(Request("web", "192.0.2.3"), &web);
  Assign();
  ASSERT_EQ(Held("web"), "192.0.2.3 (pool a)");
  const ServiceRecord bad = Record("bad", "192.0.2.3");
  term_.Reserve(bad);
  Assign();
  EXPECT_EQ(Held("bad"), "");
  term_.Yield(web, bad);
  EXPECT_THAT(Assign(), ElementsAre("AllocationFailed d/web"));
  EXPECT_EQ(Held("bad"), "192.0.2.3 (pool a)");
  EXPECT_EQ(Held("web"), "192.0.2.1 (pool a)");
  term_.Release("d/bad");
  Assign();
  EXPECT_EQ(Held("web"), "192.0.2.3 (pool a)");
}

// No service has two addresses of a family, but a status may say them.
TEST_F(AddressTermTest, ItYieldsAlsoWhatTheOtherCannotHold) {
  term_.Want(Request("web", "192.0.2.3"), nullptr);
  Assign();
  ServiceRecord bad = Record("bad", "192.0.2.1");
  bad.addresses.push_back(*net::ParseIpAddress("192.0.2.3"));
  term_.Reserve(bad);
  term_.Yield(Record("web", ""), bad);
  Assign();
  EXPECT_EQ(Held("web"), "");
  term_.OnStatus("d/bad", {*net::ParseIpAddress("192.0.2.1")});
  Assign();
  EXPECT_EQ(Held("web"), "192.0.2.3 (pool a)");
}

// Its object has become bad, and so it is reserved.
TEST_F(AddressTermTest, WhatAReservedServiceWasToGetIsNoOthersBeforeItsStatus) {
  SetPool("192.0.2.1-192.0.2.2");
  const ServiceRecord web = Record("web", "192.0.2.1");
  term_.Want(Request("web", "192.0.2.2"), &web);
  Assign();
  term_.Reserve(web);
  term_.Want(Request("mail"), nullptr);
  Assign();
  EXPECT_EQ(Held("mail"), "");
  term_.OnStatus("d/web", {*net::ParseIpAddress("192.0.2.1")});
  Assign();
  EXPECT_EQ(Held("mail"), "192.0.2.2 (pool a)");
}

}  // namespace
}  // namespace lb
