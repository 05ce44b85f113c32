// The status service over a real unix socket, in front of a real agent that
// announces on no interface.
#include "daemon/status_service.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/testing/node_test.h"
#include "daemon/watcher.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "lb/status/v1/status.grpc.pb.h"

namespace lb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Stub = status::v1::Status::Stub;

const std::string kPoolYaml = R"(---
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: first-pool}
spec: {addresses: [172.18.8.201-172.18.8.205]}
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: {name: all}
)";

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

class StatusServiceTest : public NodeTest {
 protected:
  std::unique_ptr<Stub> NewConnection() {
    grpc::ChannelArguments alone;
    alone.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return status::v1::Status::NewStub(grpc::CreateCustomChannel(
        listen_, grpc::InsecureChannelCredentials(), alone));
  }
  // Until exactly so many services are there, each with an address.
  void WaitForAddresses(size_t count) {
    bool all = false;
    while (!all) {
      OnLoop([&] {
        const AddressEntries& entries = agent_->View().entries();
        all = entries.size() == count;
        for (const auto& [service, entry] : entries) {
          all = all && !entry.assignment.addresses.empty() &&
                agent_->View().placement().contains(service);
        }
      });
    }
  }
};

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

// The state that a caller of Watch knows.
struct Known {
  void Take(const status::v1::WatchResponse& response) {
    if (response.reset()) *this = {};
    resets += response.reset() ? 1 : 0;
    sequence = response.sequence();
    for (const auto& service : response.services()) {
      services[service.name()] = service;
    }
    for (const auto& name : response.services_removed()) services.erase(name);
    for (const auto& pool : response.pools()) pools[pool.name()] = pool;
    for (const auto& member : response.members()) {
      members[member.name()] = member;
    }
    if (response.has_node()) node = response.node();
  }

  int resets = 0;
  uint64_t sequence = 0;
  status::v1::GetNodeResponse node;
  std::map<std::string, status::v1::Service> services;
  std::map<std::string, status::v1::Pool> pools;
  std::map<std::string, status::v1::Member> members;
};

TEST_F(StatusServiceTest, AWatcherKnowsTheStateAndItsChanges) {
  grpc::ClientContext context;
  const auto reader = stub_->Watch(&context, {});
  status::v1::WatchResponse response;
  Known known;
  while (!response.complete()) {
    ASSERT_TRUE(reader->Read(&response));
    EXPECT_FALSE(response.has_event());
    known.Take(response);
  }
  EXPECT_EQ(known.resets, 1);
  EXPECT_EQ(known.node.name(), "n1");
  EXPECT_EQ(known.pools.size(), 1u);
  EXPECT_EQ(known.members.size(), 1u);
  EXPECT_EQ(known.services.at("default/web").announcers(0).node(), "n1");
  EXPECT_TRUE(known.services.at("default/web").announcers(0).has_since());

  SetManifests(kPoolYaml + ServiceYaml("default", "new"));
  while (known.services.contains("default/web") ||
         known.services["default/new"].announcers().empty()) {
    ASSERT_TRUE(reader->Read(&response));
    EXPECT_EQ(response.event().sequence(), known.sequence + 1);
    known.Take(response);
  }
  OnLoop([this] {
    world_->environment().log->Record(
        {.reason = "Odd", .object = {EventObject::kNode, "n1"}});
  });
  while (response.event().reason() != "Odd") {
    ASSERT_TRUE(reader->Read(&response));
    known.Take(response);
  }
  EXPECT_EQ(known.node.problems_size(), 0);  // The bad pool is gone.

  SetManifests(kPoolYaml + R"(---
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: second}
spec: {addresses: [172.18.8.210/32]}
)");
  while (response.event().reason() != "PoolsChanged") {
    ASSERT_TRUE(reader->Read(&response));
    known.Take(response);
  }
  EXPECT_TRUE(known.pools.contains("second"));
  context.TryCancel();
}

TEST_F(StatusServiceTest, AWatcherGoesOnWhereItWas) {
  Known known;
  {
    grpc::ClientContext context;
    const auto reader = stub_->Watch(&context, {});
    status::v1::WatchResponse response;
    while (!response.complete()) {
      ASSERT_TRUE(reader->Read(&response));
      known.Take(response);
    }
    context.TryCancel();
  }
  SetManifests(kPoolYaml + ServiceYaml("default", "new"));
  WaitForAddresses(1);
  status::v1::WatchRequest request;
  request.set_after_sequence(known.sequence);
  *request.mutable_started_at() = known.node.started_at();
  grpc::ClientContext context;
  const auto reader = stub_->Watch(&context, request);
  status::v1::WatchResponse response;
  while (known.services["default/new"].announcers().empty()) {
    ASSERT_TRUE(reader->Read(&response));
    EXPECT_EQ(response.sequence(), known.sequence + 1);
    known.Take(response);
  }
  EXPECT_EQ(known.resets, 1);
  EXPECT_FALSE(known.services.contains("default/web"));
  context.TryCancel();
}

TEST_F(StatusServiceTest, AWatcherThatMissedSomethingGetsTheWholeState) {
  OnLoop([this] {
    for (int i = 0; i < 5000; ++i) {  // More than are kept.
      world_->environment().log->Record({.reason = "Odd"});
    }
  });
  status::v1::WatchRequest missed, other_run, future;
  missed.set_after_sequence(1);
  other_run.set_after_sequence(5000);
  other_run.mutable_started_at()->set_seconds(1);
  future.set_after_sequence(~uint64_t{0});
  for (const auto& request : {missed, other_run, future}) {
    grpc::ClientContext context;
    const auto reader = stub_->Watch(&context, request);
    status::v1::WatchResponse response;
    ASSERT_TRUE(reader->Read(&response));
    EXPECT_TRUE(response.reset());
    context.TryCancel();
  }
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
TEST_F(StatusServiceTest, RefusesTooManyWatchers) {
  constexpr size_t kOfOneConnection = 64;
  std::vector<std::unique_ptr<Stub>> stubs;
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<status::v1::Event>>> readers;
  status::v1::WatchEventsRequest request;
  request.set_follow(true);
  status::v1::Event event;
  for (size_t i = 0; i < Watchers::kMax; ++i) {
    if (i % kOfOneConnection == 0) stubs.push_back(NewConnection());
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    readers.push_back(
        stubs.back()->WatchEvents(contexts.back().get(), request));
    ASSERT_TRUE(readers.back()->Read(&event));
  }
  grpc::ClientContext context;
  const auto reader = stub_->Watch(&context, {});
  status::v1::WatchResponse response;
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_EQ(reader->Finish().error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  for (const auto& other : contexts) other->TryCancel();
}

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
