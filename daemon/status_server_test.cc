// The listeners: who may reach them, and over TLS with what certificate. The
// certificates are made here, by openssl.
#include "daemon/status_server.h"

#include <grp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "daemon/certificates.h"
#include "daemon/testing/node_test.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb {
namespace {

using ::testing::HasSubstr;

class StatusServerTest : public NodeTest {
 protected:
  using Started = absl::StatusOr<std::unique_ptr<StatusServer>>;

  Started Start(const ListenerOptions& options) {
    return StatusServer::Start(options, {service_.get()});
  }
};

TEST_F(StatusServerTest, RefusesToListenToOtherHosts) {
  for (const char* listen : {"0.0.0.0:50051", "10.0.0.1:50051", "host:1",
                             "127.0.0.1", "unix:", ""}) {
    EXPECT_THAT(Start({.listen = listen}),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << listen;
  }
}

TEST_F(StatusServerTest, TakesNoAddressAwayFromAnotherServer) {
  EXPECT_THAT(Start({.listen = listen_}),
              StatusIs(absl::StatusCode::kUnavailable));
  status::v1::GetNodeResponse node;
  grpc::ClientContext context;
  EXPECT_TRUE(stub_->GetNode(&context, {}, &node).ok());
}

// Left by a server that was killed.
TEST_F(StatusServerTest, ReplacesASocketThatNobodyServes) {
  const std::string path = folder_ + "/stale.sock";
  sockaddr_un address = {.sun_family = AF_UNIX};
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const int socket_fd = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(socket_fd, reinterpret_cast<const sockaddr*>(&address),
                 sizeof(address)),
            0);
  close(socket_fd);
  const auto server = Start({.listen = "unix:" + path});
  ASSERT_THAT(server, IsOk());
  EXPECT_EQ(std::filesystem::status(path).permissions() &
                std::filesystem::perms::others_all,
            std::filesystem::perms::none);
  (*server)->Shutdown();
}

// As many silent connections as the process may have descriptors; both ends are
// in this one. What gRPC's own listener does not outlive.
TEST_F(StatusServerTest, GoesOnAfterMoreConnectionsThanItHasDescriptors) {
  rlimit before = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit usual = {.rlim_cur = 1024, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &usual), 0);
  const std::string path = folder_ + "/many.sock";
  const auto server = Start({.listen = "unix:" + path});
  ASSERT_THAT(server, IsOk());
  sockaddr_un address = {.sun_family = AF_UNIX};
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  std::vector<int> sockets;
  while (sockets.size() < 2000) {
    const int made = socket(AF_UNIX, SOCK_STREAM, 0);
    if (made < 0) break;
    sockets.push_back(made);
    std::ignore = connect(made, reinterpret_cast<const sockaddr*>(&address),
                          sizeof(address));
  }
  EXPECT_GT(sockets.size(), 300u);
  for (const int made : sockets) close(made);
  const auto stub = status::v1::Status::NewStub(
      grpc::CreateChannel("unix:" + path, grpc::InsecureChannelCredentials()));
  status::v1::GetNodeResponse node;
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::seconds(30));
  EXPECT_TRUE(stub->GetNode(&context, {}, &node).ok());
  (*server)->Shutdown();
  setrlimit(RLIMIT_NOFILE, &before);
}

// gRPC's own has no bound for either.
TEST_F(StatusServerTest, OneConnectionHasSoManyCalls) {
  constexpr int kCalls = 100;
  status::v1::WatchEventsRequest all;
  all.set_follow(true);
  struct Call {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReader<status::v1::Event>> events;
  };
  std::vector<std::unique_ptr<Call>> calls;
  status::v1::Event event;
  for (int i = 0; i < kCalls; ++i) {
    auto& call = *calls.emplace_back(std::make_unique<Call>());
    call.events = stub_->WatchEvents(&call.context, all);
    ASSERT_TRUE(call.events->Read(&event));
  }
  const auto ask = [this] {
    status::v1::GetNodeResponse node;
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::milliseconds(500));
    return stub_->GetNode(&context, {}, &node).error_code();
  };
  EXPECT_EQ(ask(), grpc::StatusCode::DEADLINE_EXCEEDED);
  for (const auto& call : calls) call->context.TryCancel();
  calls.clear();
  EXPECT_EQ(ask(), grpc::StatusCode::OK);
}

