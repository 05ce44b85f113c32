// Client: one node's services, asked one call at a time.
#ifndef LB_DAEMON_LBCTL_CLIENT_H_
#define LB_DAEMON_LBCTL_CLIENT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "lb/admin/v1/admin.grpc.pb.h"
#include "lb/status/v1/status.grpc.pb.h"

namespace lb::lbctl {

struct ClientOptions {
  std::string server = "unix:/run/lbd/lbd.sock";  // Or "host:port".
  // PEM files. An authority makes it TLS; the other two show who we are.
  std::string tls_ca;
  std::string tls_cert;
  std::string tls_key;
  // What the server's certificate is for, if not the host of `server`.
  std::string tls_name;
  absl::Duration timeout = absl::Seconds(5);  // Of one call.
};

class Client {
 public:
  // Connects with the first call. InvalidArgument: `server` has another form.
  // Any code: a file cannot be read.
  static absl::StatusOr<Client> Create(const ClientOptions& options);

  template <typename Request, typename Response>
  grpc::Status Ask(grpc::Status (status::v1::Status::Stub::*method)(
                       grpc::ClientContext*, const Request&, Response*),
                   const Request& request, Response* response) const {
    return Call(*status_, method, request, response);
  }
  template <typename Request, typename Response>
  grpc::Status Ask(grpc::Status (admin::v1::Admin::Stub::*method)(
                       grpc::ClientContext*, const Request&, Response*),
                   const Request& request, Response* response) const {
    return Call(*admin_, method, request, response);
  }
  // All pages of a list in one answer.
  template <typename Request, typename Response>
  grpc::Status AskAll(grpc::Status (status::v1::Status::Stub::*method)(
                          grpc::ClientContext*, const Request&, Response*),
                      Request request, Response* all) const {
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
  status::v1::Status::Stub& status() const { return *status_; }
  void SetDeadline(grpc::ClientContext* context) const;

 private:
  Client(absl::Duration timeout, const std::shared_ptr<grpc::Channel>& channel);

  template <typename Stub, typename Method, typename Request, typename Response>
  grpc::Status Call(Stub& stub, Method method, const Request& request,
                    Response* response) const {
    grpc::ClientContext context;
    SetDeadline(&context);
    return (stub.*method)(&context, request, response);
  }

  absl::Duration timeout_;
  std::unique_ptr<status::v1::Status::Stub> status_;
  std::unique_ptr<admin::v1::Admin::Stub> admin_;
};

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_CLIENT_H_
