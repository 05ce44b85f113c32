#include "daemon/admin_service.h"

#include <string>

#include "daemon/testing/node_test.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "lb/gossip/wire/keyring.h"

namespace lb {
namespace {

using admin::v1::RotateGossipKeyRequest;
using gossip::wire::KeyDerivation;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Stub = admin::v1::Admin::Stub;

class AdminServiceTest : public NodeTest {
 protected:
  AdminServiceTest() {
    EXPECT_TRUE(options_.keyring.AddSecret("old", KeyDerivation::kSha256).ok());
  }

  // "OK: 2 keys", or the error.
  std::string Rotate(RotateGossipKeyRequest::Step step,
                     const std::string& secret) {
    RotateGossipKeyRequest request;
    request.set_step(step);
    request.set_secret(secret);
    admin::v1::RotateGossipKeyResponse response;
    const grpc::Status status =
        Ask(admin_stub_, &Stub::RotateGossipKey, request, &response);
    return status.ok() ? std::to_string(response.keys()) + " keys"
                       : status.error_message();
  }

  std::string LastEvent() {
    std::string text;
    OnLoop([&] {
      const Event event = world_->environment().log->Since(0).back();
      text =
          event.reason + " " + event.object.ToString() + ": " + event.message;
    });
    return text;
  }
};

TEST_F(AdminServiceTest, ReloadsAndTellsWhatIsInForce) {
  admin::v1::ReloadResponse response;
  ASSERT_TRUE(Ask(admin_stub_, &Stub::Reload, {}, &response).ok());
  EXPECT_EQ(reloads_, 1);
  EXPECT_EQ(response.pools(), 1u);
  EXPECT_EQ(response.advertisements(), 1u);
  EXPECT_EQ(response.services(), 1u);
  ASSERT_EQ(response.problems_size(), 1);
  EXPECT_THAT(response.problems(0), HasSubstr("IPAddressPool/bad: "));
  EXPECT_EQ(response.added().names_size(), 0);
}

TEST_F(AdminServiceTest, ReloadTellsWhatChangedUpToAThousandNames) {
  for (int i = 0; i < 1001; ++i) changes_.added.push_back("Service/a/b");
  changes_.changed = {"Node/n1"};
  changes_.removed = {"Namespace/x"};
  changes_.refused = {"IPAddressPool/bad\n"};
  changes_.resolved = {"IPAddressPool/good"};
  admin::v1::ReloadResponse response;
  ASSERT_TRUE(Ask(admin_stub_, &Stub::Reload, {}, &response).ok());
  EXPECT_EQ(response.added().names_size(), 1000);
  EXPECT_EQ(response.added().omitted(), 1u);
  EXPECT_EQ(response.changed().names(0), "Node/n1");
  EXPECT_EQ(response.removed().names(0), "Namespace/x");
  EXPECT_EQ(response.refused().names(0), "IPAddressPool/bad\\x0a");
  EXPECT_EQ(response.resolved().names(0), "IPAddressPool/good");
}

TEST_F(AdminServiceTest, ReleasesWhatOnlyThePastHolds) {
  const auto release = [this](const std::string& address,
                              const std::string& service) {
    admin::v1::ReleaseAddressRequest request;
    request.set_address(address);
    request.set_service(service);
    admin::v1::ReleaseAddressResponse response;
    const grpc::Status status =
        Ask(admin_stub_, &Stub::ReleaseAddress, request, &response);
    if (!status.ok()) return status.error_message();
    return response.released(0).service() + " " +
           response.released(0).address();
  };
  EXPECT_EQ(release("", ""), "address, service: want exactly one of the two");
  EXPECT_EQ(release("172.18.8.201", "default/web"),
            "address, service: want exactly one of the two");
  EXPECT_THAT(release("172.18.8.300", ""), HasSubstr("address: "));
  EXPECT_EQ(release("172.18.8.205", ""), "172.18.8.205: no service holds it");
  EXPECT_THAT(release("", "default/web"),
              HasSubstr("172.18.8.201: default/web would be given it again"));
  SetManifests(
      "apiVersion: metallb.io/v1beta1\n"
      "kind: IPAddressPool\n"
      "metadata: {name: first-pool}\n"
      "spec: {addresses: [172.18.8.203-172.18.8.205]}\n" +
      ServiceYaml("default", "web"));
  // In a loop of its own, the manifests are not taken up yet.
  OnLoop([] {});
  EXPECT_EQ(release("172.18.8.201", ""), "default/web 172.18.8.201");
}

TEST_F(AdminServiceTest, RotatesTheKeyStepByStep) {
  EXPECT_EQ(Rotate(RotateGossipKeyRequest::ADD, "new"), "2 keys");
  EXPECT_EQ(LastEvent(),
            "GossipKeyRotated Node/n1: ADD, 2 secrets decrypt now");
  EXPECT_EQ(Rotate(RotateGossipKeyRequest::ADD, "new"), "2 keys");
  EXPECT_EQ(Rotate(RotateGossipKeyRequest::USE, "new"), "2 keys");
  EXPECT_EQ(Rotate(RotateGossipKeyRequest::REMOVE, "old"), "1 keys");
  OnLoop([this] {
    EXPECT_EQ(agent_->gossip_keyring().keys().front(),
              gossip::wire::MetallbKey("new", KeyDerivation::kSha256));
  });
}

// The two derivations of one secret: USE switches between them.
TEST_F(AdminServiceTest, UsesTheOtherKeyOfASecret) {
  RotateGossipKeyRequest request;
  request.set_step(RotateGossipKeyRequest::USE);
  request.set_secret("old");
  const auto use = [&](RotateGossipKeyRequest::Derivation derivation) {
    request.set_derivation(derivation);
    admin::v1::RotateGossipKeyResponse response;
    return Ask(admin_stub_, &Stub::RotateGossipKey, request, &response)
        .error_message();
  };
  EXPECT_EQ(use(RotateGossipKeyRequest::LEGACY), "");
  OnLoop([this] {
    EXPECT_THAT(
        agent_->gossip_keyring().keys(),
        ElementsAre(gossip::wire::MetallbKey("old", KeyDerivation::kLegacy),
                    gossip::wire::MetallbKey("old", KeyDerivation::kSha256)));
  });
  EXPECT_EQ(use(static_cast<RotateGossipKeyRequest::Derivation>(9)),
            "derivation: 9, want SHA256 or LEGACY");
  EXPECT_EQ(use(RotateGossipKeyRequest::DERIVATION_UNSPECIFIED), "");
  OnLoop([this] {
    EXPECT_EQ(agent_->gossip_keyring().keys().front(),
              gossip::wire::MetallbKey("old", KeyDerivation::kSha256));
  });
}

TEST_F(AdminServiceTest, NamesWhatIsWrongWithAKey) {
  EXPECT_EQ(Rotate(RotateGossipKeyRequest::STEP_UNSPECIFIED, "x"),
            "step: 0, want ADD, USE or REMOVE");
  EXPECT_EQ(Rotate(static_cast<RotateGossipKeyRequest::Step>(99), "x"),
            "step: 99, want ADD, USE or REMOVE");
  EXPECT_EQ(Rotate(RotateGossipKeyRequest::ADD, ""),
            "secret: 0 bytes, want 1 to 4096");
  EXPECT_EQ(Rotate(RotateGossipKeyRequest::ADD, std::string(4097, 'x')),
            "secret: 4097 bytes, want 1 to 4096");
  EXPECT_EQ(Rotate(RotateGossipKeyRequest::USE, "new"),
            "secret: not in use here, want it added first");
  EXPECT_EQ(Rotate(RotateGossipKeyRequest::REMOVE, "new"),
            "secret: not in use here, want it added first");
  EXPECT_THAT(Rotate(RotateGossipKeyRequest::REMOVE, "old"),
              HasSubstr("it encrypts"));
  for (int i = 2; i <= 8; ++i) {
    EXPECT_EQ(Rotate(RotateGossipKeyRequest::ADD, std::to_string(i)),
              std::to_string(i) + " keys");
  }
  EXPECT_EQ(Rotate(RotateGossipKeyRequest::ADD, "9"),
            "secret: 8 secrets are in use, want an old one removed");
}

TEST_F(AdminServiceTest, ChangesTheLogLevel) {
  admin::v1::SetLogLevelRequest request;
  admin::v1::SetLogLevelResponse response;
  request.set_level("debug");
  ASSERT_TRUE(Ask(admin_stub_, &Stub::SetLogLevel, request, &response).ok());
  EXPECT_EQ(log_level_, LogLevel::kDebug);
  EXPECT_EQ(LastEvent(), "LogLevelChanged Node/n1: debug");
  request.set_level("loud");
  EXPECT_EQ(
      Ask(admin_stub_, &Stub::SetLogLevel, request, &response).error_message(),
      "level: \"loud\", want debug, info, warning or error");
}

class ClearGossipTest : public NodeTest {};

TEST_F(ClearGossipTest, HasNoKeyToRotate) {
  RotateGossipKeyRequest request;
  request.set_step(RotateGossipKeyRequest::ADD);
  request.set_secret("new");
  admin::v1::RotateGossipKeyResponse response;
  const grpc::Status status =
      Ask(admin_stub_, &Stub::RotateGossipKey, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("want gossip-secret-file"));
}

// Rights go by listener.
TEST_F(ClearGossipTest, AListenerWithoutItHasNoAdmin) {
  const std::string listen = "unix:" + folder_ + "/read.sock";
  const auto server = StatusServer::Start({.listen = listen}, service_.get());
  ASSERT_TRUE(server.ok());
  const auto channel =
      grpc::CreateChannel(listen, grpc::InsecureChannelCredentials());
  status::v1::GetNodeResponse node;
  EXPECT_TRUE(Ask(status::v1::Status::NewStub(channel),
                  &status::v1::Status::Stub::GetNode, {}, &node)
                  .ok());
  admin::v1::ReloadResponse response;
  EXPECT_EQ(
      Ask(admin::v1::Admin::NewStub(channel), &Stub::Reload, {}, &response)
          .error_code(),
      grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(reloads_, 0);
  (*server)->Shutdown();
}

}  // namespace
}  // namespace lb
