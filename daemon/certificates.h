// TLS files of the status service: are they fit for use, and if not, why.
//
// gRPC itself says nothing when a file is bad: it only never completes a
// handshake again. So it gets copies, in memory, of files that were looked at.
// Reads files; any thread, one at a time.
//
//   LB_ASSIGN_OR_RETURN(auto files, KeptTlsFiles::Create(from, absl::Now()));
//   ... gRPC watches files->copies() ...
//   files->Read(absl::Now());  // When they changed; else nothing does.
#ifndef LB_DAEMON_CERTIFICATES_H_
#define LB_DAEMON_CERTIFICATES_H_

#include <array>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lb {

// PEM files.
struct TlsFiles {
  std::string cert;       // Of the server, with its chain.
  std::string key;        // Its private key, not encrypted.
  std::string client_ca;  // Authorities of clients; empty: anyone may call.
};

class KeptTlsFiles {
 public:
  // Errors as of Read(). ResourceExhausted: no memory for the copies.
  static absl::StatusOr<std::unique_ptr<KeptTlsFiles>> Create(
      const TlsFiles& from, absl::Time civil_now);
  KeptTlsFiles(const KeptTlsFiles&) = delete;
  ~KeptTlsFiles();

  // Copies the files anew if they are good, else keeps what it has. Each
  // message is "option: path: what is wrong, what was wanted".
  // Unavailable: a file cannot be read. InvalidArgument: it has no certificate
  // or key, key and certificate do not belong together, or a certificate is not
  // valid at `civil_now`.
  absl::Status Read(absl::Time civil_now);

  // Paths below /proc/self/fd, for as long as this object lives. What is there
  // changes whole, file by file, and each time so do all modification times.
  const TlsFiles& copies() const { return copies_; }

 private:
  explicit KeptTlsFiles(const TlsFiles& from) : from_(from) {}

  const TlsFiles from_;
  TlsFiles copies_;
  std::array<int, 3> fds_ = {-1, -1, -1};
  int reads_ = 0;
};

}  // namespace lb

#endif  // LB_DAEMON_CERTIFICATES_H_