TEST_F(StatusServerTest, HeadersAreBounded) {
  status::v1::GetNodeResponse node;
  grpc::ClientContext context;
  context.AddMetadata("x-large", std::string(64 << 10, 'x'));
  EXPECT_EQ(stub_->GetNode(&context, {}, &node).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(StatusServerTest, MakesTheFolderOfItsSocket) {
  const auto server = Start({.listen = "unix:" + folder_ + "/a/b/lbd.sock"});
  ASSERT_THAT(server, IsOk());
  (*server)->Shutdown();
  EXPECT_THAT(
      Start({.listen = "unix:/proc/none/lbd.sock"}),
      StatusIs(absl::StatusCode::kUnavailable, HasSubstr("/proc/none")));
}

TEST_F(StatusServerTest, TheSocketIsForOwnerAndGroup) {
  struct stat before = {};
  ASSERT_EQ(stat((folder_ + "/lbd.sock").c_str(), &before), 0);
  EXPECT_EQ(before.st_mode & 0777, 0660u);
  EXPECT_EQ(before.st_gid, getegid());
  EXPECT_THAT(Start({.listen = "unix:" + folder_ + "/g.sock",
                     .group = "no-such-group"}),
              StatusIs(absl::StatusCode::kNotFound,
                       "status-group: \"no-such-group\": no such group on "
                       "this host"));
  const group* const own = getgrgid(getegid());
  ASSERT_NE(own, nullptr);
  const auto server =
      Start({.listen = "unix:" + folder_ + "/g.sock", .group = own->gr_name});
  ASSERT_THAT(server, IsOk());
  struct stat given = {};
  ASSERT_EQ(stat((folder_ + "/g.sock").c_str(), &given), 0);
  EXPECT_EQ(given.st_mode & 0777, 0660u);
  EXPECT_EQ(given.st_gid, getegid());
  (*server)->Shutdown();
}

class TlsTest : public StatusServerTest {
 protected:
  void SetUp() override {
    StatusServerTest::SetUp();
    if (std::system("openssl version > /dev/null 2>&1") != 0) {
      GTEST_SKIP() << "no openssl command (package openssl)";
    }
    MakeAuthority("ca");
    MakeCertificate("server", "ca");
    MakeCertificate("client", "ca");
    address_ = fmt::format("127.0.0.1:{}", FreePort());
    tls_ = {Path("server.pem"), Path("server.key"), ""};
  }

  std::string Path(const std::string& name) const {
    return folder_ + "/" + name;
  }

  void Run(const std::string& command) {
    const std::string all =
        fmt::format("cd {} && {} >log 2>&1", folder_, command);
    ASSERT_EQ(std::system(all.c_str()), 0) << command << Read("log");
  }

  std::string Read(const std::string& name) const {
    std::ifstream file(Path(name));
    return {std::istreambuf_iterator<char>(file), {}};
  }

  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(Path(name)) << text;
  }

  void MakeAuthority(const std::string& name) {
    Run(
        fmt::format("openssl req -x509 -newkey rsa:2048 -nodes -days 2 "
                    "-subj /CN={0} -keyout {0}.key -out {0}.pem",
                    name));
  }

  // NAME.pem and NAME.key, for 127.0.0.1.
  void MakeCertificate(const std::string& name, const std::string& authority,
                       int days = 2) {
    Write("san", "subjectAltName=IP:127.0.0.1\n");
    Run(
        fmt::format("openssl req -newkey rsa:2048 -nodes -subj /CN={0} "
                    "-keyout {0}.key -out {0}.csr",
                    name));
    Run(
        fmt::format("openssl x509 -req -in {0}.csr -CA {1}.pem -CAkey {1}.key "
                    "-CAcreateserial -days {2} -extfile san -out {0}.pem",
                    name, authority, days));
  }

  enum class Patience { kNone, kUntilItWorks };

  // Asks with the authority's trust and, if one is named, a certificate.
  grpc::Status AskOver(const std::string& authority,
                       const std::string& certificate = "",
                       Patience patience = Patience::kNone) {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = Read(authority + ".pem");
    if (!certificate.empty()) {
      options.pem_cert_chain = Read(certificate + ".pem");
      options.pem_private_key = Read(certificate + ".key");
    }
    const auto stub = status::v1::Status::NewStub(
        grpc::CreateChannel(address_, grpc::SslCredentials(options)));
    grpc::ClientContext context;
    context.set_wait_for_ready(patience == Patience::kUntilItWorks);
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::seconds(30));
    status::v1::GetNodeResponse node;
    return stub->GetNode(&context, {}, &node);
  }

  std::string address_;
  TlsFiles tls_;
};

TEST_F(TlsTest, AnswersOverTlsOnly) {
  const auto server = Start({.listen = address_, .tls = tls_});
  ASSERT_THAT(server, IsOk());
  EXPECT_TRUE(AskOver("ca").ok());
  MakeAuthority("other");
  EXPECT_FALSE(AskOver("other").ok());
  const auto clear = status::v1::Status::NewStub(
      grpc::CreateChannel(address_, grpc::InsecureChannelCredentials()));
  status::v1::GetNodeResponse node;
  EXPECT_FALSE(Ask(clear, &status::v1::Status::Stub::GetNode, {}, &node).ok());
  (*server)->Shutdown();
}

