#include "lb/kubernetes/authorized_client.h"

#include <utility>

#include "absl/types/span.h"

namespace lb::kubernetes {

// Sees a refusal of the token, and passes everything on.
class AuthorizedClient::Handler : public http::ForwardingHandler {
 public:
  Handler(io::Loop* loop, std::shared_ptr<BearerToken> token,
          std::unique_ptr<http::ResponseHandler> handler)
      : ForwardingHandler(std::move(handler)),
        loop_(loop),
        token_(std::move(token)) {}

  void OnHead(int status, absl::Span<const http::Header> headers) override {
    if (status == 401) token_->OnUnauthorized(loop_->Now());
    ForwardingHandler::OnHead(status, headers);
  }

 private:
  io::Loop* const loop_;
  const std::shared_ptr<BearerToken> token_;
};

AuthorizedClient::AuthorizedClient(io::Loop* loop, http::Client* client,
                                   const Access& access, std::string user_agent,
                                   BearerToken::Reader reader)
    : loop_(loop),
      client_(client),
      path_prefix_(access.path_prefix),
      user_agent_(std::move(user_agent)),
      token_(std::make_shared<BearerToken>(
          BearerToken::Source{access.token, access.token_file},
          std::move(reader))) {}

http::RequestId AuthorizedClient::Send(
    http::Request request, std::unique_ptr<http::ResponseHandler> handler) {
  request.path.insert(0, path_prefix_);
  request.headers.push_back({"user-agent", user_agent_});
  std::string authorization = token_->Header(loop_->Now());
  if (!authorization.empty()) {
    request.headers.push_back({"authorization", std::move(authorization)});
  }
  return client_->Send(
      std::move(request),
      std::make_unique<Handler>(loop_, token_, std::move(handler)));
}

}  // namespace lb::kubernetes
