// ApiClient: the connection to the API server, with credentials that are read
// again while their files change.
//
// Certificates are read again each five minutes, as client-go does, and count
// from the next connection on; the token is AuthorizedClient's.
//
// Loop thread only. The ports outlive it.
#ifndef LB_DAEMON_KUBERNETES_API_CLIENT_H_
#define LB_DAEMON_KUBERNETES_API_CLIENT_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/kubernetes/refusal_recorder.h"
#include "lb/http/client.h"
#include "lb/http/http2_client.h"
#include "lb/http/ports.h"
#include "lb/io/loop.h"
#include "lb/kubernetes/access.h"
#include "lb/kubernetes/authorized_client.h"

namespace lb {

class ApiClient {
 public:
  struct Callbacks {
    // Gives the access as its files have it now.
    std::function<absl::StatusOr<kubernetes::Access>()> find_access;
    std::function<absl::StatusOr<std::string>(const std::string& path)>
        read_file;
    RefusalRecorder::Record on_refused;
  };

  // Opens nothing yet. Errors: those of `find_access` and of
  // Http2Client::Make().
  static absl::StatusOr<std::unique_ptr<ApiClient>> Make(
      const http::Ports& ports, Callbacks callbacks);
  ApiClient(const ApiClient&) = delete;
  ApiClient& operator=(const ApiClient&) = delete;

  http::Client* client() { return &refusals_; }
  const kubernetes::Access& access() const { return access_; }
  // Why the credentials could not be read again last.
  const absl::Status& error() const { return error_; }

 private:
  ApiClient(const http::Ports& ports, kubernetes::Access access,
            std::unique_ptr<http::Http2Client> connection, Callbacks callbacks);

  void ReadAgain();

  io::Loop* const loop_;
  const Callbacks callbacks_;
  kubernetes::Access access_;
  const std::unique_ptr<http::Http2Client> connection_;
  kubernetes::AuthorizedClient authorized_;
  RefusalRecorder refusals_;
  absl::Status error_;
  std::unique_ptr<io::Timer> timer_;  // Runs ReadAgain().
};

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_API_CLIENT_H_
