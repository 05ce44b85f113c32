// The status service over a real unix socket, in front of a real agent that
// announces on no interface.
#include "daemon/status_service.h"

#include <memory>
#include <string>
#include <vector>

#include "daemon/testing/status_service_test.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "lb/status/v1/status.grpc.pb.h"

namespace lb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Stub = status::v1::Status::Stub;

// Callers that do not know the list of announcers find the same.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
void ExpectDeprecatedLike(const status::v1::Announcer& announcer,
                          const status::v1::Service& service) {
  EXPECT_EQ(service.announcing_node(), announcer.node());
  EXPECT_EQ(service.announced_since().DebugString(),
            announcer.since().DebugString());
  EXPECT_EQ(std::vector<std::string>(service.interfaces().begin(),
                                     service.interfaces().end()),
            std::vector<std::string>(announcer.interfaces().begin(),
                                     announcer.interfaces().end()));
}
#pragma GCC diagnostic pop

TEST_F(StatusServiceTest, TellsTheLongestTurn) {
  constexpr absl::Duration kWork = absl::Milliseconds(50);
  OnLoop([&] {
    const absl::Time end = world_->loop()->Now() + kWork;
    while (world_->loop()->Now() < end) {
    }
  });
  status::v1::GetNodeResponse node;
  ASSERT_TRUE(Ask(stub_, &Stub::GetNode, {}, &node).ok());
  for (const auto& turn : {node.longest_turn(), node.recent_longest_turn()}) {
    EXPECT_GE(absl::Seconds(turn.length().seconds()) +
                  absl::Nanoseconds(turn.length().nanos()),
              kWork);
    EXPECT_NE(turn.cause(), "");
    EXPECT_GE(turn.at().seconds(), node.started_at().seconds());
  }
}

TEST_F(StatusServiceTest, DescribesNodeServicesPoolsAndMembers) {
  status::v1::GetNodeResponse node;
  {
    grpc::ClientContext context;
    ASSERT_TRUE(stub_->GetNode(&context, {}, &node).ok());
  }
  EXPECT_EQ(node.name(), "n1");
  EXPECT_TRUE(node.ready());
  EXPECT_EQ(node.ledger_author(), "n1");
  ASSERT_EQ(node.problems_size(), 1);
  EXPECT_THAT(node.problems(0).text(),
              HasSubstr("IPAddressPool/bad: spec.addresses[0]: "
                        "\"10.0.0.0/33\": prefix length 33, want 0..32"));

  status::v1::ListServicesResponse services;
  {
    grpc::ClientContext context;
    ASSERT_TRUE(stub_->ListServices(&context, {}, &services).ok());
  }
  ASSERT_EQ(services.services_size(), 1);
  EXPECT_EQ(services.services(0).name(), "default/web");
  ASSERT_EQ(services.services(0).addresses_size(), 1);
  EXPECT_EQ(services.services(0).addresses(0), "172.18.8.201");
  EXPECT_EQ(services.services(0).pool(), "first-pool");
  const auto& announcer = services.services(0).announcers(0);
  EXPECT_EQ(announcer.node(), "n1");
  EXPECT_EQ(announcer.protocol(), status::v1::Announcer::PROTOCOL_LAYER2);
  ExpectDeprecatedLike(announcer, services.services(0));

  status::v1::ListPoolsResponse pools;
  {
    grpc::ClientContext context;
    ASSERT_TRUE(stub_->ListPools(&context, {}, &pools).ok());
  }
  ASSERT_EQ(pools.pools_size(), 1);
  EXPECT_EQ(pools.pools(0).ipv4().total(), "5");
  EXPECT_EQ(pools.pools(0).ipv4().used(), "1");
  EXPECT_EQ(pools.pools(0).ipv4().free(), "4");
  EXPECT_EQ(pools.pools(0).ipv6().total(), "18446744073709551616");

  status::v1::ListMembersResponse members;
  {
    grpc::ClientContext context;
    ASSERT_TRUE(stub_->ListMembers(&context, {}, &members).ok());
  }
  ASSERT_EQ(members.members_size(), 1);
  EXPECT_EQ(members.members(0).name(), "n1");
  EXPECT_EQ(members.members(0).state(), status::v1::Member::ALIVE);
}

TEST_F(StatusServiceTest, SendsKeptEventsAndThenEnds) {
  grpc::ClientContext context;
  const auto reader = stub_->WatchEvents(&context, {});
  status::v1::Event event;
  uint64_t last = 0;
  bool allocated = false;
  while (reader->Read(&event)) {
    EXPECT_EQ(event.sequence(), ++last);
    allocated |= event.reason() == "IPAllocated";
  }
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_GT(last, 2u);
  EXPECT_TRUE(allocated);
}

