// Damaged bytes for the calls of both services. Bytes that are no message are
// refused, and so are messages that make no sense. The node goes on and still
// answers.
#include <string>
#include <utility>
#include <vector>

#include "daemon/testing/node_test.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/gossip/wire/keyring.h"

namespace lb {
namespace {

constexpr int kRounds = 1500;  // Of each call.

class CallFuzzTest : public NodeTest {
 protected:
  CallFuzzTest() {
    EXPECT_TRUE(
        options_.keyring.AddSecret("old", gossip::wire::KeyDerivation::kSha256)
            .ok());
  }
};

using CallList = std::vector<std::pair<std::string, std::string>>;

constexpr char kStatus[] = "/lb.status.v1.Status/";

// Calls about BGP, each with a good request.
CallList RoutingCalls() {
  status::v1::ListPeersRequest peers;
  peers.set_page_token("cDE");
  status::v1::ListRoutesRequest routes;
  routes.set_peer("p1");
  status::v1::ListBfdSessionsRequest bfd;
  bfd.set_page_size(3);
  const std::string status = kStatus;
  return {{status + "ListPeers", peers.SerializeAsString()},
          {status + "ListRoutes", routes.SerializeAsString()},
          {status + "ListBfdSessions", bfd.SerializeAsString()}};
}

// All calls, each with a good request.
CallList Calls() {
  status::v1::ListServicesRequest services;
  services.set_service_namespace("default");
  services.set_pool("first-pool");
  services.set_node("n1");
  services.set_address("172.18.8.201");
  services.set_page_size(1);
  services.set_page_token("ZGVmYXVsdC9h");
  status::v1::ListPoolsRequest pools;
  pools.set_pool("first-pool");
  pools.set_holders(true);
  status::v1::ListMembersRequest members;
  members.set_page_size(7);
  members.set_page_token("bjA");
  status::v1::ListAnnouncementsRequest history;
  history.set_address("172.18.8.201");
  history.set_page_size(1);
  status::v1::ListInterfacesRequest interfaces;
  interfaces.set_page_token("bG8");
  status::v1::ListProblemsRequest problems;
  problems.add_kinds(status::v1::Problem::STATE);
  status::v1::ExplainRequest explain;
  explain.set_service("default/web");
  status::v1::WhatIfRequest what_if;
  what_if.add_without("n1");
  what_if.add_with("n2");
  status::v1::WatchRequest watch;
  watch.set_after_sequence(1);
  watch.mutable_started_at()->set_seconds(1);
  status::v1::WatchEventsRequest events;
  events.mutable_since()->set_nanos(1);
  admin::v1::RotateGossipKeyRequest rotate;
  rotate.set_step(admin::v1::RotateGossipKeyRequest::USE);
  rotate.set_secret("secret");
  admin::v1::ReleaseAddressRequest release;
  release.set_address("172.18.8.201");
  admin::v1::SetLogLevelRequest level;
  level.set_level("debug");
  const std::string status = kStatus;
  const std::string admin = "/lb.admin.v1.Admin/";
  CallList calls = {{status + "GetNode", ""},
                    {status + "ListServices", services.SerializeAsString()},
                    {status + "ListPools", pools.SerializeAsString()},
                    {status + "ListMembers", members.SerializeAsString()},
                    {status + "ListInterfaces", interfaces.SerializeAsString()},
                    {status + "ListAnnouncements", history.SerializeAsString()},
                    {status + "ListProblems", problems.SerializeAsString()},
                    {status + "Explain", explain.SerializeAsString()},
                    {status + "WhatIf", what_if.SerializeAsString()},
                    {status + "Watch", watch.SerializeAsString()},
                    {status + "WatchEvents", events.SerializeAsString()},
                    {admin + "Drain", ""},
                    {admin + "Undrain", ""},
                    {admin + "Reload", ""},
                    {admin + "ReleaseAddress", release.SerializeAsString()},
                    {admin + "RotateGossipKey", rotate.SerializeAsString()},
                    {admin + "SetLogLevel", level.SerializeAsString()}};
  for (auto& call : RoutingCalls()) calls.push_back(std::move(call));
  return calls;
}

// Noise, or the request with some bytes changed, cut off or repeated.
std::string Damage(std::string request, Prng& prng) {
  if (request.empty() || prng.Chance(25)) {
    request.resize(prng.Uniform(64));
    for (char& c : request) c = static_cast<char>(prng.Next());
    return request;
  }
  for (uint64_t i = 0; i <= prng.Uniform(4); ++i) {
    request[prng.Uniform(request.size())] = static_cast<char>(prng.Next());
  }
  if (prng.Chance(25)) request.resize(prng.Uniform(request.size()));
  if (prng.Chance(25)) request += request;
  return request;
}

TEST_F(CallFuzzTest, NoRequestEndsTheNode) {
  constexpr uint64_t kSeed = 20240501;
  SCOPED_TRACE(fmt::format("seed {}", kSeed));
  Prng prng(kSeed);
  for (const auto& [method, request] : Calls()) {
    for (int i = 0; i < kRounds; ++i) {
      grpc::Status status;
      AskRaw(method, Damage(request, prng), &status);
      ASSERT_NE(status.error_code(), grpc::StatusCode::UNAVAILABLE) << method;
    }
  }
  status::v1::GetNodeResponse node;
  ASSERT_TRUE(Ask(stub_, &status::v1::Status::Stub::GetNode, {}, &node).ok());
  EXPECT_EQ(node.name(), "n1");
  OnLoop([this] { EXPECT_LE(agent_->gossip_keyring().secret_count(), 8u); });
}

}  // namespace
}  // namespace lb
