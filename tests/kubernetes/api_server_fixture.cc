#include "tests/kubernetes/api_server_fixture.h"

#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/http/testing/recording_handler.h"
#include "lb/io/testing/temporary_folder.h"
#include "lb/kubernetes/in_cluster.h"
#include "lb/kubernetes/json_tree.h"
#include "lb/kubernetes/json_writer.h"
#include "lb/kubernetes/kubeconfig.h"
#include "lb/net/endpoint.h"
#include "lb/net/host_port.h"

namespace lb::kubernetes {
namespace {

// The exit status of build_programs.sh if the module proxy gives nothing.
constexpr int kNoModules = 75;
constexpr char kCrds[] = "packaging/kubernetes/crds/";

std::string Version() {
  const char* const version = std::getenv("KUBERNETES_VERSION");
  return version != nullptr ? version : "v1.34.4";
}

// The server that all tests of this program share.
class World : public testing::Environment {
 public:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(Build());
    if (!skipped.empty()) return;
    folder = std::make_unique<io::TemporaryFolder>();
    const absl::Time start = absl::Now();
    plane = std::make_unique<ControlPlane>(core, folder->path());
    ASSERT_TRUE(plane->Run("up", kStartLimit));
    fmt::print("Kubernetes {} is ready after {}\n", Version(),
               absl::FormatDuration(absl::Now() - start));
    std::string manifests = "apply tests/kubernetes/rights.yaml";
    for (const char* const resource : kResources) {
      manifests += fmt::format(" {}{}.yaml", kCrds, resource);
    }
    ASSERT_TRUE(plane->Run(manifests, absl::Seconds(30)));
    for (const char* const resource : kResources) {
      ASSERT_TRUE(plane->Run(fmt::format("established {}.metallb.io", resource),
                             absl::Seconds(30)));
    }
    ASSERT_TRUE(plane->Run("account metallb-system lbd pod", kLimit));
    ASSERT_TRUE(plane->Run("account metallb-system nothing nothing", kLimit));
    fmt::print("its tests begin after {}\n",
               absl::FormatDuration(absl::Now() - start));
  }

  void TearDown() override {
    if (plane == nullptr) return;
    plane->Run("memory", kLimit);
    plane = nullptr;
    folder = nullptr;
  }

  static inline std::string skipped;
  static inline std::string core;
  static inline std::unique_ptr<io::TemporaryFolder> folder;
  static inline std::unique_ptr<ControlPlane> plane;

 private:
  static constexpr std::array kResources = {
      "configurationstates", "ipaddresspools", "l2advertisements",
      "servicel2statuses"};