TEST_F(StatusServiceTest, ANewEventReachesAFollower) {
  grpc::ClientContext context;
  status::v1::WatchEventsRequest request;
  request.set_follow(true);
  const auto reader = stub_->WatchEvents(&context, request);
  status::v1::Event event;
  ASSERT_TRUE(reader->Read(&event));  // It is being served.
  world_->loop()->Post(
      [this] { world_->environment().log->Record({.reason = "JustNow"}); });
  while (event.reason() != "JustNow") ASSERT_TRUE(reader->Read(&event));
  context.TryCancel();
  while (reader->Read(&event)) continue;
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(StatusServiceTest, ListsServicesByFilterAndPage) {
  std::string manifests = kPoolYaml;
  for (const char* name : {"b", "a", "c"}) {
    manifests += ServiceYaml("blue", name);
  }
  SetManifests(manifests + ServiceYaml("green", "d"));
  WaitForAddresses(4);
  const auto names = [&](status::v1::ListServicesRequest request) {
    std::vector<std::string> names;
    status::v1::ListServicesResponse page;
    do {
      page.Clear();
      EXPECT_TRUE(Ask(stub_, &Stub::ListServices, request, &page).ok());
      for (const auto& service : page.services()) {
        names.push_back(service.name());
      }
      request.set_page_token(page.next_page_token());
    } while (!page.next_page_token().empty());
    return names;
  };
  status::v1::ListServicesRequest request;
  request.set_page_size(1);
  EXPECT_THAT(names(request),
              ElementsAre("blue/a", "blue/b", "blue/c", "green/d"));
  request.set_service_namespace("blue");
  EXPECT_THAT(names(request), ElementsAre("blue/a", "blue/b", "blue/c"));
  request.Clear();
  request.set_address("172.18.8.202");
  EXPECT_EQ(names(request).size(), 1u);
  request.set_service_namespace("blu");
  EXPECT_THAT(names(request), ElementsAre());
  request.Clear();
  request.set_node("n1");
  request.set_pool("first-pool");
  EXPECT_EQ(names(request).size(), 4u);
  request.set_node("n2");
  EXPECT_THAT(names(request), ElementsAre());
  request.set_node("n1");
  request.set_pool("second-pool");
  EXPECT_THAT(names(request), ElementsAre());
}

TEST_F(StatusServiceTest, ListsWhoHoldsWhat) {
  status::v1::ListPoolsRequest request;
  request.set_holders(true);
  status::v1::ListPoolsResponse pools;
  ASSERT_TRUE(Ask(stub_, &Stub::ListPools, request, &pools).ok());
  ASSERT_EQ(pools.pools_size(), 1);
  ASSERT_EQ(pools.pools(0).holders_size(), 1);
  EXPECT_EQ(pools.pools(0).holders(0).address(), "172.18.8.201");
  EXPECT_THAT(pools.pools(0).holders(0).services(), ElementsAre("default/web"));
  EXPECT_EQ(pools.pools(0).holders_omitted(), 0u);
  request.set_pool("other");
  ASSERT_TRUE(Ask(stub_, &Stub::ListPools, request, &pools).ok());
  EXPECT_EQ(pools.pools_size(), 0);
}

TEST_F(StatusServiceTest, ListsInterfacesAndWhyNotUsable) {
  status::v1::ListInterfacesResponse response;
  ASSERT_TRUE(Ask(stub_, &Stub::ListInterfaces, {}, &response).ok());
  ASSERT_EQ(response.interfaces_size(), 2);
  const auto& eth0 = response.interfaces(0);
  EXPECT_EQ(eth0.name(), "eth0");
  EXPECT_TRUE(eth0.usable());
  EXPECT_EQ(eth0.ipv4_state(), "usable");
  EXPECT_EQ(eth0.announced_addresses(), 1u);
  const auto& lo = response.interfaces(1);
  EXPECT_FALSE(lo.usable());
  EXPECT_EQ(lo.reason(), "loopback");
  EXPECT_EQ(lo.ipv4_state(), "loopback");
  EXPECT_EQ(lo.announced_addresses(), 0u);
}

TEST_F(StatusServiceTest, ListsProblemsByKind) {
  OnLoop([this] { network_.SetCarrier(false); });
  status::v1::ListProblemsRequest request;
  status::v1::ListProblemsResponse response;
  ASSERT_TRUE(Ask(stub_, &Stub::ListProblems, request, &response).ok());
  ASSERT_EQ(response.problems_size(), 2);
  EXPECT_EQ(response.problems(0).kind(), status::v1::Problem::OBJECT_REFUSED);
  EXPECT_EQ(response.problems(0).object(), "IPAddressPool/bad");
  EXPECT_EQ(response.problems(1).kind(), status::v1::Problem::INTERFACE);
  request.add_kinds(status::v1::Problem::INTERFACE);
  request.add_kinds(status::v1::Problem::STATE);
  ASSERT_TRUE(Ask(stub_, &Stub::ListProblems, request, &response).ok());
  ASSERT_EQ(response.problems_size(), 1);
  EXPECT_EQ(response.problems(0).object(), "Node/n1");
}

// default/web keeps what it got from a pool that is gone.
TEST_F(StatusServiceTest, AnOrphanedAddressIsAProblem) {
  std::string other = kPoolYaml;
  other.replace(other.find("172.18.8.201-172.18.8.205"),
                sizeof("172.18.8.201-172.18.8.205") - 1,
                "172.18.9.201-172.18.9.205");
  SetManifests(other + ServiceYaml("default", "web"));
  status::v1::ListProblemsRequest request;
  request.add_kinds(status::v1::Problem::ORPHANED_ADDRESS);
  status::v1::ListProblemsResponse response;
  ASSERT_TRUE(Ask(stub_, &Stub::ListProblems, request, &response).ok());
  ASSERT_EQ(response.problems_size(), 1);
  EXPECT_THAT(response.problems(0).text(),
              HasSubstr("Service/default/web: 172.18.8.201 is kept, but a new "
                        "request for it would be refused: "));
}

TEST_F(StatusServiceTest, BadRequestsAreNamed) {
  status::v1::ListServicesRequest services;
  status::v1::ListServicesResponse response;
  const auto error = [&] {
    return Ask(stub_, &Stub::ListServices, services, &response);
  };
  services.set_address("10.0.0.300");
  EXPECT_EQ(error().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(error().error_message(), HasSubstr("address: \"10.0.0.300\""));
  services.Clear();
  services.set_page_size(-1);
  EXPECT_EQ(error().error_message(), "page_size: -1, want 0..10000");
  services.Clear();
  services.set_page_token("default/web");
  EXPECT_EQ(error().error_message(),
            "page_token: \"default/web\", want the next_page_token of an "
            "answer");
  status::v1::ListPoolsRequest pools;
  pools.set_page_size(-2);
  status::v1::ListPoolsResponse no_pools;
  EXPECT_EQ(Ask(stub_, &Stub::ListPools, pools, &no_pools).error_message(),
            "page_size: -2, want 0..10000");
  status::v1::ListMembersRequest members;
  members.set_page_token("!");
  status::v1::ListMembersResponse no_members;
  EXPECT_THAT(
      Ask(stub_, &Stub::ListMembers, members, &no_members).error_message(),
      HasSubstr("page_token: \"!\""));
  status::v1::ListInterfacesRequest interfaces;
  interfaces.set_page_token("!");
  status::v1::ListInterfacesResponse no_interfaces;
  EXPECT_THAT(Ask(stub_, &Stub::ListInterfaces, interfaces, &no_interfaces)
                  .error_message(),
              HasSubstr("page_token: \"!\""));
}

TEST_F(StatusServiceTest, SendsEventsSinceATime) {
  OnLoop([this] {
    for (const int64_t second : {100, 200, 300}) {
      world_->environment().log->Record(
          {.time = absl::FromUnixSeconds(second), .reason = "Odd"});
    }
  });
  status::v1::WatchEventsRequest request;
  request.mutable_since()->set_seconds(200);
  grpc::ClientContext context;
  const auto reader = stub_->WatchEvents(&context, request);
  status::v1::Event event;
  std::vector<int64_t> seconds;
  while (reader->Read(&event)) {
    if (event.reason() == "Odd") seconds.push_back(event.time().seconds());
  }
  EXPECT_THAT(seconds, ElementsAre(200, 300));
}

// The bound is for all connections together, not for one.
TEST_F(StatusServiceTest, HasTheHealthServiceAndReflection) {
  // HealthCheckResponse{status: SERVING}
  EXPECT_EQ(AskRaw("/grpc.health.v1.Health/Check", ""), "\x08\x01");
  // ServerReflectionRequest{list_services: "*"}
  EXPECT_THAT(AskRaw("/grpc.reflection.v1alpha.ServerReflection/"
                     "ServerReflectionInfo",
                     "\x3a\x01*"),
              HasSubstr("lb.status.v1.Status"));
}

// Protobuf's texts are UTF-8; a name that is none would fail the whole answer.
TEST_F(StatusServiceTest, EventsOfForeignTextArriveAsUtf8) {
  grpc::ClientContext context;
  status::v1::WatchEventsRequest request;
  request.set_follow(true);
  const auto reader = stub_->WatchEvents(&context, request);
  status::v1::Event event;
  ASSERT_TRUE(reader->Read(&event));
  world_->loop()->Post([this] {
    world_->environment().log->Record({.reason = "JustNow",
                                       .object = {EventObject::kMember, "\xff"},
                                       .message = "a\nb"});
  });
  while (event.reason() != "JustNow") ASSERT_TRUE(reader->Read(&event));
  EXPECT_EQ(event.object(), "Member/\\xff");
  EXPECT_EQ(event.message(), "a\\x0ab");
  context.TryCancel();
}

}  // namespace
}  // namespace lb
