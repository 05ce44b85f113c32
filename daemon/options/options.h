// Options: how one lbd runs; by YAML file, by flags, the same names in both.
//
// The file is one map of option names to values; a list where an option may be
// given more than once:
//
//   node-name: n1
//   manifests: [/etc/lbd/manifests]
//   gossip-bind: 0.0.0.0:7946
//   join: [n2, 172.18.8.12, "172.18.8.13:7946"]
//
// Values only; AllOptions() is the one list of names, of which the file's
// reader and the flags (flags.h) are made.
#ifndef LB_DAEMON_OPTIONS_OPTIONS_H_
#define LB_DAEMON_OPTIONS_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "daemon/options/kubernetes_settings.h"
#include "lb/config/problem.h"
#include "lb/election/policy.h"
#include "lb/gossip/wire/keyring.h"
#include "lb/net/endpoint.h"
#include "lb/net/host_port.h"
#include "lb/net/ip_prefix.h"

namespace lb {

// Timing of the failure detector.
enum class GossipProfile { kFast, kTurbo, kLan, kWan, kLocal };
enum class Deliver { kNone, kLoopback };
enum class LogLevel { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kText, kJson };

std::string_view ToString(GossipProfile profile);  // "fast", ...
std::string_view ToString(Deliver deliver);
std::string_view ToString(LogLevel level);
std::string_view ToString(LogFormat format);

inline constexpr uint16_t kGossipPort = 7946;
inline constexpr uint16_t kBgpPort = 179;

struct GossipSettings {
  net::Endpoint bind = {{}, kGossipPort};
  // The address that peers send to (port 0: the bound one); nullopt: the bound
  // address, and if that is 0.0.0.0 or ::, one of the host's, which is
  // followed.
  std::optional<net::Endpoint> advertise;
  std::vector<net::HostPort> join;
  std::string secret_file;    // Empty: gossip in the clear.
  bool in_the_clear = false;  // A cluster may do without a secret.
  // Which of the secret's two keys encrypts; both decrypt.
  gossip::wire::KeyDerivation key_derivation =
      gossip::wire::KeyDerivation::kSha256;
  std::string label;  // Up to 255 bytes; empty: none.
  // Members are inside one of these; empty: anywhere.
  std::vector<net::IpPrefix> allowed_networks;
  GossipProfile profile = GossipProfile::kFast;

  friend bool operator==(const GossipSettings&,
                         const GossipSettings&) = default;
};

// TLS of the status service over TCP. Paths are those of PEM files.
struct TlsSettings {
  std::string cert;
  std::string key;
  std::string client_ca;   // Only its clients are served; empty: all are.
  bool anonymous = false;  // Other hosts' clients need no CA.
  // Names of clients' certificates: subject alternative names. Empty: all.
  std::vector<std::string> readers;
  std::vector<std::string> admins;

  friend bool operator==(const TlsSettings&, const TlsSettings&) = default;
};

struct StatusSettings {
  // Each "unix:/path", or "address:port" for TCP. See Validate().
  std::vector<std::string> listen = {"unix:/run/lbd/lbd.sock"};
  std::string group;  // For the unix sockets; empty: the process's.
  TlsSettings tls;
  bool admin_over_tls = false;  // Else only unix sockets offer lb.admin.v1.
  bool insecure = false;        // Loopback TCP may do without TLS.

  friend bool operator==(const StatusSettings&,
                         const StatusSettings&) = default;
};

struct DrainSettings {
  // "cordon", "deletion", "shutdown", keys of taints: see drain-on in --help.
  std::vector<std::string> on;
  // How long BGP routers have to move flows from a node that drains.
  absl::Duration wait = absl::Seconds(5);  // Up to an hour.

  friend bool operator==(const DrainSettings&, const DrainSettings&) = default;
};

struct Options {
  // Empty: the host's name in lower case, which the daemon asks for.
  std::string node_name;
  std::string state_dir = "/var/lib/lbd";
  std::vector<std::string> manifests;  // Files and folders.
  KubernetesSettings kubernetes;
  std::string load_balancer_class;  // As ManifestOptions says.
  GossipSettings gossip;

  // For services whose advertisements name none.
  election::Policy election_policy = election::Policy::kCompat;
  absl::Duration hold_down = absl::Seconds(60);  // Up to an hour; 0: none.
  // Where BGP peers may dial this node; nullopt: nothing listens.
  std::optional<net::Endpoint> bgp_listen;
  DrainSettings drain;
  bool ignore_exclude_lb = false;  // The exclude label of nodes.

  // Shell patterns, as announce::InterfaceOptions (lb/announce) has them.
  std::vector<std::string> interfaces;          // Empty: all.
  std::vector<std::string> exclude_interfaces;  // Default: MetalLB's list.

  StatusSettings status;
  // "address:port" of Prometheus' page /metrics; empty: none.
  std::string metrics_listen;
  Deliver deliver = Deliver::kNone;
  absl::Duration busy_poll = absl::ZeroDuration();  // Up to an hour.
  std::string user;  // Empty: DropPrivileges() (daemon) chooses.
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kText;

  Options();  // The defaults.

  friend bool operator==(const Options&, const Options&) = default;
};

// One option, by the name that it has in the file and, after "--", as a flag.
struct OptionSpec {
  std::string_view name;
  // "ADDRESS:PORT", for --help; empty: true or false, as a flag true.
  std::string_view value_name;
  std::string_view help;  // One sentence.
  bool repeated = false;  // May have many values; else exactly one.
  // Replaces the option's value. InvalidArgument: `"text": ..., want ...`.
  absl::Status (*set)(absl::Span<const std::string> values, Options* options);
  // The value as set() takes it, joined with ','; for --help.
  std::string (*show)(const Options& options);
};

// In the order of --help.
absl::Span<const OptionSpec> AllOptions();

// Sets in `options` what the file's text names. Returns its faults; what is
// named by a fault keeps the value it had.
std::vector<config::Problem> ParseOptionsFile(std::string_view file,
                                              std::string_view text,
                                              Options* options);

// Reads the file; one that cannot be read is a Problem too.
std::vector<config::Problem> LoadOptionsFile(const std::string& path,
                                             Options* options);

// InvalidArgument: options that are good alone do not go together, by name.
// TCP listeners of the status service want TLS, or insecure_status and a
// loopback address; for other hosts also status_tls_client_ca, or
// status_tls_anonymous. admin_over_tls and lists of names want clients to be
// known.
absl::Status Validate(const Options& options);

// InvalidArgument: a cluster (a join list, or gossip that others reach) has no
// secret, and gossip_in_the_clear is not set. Apart from Validate(), since a
// check of manifests needs no secret.
absl::Status ValidateSecrecy(const Options& options);

}  // namespace lb

#endif  // LB_DAEMON_OPTIONS_OPTIONS_H_
