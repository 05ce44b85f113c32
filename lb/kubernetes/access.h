// Access: where the API server is, and by what this process is known to it.
//
// Two sources give it: a kubeconfig file (kubeconfig.h), or what every pod has
// (in_cluster.h). The certificates go to the TLS of the HTTP client, the rest
// to an AuthorizedClient. No message of this library has a token or a key.
//
// Values, any thread.
#ifndef LB_KUBERNETES_ACCESS_H_
#define LB_KUBERNETES_ACCESS_H_

#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lb/net/host_port.h"

namespace lb::kubernetes {

// Reads a small file whole. Its errors do not name the path.
using FileReader =
    absl::FunctionRef<absl::StatusOr<std::string>(const std::string& path)>;

// Text from a file, or from within the kubeconfig.
struct Pem {
  std::string text;
  std::string file;  // Empty: it was not in a file of its own.
};

struct Access {
  net::HostPort server;
  std::string path_prefix;  // Of every path: "/k8s/clusters/c-1", or empty.
  // The name in the server's certificate; empty: the host of `server`.
  std::string tls_server_name;
  Pem certificate_authority;  // Empty: that of the system.
  // Both or none.
  Pem client_certificate;
  Pem client_key;
  // A token, and the file that has it. With both, the token counts until the
  // file was read.
  std::string token;
  std::string token_file;
  std::string name_space;  // Of the context, or of the pod; may be empty.
};

// The parts of an https URL.
struct ServerUrl {
  net::HostPort server;
  std::string path_prefix;
};

// InvalidArgument: no URL "https://HOST[:PORT][/PREFIX]"; says what was wanted.
absl::StatusOr<ServerUrl> ParseServerUrl(std::string_view url);

// InvalidArgument: `text` has no PEM block of the kind, such as "CERTIFICATE".
// A kind "PRIVATE KEY" is also one with a word in front.
absl::Status CheckPem(std::string_view text, std::string_view kind);

// InvalidArgument: an empty token, or bytes that no header may have.
absl::StatusOr<std::string> CheckToken(std::string_view text);

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_ACCESS_H_
