// Doctor: finds what keeps lbd from working on a host, and says how to repair
// it.
//
// Diagnose() judges facts; ReadHostFacts() (host_facts.h) gathers them. It is a
// pure function: the same options and facts give the same findings.
//
//   for (const Finding& finding : Diagnose(options, ReadHostFacts(options))) {
//     if (finding.grade == Grade::kFault) ...
//   }
#ifndef LB_DAEMON_LBCTL_DOCTOR_H_
#define LB_DAEMON_LBCTL_DOCTOR_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "daemon/lbctl/key_trial.h"
#include "daemon/options/options.h"
#include "lb/io/link_monitor.h"
#include "lb/net/endpoint.h"
#include "lb/net/host_port.h"

namespace lb::lbctl {

enum class Grade {
  kGood,
  kNote,   // Lbd works, but perhaps not as intended.
  kFault,  // Lbd does not work, or not with its peers.
};

std::string_view ToString(Grade grade);  // "ok", "note", "fault"

struct Finding {
  Grade grade = Grade::kGood;
  std::string subject;  // "interface eth0", "join 192.0.2.12:7946"
  std::string text;     // The observation.
  std::string remedy;   // The action to take; empty if all is well.

  friend bool operator==(const Finding&, const Finding&) = default;
};

// An `error` below is an errno value, 0 for none.
struct HostFacts {
  struct Interface {
    io::Link link;
    // The value that the kernel uses: the larger of the interface's own and
    // `all`.
    int arp_ignore = 0;
    int arp_announce = 0;
  };
  // The process that answers at the status socket.
  struct Process {
    pid_t pid = 0;
    uid_t user = 0;
    uint64_t capabilities = 0;  // Effective; bit N is capability N.
  };
  struct Port {
    std::string_view protocol;  // "UDP", "TCP"
    int error = 0;              // From an attempt to bind gossip-bind.
  };
  struct Peer {
    net::HostPort seed;
    // One address of the peer. Nullopt: its name does not resolve, see `fault`.
    std::optional<net::Endpoint> endpoint;
    std::string fault;
    int error = 0;  // From a TCP connection; ETIMEDOUT: no answer in a second.
    absl::Duration took;
    int path_mtu = 0;  // Bytes; 0: unknown.
    KeyVerdict key = KeyVerdict::kUntried;
  };

  std::vector<Interface> interfaces;
  std::string interfaces_error;  // Why there are none.
  std::optional<Process> daemon;
  std::string socket;    // Where lbd should listen: "unix:/run/lbd/lbd.sock".
  int socket_error = 0;  // From a connection to `socket`.
  std::string other_server;  // --server, unless it is a unix socket.
  std::vector<Port> ports;
  std::vector<Peer> peers;      // The join list's.
  std::string key_error;        // Why no peer was tried with the secret.
  std::string no_options_file;  // Its name; the options are the defaults.
  absl::Time clock;
  bool clock_synchronized = false;
  int secret_error = 0;  // From opening gossip-secret-file, if there is one.
  mode_t secret_mode = 0;
  size_t secret_size = 0;  // Bytes.
  // The verdict of front::ReadTlsFiles() on the status service's TLS files.
  // PermissionDenied, with the path: this user may not read one.
  absl::Status tls;
  std::vector<std::string> problems;  // The manifests', one line each.
};

// Returns one finding for each thing that was checked, the good ones too,
// always in the same order of subjects.
std::vector<Finding> Diagnose(const Options& options, const HostFacts& facts);

bool HasFault(absl::Span<const Finding> findings);

// RenderTable() is for people. The other two write a list of objects {grade,
// subject, text, remedy}.
std::string RenderTable(absl::Span<const Finding> findings);
std::string RenderJson(absl::Span<const Finding> findings);
std::string RenderYaml(absl::Span<const Finding> findings);

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_DOCTOR_H_
