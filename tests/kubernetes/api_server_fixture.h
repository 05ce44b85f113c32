// ApiServerTest: tests of lb/http and lb/kubernetes with a real API server.
//
// The first test finds the server running: core is built if need be
// (build_programs.sh), started, and has the CustomResourceDefinitions of
// packaging/kubernetes/crds and the rights of rights.yaml. It is the version
// that KUBERNETES_VERSION names. Each test has a loop of its own, and objects
// of its own names.
#ifndef LB_TESTS_KUBERNETES_API_SERVER_FIXTURE_H_
#define LB_TESTS_KUBERNETES_API_SERVER_FIXTURE_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/config/yaml_tree.h"
#include "lb/http/client.h"
#include "lb/http/http2_client.h"
#include "lb/io/posix/posix_loop.h"
#include "lb/io/posix/posix_sockets.h"
#include "lb/kubernetes/access.h"
#include "lb/kubernetes/authorized_client.h"
#include "lb/kubernetes/reflector.h"
#include "lb/kubernetes/resource.h"
#include "lb/kubernetes/testing/object_mirror.h"
#include "tests/kubernetes/control_plane.h"
#include "tests/kubernetes/relay.h"

namespace lb::kubernetes {

inline const Resource kServices = {"", "v1", "services"};
inline const Resource kConfigMaps = {"", "v1", "configmaps"};
inline const Resource kPools = {"metallb.io", "v1beta1", "ipaddresspools"};
inline constexpr char kNamespace[] = "metallb-system";

// Nothing but a broken test takes so long.
inline constexpr absl::Duration kLimit = absl::Seconds(20);
// control_plane.sh itself waits for a server's start no longer than 60 s.
inline constexpr absl::Duration kStartLimit = absl::Seconds(90);

absl::StatusOr<std::string> ReadFile(const std::string& path);
void WriteFile(const std::string& path, std::string_view text);

// Passes requests on, and keeps their paths.
class RequestPaths final : public http::Client {
 public:
  explicit RequestPaths(http::Client* client) : client_(client) {}

  http::RequestId Send(http::Request request,
                       std::unique_ptr<http::ResponseHandler> handler) override;
  void Cancel(http::RequestId id) override { client_->Cancel(id); }

  const std::vector<std::string>& all() const { return paths_; }
  int Count(std::string_view part) const;

 private:
  http::Client* const client_;
  std::vector<std::string> paths_;
};

// A client of its own connection, which goes by a relay.
struct Party {
  std::unique_ptr<Relay> relay;
  std::unique_ptr<http::Http2Client> connection;
  std::unique_ptr<AuthorizedClient> authorized;
  std::unique_ptr<RequestPaths> client;  // To be used.
};

class ApiServerTest : public testing::Test {
 protected:
  void SetUp() override;

  static ControlPlane& plane();
  // The folder of control_plane.sh.
  static const std::string& folder();
  // True of a server before 1.31, which cannot select services by type.
  static bool IsOldServer();

  // The access of the file admin.conf, and of a service account: "pod" has the
  // rights of rights.yaml, "nothing" has none.
  static Access AdminAccess();
  static Access AccountAccess(const std::string& account = "pod");

  Party Connect(const Access& access);
  // With the rights of rights.yaml.
  Party Connect() { return Connect(AccountAccess()); }

  // A reflector that was started.
  std::unique_ptr<Reflector> Follow(Party& party, ReflectorOptions options,
                                    Reflector::Observer* mirror);

  // Runs the loop until it holds, which is asked each 20 ms and after each
  // event of the loop; a failure if it does not within `limit`.
  testing::AssertionResult Until(const std::function<bool()>& holds,
                                 absl::Duration limit = kLimit);

  // What the administrator does, and waits for.
  struct Answer {
    int code = 0;
    config::YamlNode object;
  };
  Answer Ask(std::string method, std::string path, std::string body = "");
  // A failure unless the answer is 2xx.
  config::YamlNode Create(const Resource& resource, const std::string& name,
                          std::string_view rest = "");
  config::YamlNode Patch(const Resource& resource, const std::string& name,
                         std::string_view body);
  void Delete(const Resource& resource, const std::string& name);
  config::YamlNode Get(const Resource& resource, const std::string& name);

  io::PosixLoop loop_;
  io::PosixSockets sockets_{&loop_};
  Prng prng_{7};
  Party admin_;
};

// The merge patch of a service's status, for the object at this version.
std::string IngressPatch(std::string_view version, std::string_view address);

// The names of the objects.
std::vector<std::string> NamesOf(const ObjectTexts& objects);

}  // namespace lb::kubernetes

#endif  // LB_TESTS_KUBERNETES_API_SERVER_FIXTURE_H_