TEST_F(TlsTest, ServesKnownClientsOnly) {
  MakeAuthority("other");
  MakeCertificate("stranger", "other");
  tls_.client_ca = Path("ca.pem");
  const auto server = Start({.listen = address_, .tls = tls_});
  ASSERT_THAT(server, IsOk());
  EXPECT_TRUE(AskOver("ca", "client").ok());
  EXPECT_FALSE(AskOver("ca").ok());
  EXPECT_FALSE(AskOver("ca", "stranger").ok());
  (*server)->Shutdown();
}

TEST_F(TlsTest, TakesUpNewFiles) {
  const auto server = Start({.listen = address_, .tls = tls_});
  ASSERT_THAT(server, IsOk());
  MakeAuthority("new");
  ASSERT_TRUE(AskOver("ca").ok());
  ASSERT_FALSE(AskOver("new").ok());
  MakeCertificate("next", "new");
  Run("mv next.key server.key && mv next.pem server.pem");
  EXPECT_THAT((*server)->ReadTlsFiles(), IsOk());
  EXPECT_TRUE(AskOver("new", "", Patience::kUntilItWorks).ok());
  EXPECT_FALSE(AskOver("ca").ok());
  (*server)->Shutdown();
}

TEST_F(TlsTest, NoCertificateIsTakenBeforeItsTime) {
  EXPECT_THAT(KeptTlsFiles::Create(tls_, absl::Now() - absl::Hours(24)),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("server.pem: is not valid yet, want a valid "
                                 "certificate")));
}

// gRPC by itself would take bad files up, and never serve a connection again.
TEST_F(TlsTest, KeepsTheLastGoodFiles) {
  tls_.client_ca = Path("known.pem");
  Run("cp ca.pem known.pem");
  const auto server = Start({.listen = address_, .tls = tls_});
  ASSERT_THAT(server, IsOk());
  MakeAuthority("new");
  MakeCertificate("next", "new");
  Run("mv next.key server.key");
  EXPECT_THAT((*server)->ReadTlsFiles(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("does not belong to the certificate")));
  EXPECT_TRUE(AskOver("ca", "client").ok());
  Run("mv next.pem server.pem && echo > known.pem");
  EXPECT_THAT((*server)->ReadTlsFiles(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("known.pem: has no certificate")));
  EXPECT_TRUE(AskOver("ca", "client").ok());
  Run("rm known.pem");
  EXPECT_THAT((*server)->ReadTlsFiles(),
              StatusIs(absl::StatusCode::kUnavailable,
                       HasSubstr("known.pem: cannot read it")));
  EXPECT_TRUE(AskOver("ca", "client").ok());
  Run("cp ca.pem known.pem");
  EXPECT_THAT((*server)->ReadTlsFiles(), IsOk());
  EXPECT_TRUE(AskOver("new", "client", Patience::kUntilItWorks).ok());
  EXPECT_FALSE(AskOver("ca", "client").ok());
  (*server)->Shutdown();
}

TEST_F(TlsTest, NamesWhatIsWrongWithAFile) {
  MakeAuthority("other");
  Run("openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key "
      "-CAcreateserial -days -1 -out old.pem");
  Run("openssl rsa -aes128 -passout pass:x -in server.key -out locked.key");
  Write("empty", "");
  Write("noise",
        "-----BEGIN CERTIFICATE-----\nAAAA\n"
        "-----END CERTIFICATE-----\n");
  struct Case {
    TlsFiles files;
    std::string problem;  // After the folder.
  };
  const std::string good = Path("server.pem");
  const std::string key = Path("server.key");
  const Case cases[] = {
      {{Path("none"), key, ""},
       "status-tls-cert: /none: cannot read it: No such file or directory"},
      {{folder_, key, ""}, "status-tls-cert: : no regular file, want one"},
      {{Path("empty"), key, ""},
       "status-tls-cert: /empty: has no certificate, want one in PEM form"},
      {{Path("noise"), key, ""},
       "status-tls-cert: /noise: has no certificate, want one in PEM form"},
      {{Path("old.pem"), key, ""},
       "status-tls-cert: /old.pem: has expired, want a valid certificate"},
      {{good, Path("none"), ""},
       "status-tls-key: /none: cannot read it: No such file or directory"},
      {{good, good, ""},
       "status-tls-key: /server.pem: has no private key, want one in PEM form, "
       "not encrypted"},
      {{good, Path("locked.key"), ""},
       "status-tls-key: /locked.key: has no private key, want one in PEM form, "
       "not encrypted"},
      {{good, Path("other.key"), ""},
       "status-tls-key: /other.key: does not belong to the certificate in "
       "/server.pem, want its key"},
      {{good, key, Path("empty")},
       "status-tls-client-ca: /empty: has no certificate, want one in PEM "
       "form"},
  };
  for (const Case& c : cases) {
    std::string problem(
        Start({.listen = address_, .tls = c.files}).status().message());
    for (size_t at; (at = problem.find(folder_)) != std::string::npos;) {
      problem.erase(at, folder_.size());
    }
    EXPECT_EQ(problem, c.problem);
  }
}

}  // namespace
}  // namespace lb