  // The program's path, or why there is none.
  static void Build() {
    const std::string command =
        fmt::format("tests/kubernetes/build_programs.sh {}", Version());
    FILE* const output = popen(command.c_str(), "r");
    ASSERT_NE(output, nullptr);
    std::array<char, 4096> buffer;
    for (size_t size;
         (size = fread(buffer.data(), 1, buffer.size(), output));) {
      core.append(buffer.data(), size);
    }
    const int status = pclose(output);
    while (core.ends_with('\n')) core.pop_back();
    if (WIFEXITED(status) && WEXITSTATUS(status) == kNoModules) {
      skipped = fmt::format(
          "Kubernetes {} is not here (want the Go module proxy; see above)",
          Version());
      return;
    }
    ASSERT_EQ(status, 0) << Version() << " does not build; see above";
  }
};

const auto* const kWorld = testing::AddGlobalTestEnvironment(new World);

std::string ObjectText(const Resource& resource, const std::string& name,
                       std::string_view rest) {
  const bool is_core = resource.group.empty();
  const std::string kind = resource == kServices ? "Service"
                           : is_core             ? "ConfigMap"
                                                 : "IPAddressPool";
  return fmt::format(
      R"({{"apiVersion":"{}","kind":"{}","metadata":{{"name":"{}"}}{}{}}})",
      resource.ApiVersion(), kind, name, rest.empty() ? "" : ",", rest);
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError("cannot be read");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void WriteFile(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

http::RequestId RequestPaths::Send(
    http::Request request, std::unique_ptr<http::ResponseHandler> handler) {
  paths_.push_back(request.path);
  return client_->Send(std::move(request), std::move(handler));
}

int RequestPaths::Count(std::string_view part) const {
  return static_cast<int>(std::count_if(
      paths_.begin(), paths_.end(),
      [&](const std::string& path) { return path.find(part) != path.npos; }));
}

void ApiServerTest::SetUp() {
  if (!World::skipped.empty()) GTEST_SKIP() << "SKIPPED: " << World::skipped;
  admin_ = Connect(AdminAccess());
}

ControlPlane& ApiServerTest::plane() { return *World::plane; }

const std::string& ApiServerTest::folder() { return World::folder->path(); }

bool ApiServerTest::IsOldServer() { return Version().starts_with("v1.2"); }

Access ApiServerTest::AdminAccess() {
  const std::string path = folder() + "/admin.conf";
  const auto text = ReadFile(path);
  LB_CHECK(text.ok());
  auto access = ReadKubeconfig({.text = *text, .path = path}, ReadFile);
  if (!access.ok()) ADD_FAILURE() << access.status().ToString();
  return *std::move(access);
}

Access ApiServerTest::AccountAccess(const std::string& account) {
  const auto server = ReadFile(folder() + "/server");
  LB_CHECK(server.ok());
  const auto at = net::ParseHostPort(*server, 0);
  LB_CHECK(at.ok());
  auto access =
      ReadInClusterAccess({.host = at->host,
                           .port = fmt::to_string(at->port),
                           .folder = fmt::format("{}/{}", folder(), account)},
                          ReadFile);
  if (!access.ok()) ADD_FAILURE() << access.status().ToString();
  return *std::move(access);
}

Party ApiServerTest::Connect(const Access& access) {
  Party party;
  party.relay = std::make_unique<Relay>(
      &sockets_, net::Endpoint{*access.server.address, access.server.port});
  auto connection = http::Http2Client::Make(
      {.loop = &loop_, .stream_factory = &sockets_},
      {.server = party.relay->local(),
       .server_name = access.tls_server_name,
       .credentials = {.ca_pem = access.certificate_authority.text,
                       .certificate_pem = access.client_certificate.text,
                       .key_pem = access.client_key.text}});
  LB_CHECK(connection.ok());
  party.connection = *std::move(connection);
  party.authorized = std::make_unique<AuthorizedClient>(
      &loop_, party.connection.get(), access, "api_server_test/1.0", ReadFile);
  party.client = std::make_unique<RequestPaths>(party.authorized.get());
  return party;
}

std::unique_ptr<Reflector> ApiServerTest::Follow(Party& party,
                                                 ReflectorOptions options,
                                                 Reflector::Observer* mirror) {
  EXPECT_TRUE(Validate(options).ok());
  auto reflector = std::make_unique<Reflector>(
      &loop_, party.client.get(), mirror, std::move(options), prng_);
  reflector->Start();
  return reflector;
}

testing::AssertionResult ApiServerTest::Until(
    const std::function<bool()>& holds, absl::Duration limit) {
  const absl::Time until = loop_.Now() + limit;
  while (loop_.Now() < until) {
    if (loop_.RunUntil(holds, absl::Milliseconds(20))) {
      return testing::AssertionSuccess();
    }
  }
  return testing::AssertionFailure()
         << "not within " << absl::FormatDuration(limit);
}

ApiServerTest::Answer ApiServerTest::Ask(std::string method, std::string path,
                                         std::string body) {
  const std::string type =
      method == "PATCH" ? "application/merge-patch+json" : "application/json";
  http::ResponseRecord record;
  admin_.client->Send(
      {.method = std::move(method),
       .path = std::move(path),
       .headers = {{"accept", "application/json"}, {"content-type", type}},
       .body = std::move(body)},
      http::Recorded(&record));
  LB_CHECK(loop_.RunUntil([&] { return record.end.has_value(); }, kLimit));
  EXPECT_TRUE(record.end->ok()) << record.end->ToString();
  auto object = ReadJson(record.body);
  if (!object.ok()) return {record.status, {}};
  return {record.status, *std::move(object)};
}

config::YamlNode ApiServerTest::Create(const Resource& resource,
                                       const std::string& name,
                                       std::string_view rest) {
  Answer answer = Ask("POST", CollectionPath(resource, kNamespace),
                      ObjectText(resource, name, rest));
  EXPECT_EQ(answer.code, 201) << JsonText(answer.object);
  return std::move(answer.object);
}

config::YamlNode ApiServerTest::Patch(const Resource& resource,
                                      const std::string& name,
                                      std::string_view body) {
  Answer answer =
      Ask("PATCH", ObjectPath(resource, {kNamespace, name}), std::string(body));
  EXPECT_EQ(answer.code, 200) << JsonText(answer.object);
  return std::move(answer.object);
}

void ApiServerTest::Delete(const Resource& resource, const std::string& name) {
  const Answer answer = Ask("DELETE", ObjectPath(resource, {kNamespace, name}));
  EXPECT_EQ(answer.code, 200) << JsonText(answer.object);
}

config::YamlNode ApiServerTest::Get(const Resource& resource,
                                    const std::string& name) {
  Answer answer = Ask("GET", ObjectPath(resource, {kNamespace, name}));
  EXPECT_EQ(answer.code, 200) << JsonText(answer.object);
  return std::move(answer.object);
}

std::string IngressPatch(std::string_view version, std::string_view address) {
  JsonWriter json;
  json.BeginMap().Key("metadata").BeginMap();
  json.Pair("resourceVersion", version).EndMap();
  json.Key("status").BeginMap().Key("loadBalancer").BeginMap();
  json.Key("ingress").BeginList().BeginMap().Pair("ip", address);
  json.EndMap().EndList().EndMap().EndMap().EndMap();
  return std::move(json).Finish();
}

std::vector<std::string> NamesOf(const ObjectTexts& objects) {
  std::vector<std::string> names;
  names.reserve(objects.size());
  for (const auto& [key, text] : objects) names.push_back(key.name);
  return names;
}

}  // namespace lb::kubernetes
