// TLS files of the status service: are they fit for use, and if not, why.
//
// gRPC itself says nothing when a file is bad: it only never completes a
// handshake. So the files are looked at before it gets them, and each time they
// change. Reads files; any thread.
#ifndef LB_DAEMON_CERTIFICATES_H_
#define LB_DAEMON_CERTIFICATES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace lb {

// PEM files.
struct TlsFiles {
  std::string cert;       // Of the server, with its chain.
  std::string key;        // Its private key, not encrypted.
  std::string client_ca;  // Authorities of clients; empty: anyone may call.
};

// Each message is "option: path: what is wrong, what was wanted".
// Unavailable: a file cannot be read. InvalidArgument: it has no certificate or
// key, key and certificate do not belong together, or a certificate is not
// valid at `civil_now`.
absl::Status CheckTlsFiles(const TlsFiles& files, absl::Time civil_now);

}  // namespace lb

#endif  // LB_DAEMON_CERTIFICATES_H_
