#include "daemon/exchange/state_exchange.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/exchange/user_state.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/bytes.h"
#include "lb/election/tenure_codec.h"
#include "lb/io/sim/sim_world.h"
#include "lb/io/state_ports.h"
#include "lb/ipam/ledger_codec.h"
#include "lb/net/ip_address.h"

namespace lb {
namespace {

using gossip::wire::Bytes;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

net::IpAddress Vip(uint32_t number) {
  return net::IpAddress::Ipv4((10u << 24) + number);
}

// The tables of one node, and what its exchange sends.
struct Node {
  Node(io::SimWorld& world, const std::string& name, const std::string& prefix,
       size_t state_max = gossip::kUserStateSizeMax)
      : host(world.AddHost(name, prefix)),
        addresses(name, io::StatePorts::From(host->environment()), [] {}),
        elections(name, election::Policy::kCompat),
        owners({.node = name}, host->environment(), [] {}),
        exchange({&addresses, &elections, &owners},
                 {.loop = &world.loop(),
                  .broadcast =
                      [this](const Bytes& message) {
                        broadcasts.emplace_back(AsText(message));
                        return broadcast_status;
                      },
                  .spread = [this] { ++spreads; }},
                 state_max) {}

  io::SimHost* host;
  ipam::ReplicatedAllocator addresses;
  Elections elections;
  AddressOwners owners;
  std::vector<std::string> broadcasts;
  absl::Status broadcast_status;
  int spreads = 0;
  StateExchange exchange;
};

class StateExchangeTest : public testing::Test {
 protected:
  // n1 assigns an address to so many services.
  void Assign(int services) {
    ipam::ReplicatedAllocator::Wanted wanted;
    wanted.pools.push_back(
        {.name = "p", .ranges = {*net::ParseIpRange("10.64.0.0/16")}});
    for (int i = 0; i < services; ++i) {
      const std::string name = fmt::format("default/s{}", i);
      wanted.requests[name] = {.service = name,
                               .service_namespace = "default",
                               .ports = {{ipam::Protocol::kTcp, 80}}};
    }
    n1_.addresses.SetWanted(wanted);
    n1_.addresses.SetAuthor("n1");
    world_.loop().RunFor(absl::Seconds(5));
  }
  static std::string TenureOf(const std::string& node) {
    return election::SerializeTenures(
        {{Vip(1), node, 1, absl::FromUnixSeconds(1'700'000'000)}});
  }

  io::SimWorld world_{/*seed=*/1};
  Node n1_{world_, "n1", "10.1.0.1/24"};
  Node n2_{world_, "n2", "10.1.0.2/24"};
};

TEST_F(StateExchangeTest, ARecordGoesToTheOthersByGossip) {
  Assign(1);
  n1_.exchange.TellOthers();
  ASSERT_THAT(n1_.broadcasts, SizeIs(1));
  EXPECT_EQ(n1_.spreads, 0);
  EXPECT_THAT(n2_.exchange.OnMessage(n1_.broadcasts[0]).refused, IsEmpty());
  EXPECT_EQ(n2_.addresses.ledger().size(), 1u);
}

TEST_F(StateExchangeTest, NewsIsToldOnce) {
  Assign(1);
  n1_.exchange.TellOthers();
  n1_.exchange.TellOthers();
  EXPECT_THAT(n1_.broadcasts, SizeIs(1));
}

TEST_F(StateExchangeTest, MoreThanGossipHasRoomForGoesByExchanges) {
  Assign(300);
  n1_.exchange.TellOthers();
  EXPECT_THAT(n1_.broadcasts, IsEmpty());
  EXPECT_EQ(n1_.spreads, 1);
}

// The rest is not tried: it reaches the others with the next full exchange.
TEST_F(StateExchangeTest, AFullQueueOfGossipIsNotFilledFurther) {
  Assign(60);
  n1_.broadcast_status = absl::ResourceExhaustedError("full");
  n1_.exchange.TellOthers();
  EXPECT_THAT(n1_.broadcasts, SizeIs(1));
}

TEST_F(StateExchangeTest, AFullExchangeBringsAllTables) {
  Assign(3);
  ASSERT_TRUE(n1_.elections.Merge(TenureOf("n3")).ok());
  n1_.owners.SetOwn();
  const auto heard = n2_.exchange.OnState(n1_.exchange.Pack());
  EXPECT_TRUE(heard.look);
  EXPECT_TRUE(heard.reunion);
  EXPECT_THAT(heard.refused, IsEmpty());
  EXPECT_EQ(n2_.addresses.ledger().size(), 3u);
  EXPECT_THAT(n2_.elections.tenures().FullMessage(), HasSubstr("n3"));
  EXPECT_TRUE(n2_.owners.table().entries().contains("n1"));
  EXPECT_EQ(n2_.spreads, 0);
}

TEST_F(StateExchangeTest, AFullExchangeTwiceIsNoReunion) {
  ASSERT_TRUE(n1_.elections.Merge(TenureOf("n3")).ok());
  const Bytes state = n1_.exchange.Pack();
  EXPECT_TRUE(n2_.exchange.OnState(state).reunion);
  EXPECT_FALSE(n2_.exchange.OnState(state).reunion);
}

// Else a thousand members would hear it one exchange after the other.
TEST_F(StateExchangeTest, MuchNewsInAnExchangeIsToldOn) {
  Assign(static_cast<int>(StateExchange::kNewsSpreadMin));
  const Bytes state = n1_.exchange.Pack();
  n2_.exchange.OnState(state);
  EXPECT_EQ(n2_.spreads, 1);
  n2_.exchange.OnState(state);
  EXPECT_EQ(n2_.spreads, 1);
}

// Its sender goes by an old tenure, and hears so.
TEST_F(StateExchangeTest, AnOldTenureIsAnsweredThoughItIsNoNews) {
  ASSERT_TRUE(
      n2_.elections
          .Merge(election::SerializeTenures(
              {{Vip(1), "n3", 2, absl::FromUnixSeconds(1'700'000'001)}}))
          .ok());
  n2_.exchange.TellOthers();
  n2_.broadcasts.clear();
  const auto heard = n2_.exchange.OnMessage(TenureOf("n1"));
  EXPECT_TRUE(heard.look);
  EXPECT_FALSE(heard.reunion);
  n2_.exchange.TellOthers();
  EXPECT_THAT(n2_.broadcasts, SizeIs(1));
}

TEST_F(StateExchangeTest, EachRefusedMessageSaysWhy) {
  const std::string record = ipam::SerializeMessage({});
  const auto heard = n1_.exchange.OnState(
      PackUserState({record + "damage", TenureOf("n3") + "damage"}));
  EXPECT_THAT(heard.refused, SizeIs(2));
}

TEST_F(StateExchangeTest, WhatAnotherApplicationTellsIsLeftAlone) {
  EXPECT_THAT(n1_.exchange.OnMessage("another's").refused, IsEmpty());
  const std::string state = "another's";
  const auto heard = n1_.exchange.OnState(AsBytes(state));
  EXPECT_FALSE(heard.look);
  EXPECT_THAT(heard.refused, IsEmpty());
}

TEST_F(StateExchangeTest, SaysThatItsStateDoesNotFit) {
  Node small(world_, "n3", "10.1.0.3/24", /*state_max=*/40);
  small.exchange.Pack();
  EXPECT_EQ(small.exchange.untold(), "");
  ASSERT_TRUE(small.elections.Merge(TenureOf("n1")).ok());
  small.exchange.Pack();
  EXPECT_THAT(small.exchange.untold(), HasSubstr("want at most 40"));
}

}  // namespace
}  // namespace lb
