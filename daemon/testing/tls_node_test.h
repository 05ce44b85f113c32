// TlsNodeTest: a NodeTest with certificates, which openssl makes in its folder.
// Skips where there is no such command.
//
// There are an authority "ca" and certificates "server" and "client" of it, all
// for 127.0.0.1, and a TCP address that is free.
#ifndef LB_DAEMON_TESTING_TLS_NODE_TEST_H_
#define LB_DAEMON_TESTING_TLS_NODE_TEST_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "daemon/front/access.h"
#include "daemon/front/certificates.h"
#include "daemon/status_server.h"
#include "daemon/testing/node_test.h"
#include "grpcpp/grpcpp.h"
#include "lb/admin/v1/admin.grpc.pb.h"
#include "lb/status/v1/status.grpc.pb.h"

namespace lb {

class TlsNodeTest : public NodeTest {
 protected:
  enum class Patience { kNone, kUntilItWorks };

  void SetUp() override;

  // On address_, with both services.
  absl::StatusOr<std::unique_ptr<StatusServer>> Start(
      const front::TlsFiles& files, const front::Access& access = {});

  std::string Path(const std::string& name) const;
  std::string Read(const std::string& name) const;
  void Write(const std::string& name, const std::string& text) const;
  // A command, in the folder.
  void Run(const std::string& command);

  // NAME.pem and NAME.key.
  void MakeAuthority(const std::string& name);
  void MakeCertificate(const std::string& name, const std::string& authority,
                       const std::string& names = "IP:127.0.0.1");

  // With the authority's trust and, if one is named, a certificate.
  std::shared_ptr<grpc::Channel> Connect(const std::string& authority,
                                         const std::string& certificate = "");
  grpc::Status AskOver(const std::string& authority,
                       const std::string& certificate = "",
                       Patience patience = Patience::kNone);
  grpc::Status ReloadOver(const std::string& authority,
                          const std::string& certificate);

  std::string address_;
  front::TlsFiles tls_;  // Of "server", without authorities of clients.
};

}  // namespace lb

#endif  // LB_DAEMON_TESTING_TLS_NODE_TEST_H_
