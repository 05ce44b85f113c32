// AuthorizedClient: an HTTP client whose requests say by whom they come.
//
// It puts the token and a user agent into each request, and the prefix in front
// of its path, and hands it to the client that has the connection. Client
// certificates are that one's, as they belong to TLS.
//
//   AuthorizedClient client(&loop, &connection, access, "lbd/1.0", reader);
//   Reflector reflector(&loop, &client, &observer, options, prng);
//
// Loop thread only. The loop and the other client outlive it.
#ifndef LB_KUBERNETES_AUTHORIZED_CLIENT_H_
#define LB_KUBERNETES_AUTHORIZED_CLIENT_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "lb/http/client.h"
#include "lb/io/loop.h"
#include "lb/kubernetes/access.h"
#include "lb/kubernetes/bearer_token.h"

namespace lb::kubernetes {

class AuthorizedClient final : public http::Client {
 public:
  // Reads files in the loop: a file in memory, as kubelet's are, takes some
  // microseconds, once a minute.
  AuthorizedClient(io::Loop* loop, http::Client* client, const Access& access,
                   std::string user_agent, BearerToken::Reader reader);

  http::RequestId Send(http::Request request,
                       std::unique_ptr<http::ResponseHandler> handler) override;
  void Cancel(http::RequestId id) override { client_->Cancel(id); }

  // Why the token's file could not be read last.
  const absl::Status& error() const { return token_->error(); }

 private:
  class Handler;

  io::Loop* const loop_;
  http::Client* const client_;
  const std::string path_prefix_;
  const std::string user_agent_;
  // Shared with the handlers of requests that are under way.
  const std::shared_ptr<BearerToken> token_;
};

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_AUTHORIZED_CLIENT_H_
