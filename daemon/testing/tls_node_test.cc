#include "daemon/testing/tls_node_test.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "gtest/gtest.h"

namespace lb {
namespace {

// Quick to make.
constexpr char kNewKey[] =
    "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";

std::chrono::system_clock::time_point In30Seconds() {
  return std::chrono::system_clock::now() + std::chrono::seconds(30);
}

}  // namespace

void TlsNodeTest::SetUp() {
  NodeTest::SetUp();
  if (std::system("openssl version > /dev/null 2>&1") != 0) {
    GTEST_SKIP() << "SKIPPED: no openssl command (package openssl)";
  }
  MakeAuthority("ca");
  MakeCertificate("server", "ca");
  MakeCertificate("client", "ca");
  address_ = fmt::format("127.0.0.1:{}", FreePort());
  tls_ = {Path("server.pem"), Path("server.key"), ""};
}

absl::StatusOr<std::unique_ptr<StatusServer>> TlsNodeTest::Start(
    const front::TlsFiles& files, const front::Access& access) {
  return StatusServer::Start(
      {.listen = address_, .tls = files, .tls_access = access}, service_.get(),
      admin_.get());
}

std::string TlsNodeTest::Path(const std::string& name) const {
  return folder_ + "/" + name;
}

std::string TlsNodeTest::Read(const std::string& name) const {
  std::ifstream file(Path(name));
  return {std::istreambuf_iterator<char>(file), {}};
}

void TlsNodeTest::Write(const std::string& name,
                        const std::string& text) const {
  std::ofstream(Path(name)) << text;
}

void TlsNodeTest::Run(const std::string& command) {
  const std::string all =
      fmt::format("cd {} && {} >log 2>&1", folder_, command);
  ASSERT_EQ(std::system(all.c_str()), 0) << command << Read("log");
}

void TlsNodeTest::MakeAuthority(const std::string& name) {
  Run(
      fmt::format("openssl req -x509 {1} -days 2 -subj /CN={0} "
                  "-keyout {0}.key -out {0}.pem",
                  name, kNewKey));
}

void TlsNodeTest::MakeCertificate(const std::string& name,
                                  const std::string& authority,
                                  const std::string& names) {
  Write("san", fmt::format("subjectAltName={}\n", names));
  Run(fmt::format("openssl req {1} -subj /CN={0} -keyout {0}.key -out {0}.csr",
                  name, kNewKey));
  Run(
      fmt::format("openssl x509 -req -in {0}.csr -CA {1}.pem -CAkey {1}.key "
                  "-CAcreateserial -days 2 -extfile san -out {0}.pem",
                  name, authority));
}

std::shared_ptr<grpc::Channel> TlsNodeTest::Connect(
    const std::string& authority, const std::string& certificate) {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = Read(authority + ".pem");
  if (!certificate.empty()) {
    options.pem_cert_chain = Read(certificate + ".pem");
    options.pem_private_key = Read(certificate + ".key");
  }
  return grpc::CreateChannel(address_, grpc::SslCredentials(options));
}

grpc::Status TlsNodeTest::AskOver(const std::string& authority,
                                  const std::string& certificate,
                                  Patience patience) {
  const auto stub =
      status::v1::Status::NewStub(Connect(authority, certificate));
  grpc::ClientContext context;
  context.set_wait_for_ready(patience == Patience::kUntilItWorks);
  context.set_deadline(In30Seconds());
  status::v1::GetNodeResponse node;
  return stub->GetNode(&context, {}, &node);
}

grpc::Status TlsNodeTest::ReloadOver(const std::string& authority,
                                     const std::string& certificate) {
  const auto stub = admin::v1::Admin::NewStub(Connect(authority, certificate));
  grpc::ClientContext context;
  context.set_deadline(In30Seconds());
  admin::v1::ReloadResponse response;
  return stub->Reload(&context, {}, &response);
}

}  // namespace lb
