// BearerToken: the token of the requests, read again while its file changes.
//
// In a pod the token lives for an hour, and kubelet puts another one into the
// file in time. So the file is read again when a minute has passed, 5 s after
// it could not be read, and at once after the server has refused a request, but
// at most each 5 s. A file that cannot be read leaves the last token in force.
//
// A core: it takes `now`, and files come by a reader. One thread.
//
//   BearerToken token({.token_file = "/run/token"}, reader);
//   headers.push_back({"authorization", token.Header(now)});
#ifndef LB_KUBERNETES_BEARER_TOKEN_H_
#define LB_KUBERNETES_BEARER_TOKEN_H_

#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lb::kubernetes {

class BearerToken {
 public:
  // Reads a small file whole.
  using Reader =
      absl::AnyInvocable<absl::StatusOr<std::string>(const std::string& path)>;

  // Without both there is no token.
  struct Source {
    std::string token;  // Counts until the file was read.
    std::string token_file;
  };

  BearerToken(Source source, Reader reader);

  // "Bearer ..." for the header `authorization`; empty: there is no token.
  std::string Header(absl::Time now);

  // A request with the token was answered by 401.
  void OnUnauthorized(absl::Time now);

  // Why the file could not be read last; names it.
  const absl::Status& error() const { return error_; }

 private:
  void Read(absl::Time now);

  Source source_;
  Reader reader_;
  absl::Time read_at_ = absl::InfinitePast();
  absl::Status error_;
};

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_BEARER_TOKEN_H_
