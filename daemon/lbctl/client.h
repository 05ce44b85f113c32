// Client: asks the services of one node, one call at a time.
#ifndef LB_DAEMON_LBCTL_CLIENT_H_
#define LB_DAEMON_LBCTL_CLIENT_H_

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "lb/status/v1/status.grpc.pb.h"

namespace lb::lbctl {

struct ClientOptions {
  std::string server = "unix:/run/lbd/lbd.sock";  // Or "host:port".
  // PEM files. With an authority the connection is TLS. The other two are the
  // certificate that lbctl shows, and its key.
  std::string tls_ca;
  std::string tls_cert;
  std::string tls_key;
  // The name in the server's certificate, if it is not the host of `server`.
  std::string tls_name;
  absl::Duration timeout = absl::Seconds(5);  // For one call.
};

// A call of a service, as its stub declares it.
template <typename Stub, typename Request, typename Response>
using Method = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&,
                                      Response*);

class Client {
 public:
  // Connects with the first call. InvalidArgument: `server` has another form.
  // Any code: a file cannot be read.
  static absl::StatusOr<Client> Create(const ClientOptions& options);

  template <typename Stub, typename Request, typename Response>
  grpc::Status Ask(Method<Stub, Request, Response> method,
                   const std::type_identity_t<Request>& request,
                   Response* response) const {
    grpc::ClientContext context;
    SetDeadline(&context);
    return (Stub(channel_).*method)(&context, request, response);
  }
  // Returns all pages of a list in one answer.
  template <typename Stub, typename Request, typename Response>
  grpc::Status AskAll(Method<Stub, Request, Response> method,
                      std::type_identity_t<Request> request,
                      Response* all) const {
    for (;;) {
      Response page;
      const grpc::Status status = Ask(method, request, &page);
      if (!status.ok()) return status;
      request.set_page_token(page.next_page_token());
      page.clear_next_page_token();
      all->MergeFrom(page);
      if (request.page_token().empty()) return status;
    }
  }

  // For streaming calls; they have no time limit unless this sets it.
  status::v1::Status::Stub status() const {
    return status::v1::Status::Stub(channel_);
  }
  void SetDeadline(grpc::ClientContext* context) const;

 private:
  Client(absl::Duration timeout, std::shared_ptr<grpc::Channel> channel)
      : timeout_(timeout), channel_(std::move(channel)) {}

  absl::Duration timeout_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_CLIENT_H_
