// AllOptions(): each option's name, its sentence for --help, and how its text
// is read and shown.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "daemon/options/kubernetes_options.h"
#include "daemon/options/options.h"
#include "daemon/options/set_option.h"
#include "fmt/format.h"
#include "lb/base/nearest.h"
#include "lb/base/status_macros.h"
#include "lb/config/printable.h"

namespace lb {
namespace {

using gossip::wire::KeyDerivation;
using Values = absl::Span<const std::string>;

constexpr std::string_view kUnix = "unix:";
constexpr size_t kUnixPathMax = 107;  // sockaddr_un::sun_path, ended by 0.

absl::Status SetPolicy(const std::string& text, election::Policy* field) {
  const auto policy = election::ParsePolicy(text);
  if (policy.ok()) {
    *field = *policy;
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      fmt::format("{}{}", std::string(policy.status().message()),
                  DidYouMean(text, {"compat", "sticky", "balanced"})));
}

absl::Status SetEndpoint(const std::string& text, uint16_t default_port,
                         net::Endpoint* field) {
  LB_RETURN_IF_ERROR(net::CheckBrackets(text, kGossipPort));
  LB_ASSIGN_OR_RETURN(*field, net::ParseEndpoint(text, default_port));
  return absl::OkStatus();
}

absl::Status SetNodeName(Values values, Options* options) {
  const std::string& name = values[0];
  const bool ok =
      !name.empty() && name.size() <= 253 &&
      std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
      });
  if (!ok) {
    return WrongOption(name, "1 to 253 letters, digits, '-', '_' and '.'");
  }
  options->node_name = name;
  return absl::OkStatus();
}

absl::Status SetManifests(Values values, Options* options) {
  for (const std::string& path : values) {
    if (path.empty()) return WrongOption(path, "files and folders");
  }
  options->manifests.assign(values.begin(), values.end());
  return absl::OkStatus();
}

absl::Status SetJoin(Values values, Options* options) {
  std::vector<net::HostPort> join;
  for (const std::string& value : values) {
    for (const absl::string_view part :
         absl::StrSplit(value, ',', absl::SkipWhitespace())) {
      const std::string text(absl::StripAsciiWhitespace(part));
      LB_ASSIGN_OR_RETURN(const net::HostPort peer,
                          net::ParseHostPort(text, kGossipPort));
      if (peer.address &&
          (peer.address->is_unspecified() || peer.address->is_multicast())) {
        return WrongOption(text, "the address or name of another node");
      }
      join.push_back(peer);
    }
  }
  options->gossip.join = std::move(join);
  return absl::OkStatus();
}

absl::Status SetGossipAdvertise(Values values, Options* options) {
  net::Endpoint endpoint;
  LB_RETURN_IF_ERROR(SetEndpoint(values[0], 0, &endpoint));
  if (endpoint.address.is_unspecified()) {
    return WrongOption(values[0], "an address that peers can reach");
  }
  options->gossip.advertise = endpoint;
  return absl::OkStatus();
}

// A label goes in clear text before each packet, its length in one byte.
absl::Status SetGossipLabel(Values values, Options* options) {
  const std::string& label = values[0];
  if (label.size() > 255 || config::Printable(label) != label) {
    return WrongOption(label, "up to 255 printable bytes");
  }
  options->gossip.label = label;
  return absl::OkStatus();
}

// An empty text stands for no network: members may be anywhere.
absl::Status SetAllowedNetworks(Values values, Options* options) {
  std::vector<net::IpPrefix> networks;
  for (const std::string& value : values) {
    for (const absl::string_view part :
         absl::StrSplit(value, ',', absl::SkipWhitespace())) {
      LB_ASSIGN_OR_RETURN(
          networks.emplace_back(),
          net::ParseIpPrefix(std::string(absl::StripAsciiWhitespace(part))));
    }
  }
  options->gossip.allowed_networks = std::move(networks);
  return absl::OkStatus();
}

absl::Status SetUser(const std::string& name, Options* options) {
  if (name.empty()) return WrongOption(name, "a user's name");
  options->user = name;
  return absl::OkStatus();
}

// An empty text stands for no pattern: --exclude-interfaces= excludes nothing.
absl::Status SetPatterns(Values values, std::vector<std::string>* field) {
  std::vector<std::string> patterns;
  for (const std::string& value : values) {
    for (const absl::string_view part :
         absl::StrSplit(value, ',', absl::SkipWhitespace())) {
      patterns.emplace_back(absl::StripAsciiWhitespace(part));
    }
  }
  *field = std::move(patterns);
  return absl::OkStatus();
}

// A taint's key: a name with an optional domain before it.
bool IsMark(std::string_view text) {
  return !text.empty() && text.size() <= 317 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.' ||
                  c == '/';
         });
}

// An empty text stands for no mark.
absl::Status SetDrainOn(Values values, Options* options) {
  std::vector<std::string> marks;
  for (const std::string& value : values) {
    for (const absl::string_view part :
         absl::StrSplit(value, ',', absl::SkipWhitespace())) {
      const std::string mark(absl::StripAsciiWhitespace(part));
      if (!IsMark(mark)) {
        return WrongOption(mark,
                           "cordon, deletion, shutdown or the key of a taint");
      }
      marks.push_back(mark);
    }
  }
  options->drain.on = std::move(marks);
  return absl::OkStatus();
}

absl::Status CheckListen(const std::string& listen) {
  std::string_view path = listen;
  if (path.starts_with(kUnix)) {
    path.remove_prefix(kUnix.size());
    if (!path.starts_with("/") || path.size() > kUnixPathMax) {
      return WrongOption(listen, "unix: and a path from / of up to 107 bytes");
    }
    return absl::OkStatus();
  }
  const auto endpoint = net::ParseEndpoint(path, 0);
  if (!endpoint.ok() || endpoint->port == 0) {
    return WrongOption(listen, "unix:/path, or an address and a port");
  }
  return absl::OkStatus();
}

absl::Status SetStatusListen(Values values, Options* options) {
  for (const std::string& value : values) {
    LB_RETURN_IF_ERROR(CheckListen(value));
  }
  options->status.listen.assign(values.begin(), values.end());
  return absl::OkStatus();
}

// Names of certificates; addresses in the form that daemon/front uses. At least
// one name is wanted: an empty list, by mistake, would let every client in.
absl::Status SetNames(Values values, std::vector<std::string>* field) {
  const auto wrong = [](const std::string& value) {
    return WrongOption(
        value,
        "a DNS name, URI or IP address as the certificate has it, no "
        "pattern");
  };
  if (values.empty()) return wrong("");
  std::vector<std::string> names;
  for (const std::string& value : values) {
    if (value.empty() || value.find_first_of("* \t") != value.npos) {
      return wrong(value);
    }
    const auto address = net::ParseIpAddress(value);
    names.push_back(address.ok() ? address->ToString() : value);
  }
  *field = std::move(names);
  return absl::OkStatus();
}

// An empty text stands for none.
absl::Status SetMetricsListen(Values values, Options* options) {
  if (!values[0].empty()) {
    const auto endpoint = net::ParseEndpoint(values[0], 0);
    if (!endpoint.ok() || endpoint->port == 0) {
      return WrongOption(values[0], "an address and a port");
    }
  }
  options->metrics_listen = values[0];
  return absl::OkStatus();
}

// Endpoints, prefixes, ...
template <typename Items>
std::string ShowEach(const Items& items) {
  std::vector<std::string> texts;
  for (const auto& item : items) texts.push_back(item.ToString());
  return fmt::format("{}", fmt::join(texts, ","));
}

constexpr std::array<OptionSpec, 37> kOptions = {{
    {"node-name", "NAME",
     "This node's name, unique; default: the host's, in lower case.", false,
     SetNodeName, [](const Options& o) { return o.node_name; }},
    {"state-dir", "PATH", "Folder for the state that outlives a restart.",
     false, [](Values v, Options* o) { return SetPath(v[0], &o->state_dir); },
     [](const Options& o) { return o.state_dir; }},
    {"manifests", "PATH", "File, or folder of *.yaml, *.yml and *.json.", true,
     SetManifests,
     [](const Options& o) {
       return fmt::format("{}", fmt::join(o.manifests, ","));
     }},
    {"lb-class", "CLASS",
     "Serve services with this loadBalancerClass; default: those without one.",
     false,
     [](Values v, Options* o) {
       o->load_balancer_class = v[0];
       return absl::OkStatus();
     },
     [](const Options& o) { return o.load_balancer_class; }},
    {"gossip-bind", "ADDRESS[:PORT]",
     "Address at which gossip listens, UDP and TCP.", false,
     [](Values v, Options* o) {
       return SetEndpoint(v[0], kGossipPort, &o->gossip.bind);
     },
     [](const Options& o) { return o.gossip.bind.ToString(); }},
    {"gossip-advertise", "ADDRESS[:PORT]",
     "Address at which peers reach this node's gossip; default: the bound "
     "address, or, if that is 0.0.0.0 or ::, the source address of packets to "
     "the join list, else that of the default route, followed when it changes.",
     false, SetGossipAdvertise,
     [](const Options& o) {
       return o.gossip.advertise ? o.gossip.advertise->ToString() : "";
     }},
    {"join", "HOST[:PORT]",
     "Nodes through which to join the cluster: addresses or host names; names "
     "are looked up again until their nodes are members.",
     true, SetJoin, [](const Options& o) { return ShowEach(o.gossip.join); }},
    {"gossip-secret-file", "PATH",
     "File with the cluster's secret, the same on all nodes; \"lbctl secret "
     "new FILE\" makes one.",
     false,
     [](Values v, Options* o) { return SetPath(v[0], &o->gossip.secret_file); },
     [](const Options& o) { return o.gossip.secret_file; }},
    {"gossip-in-the-clear", "",
     "Run a cluster without a secret: every host that reaches the gossip port "
     "can take part.",
     false,
     [](Values v, Options* o) {
       return SetBool(v[0], &o->gossip.in_the_clear);
     },
     [](const Options& o) { return ShowBool(o.gossip.in_the_clear); }},
    {"gossip-key-derivation", "HOW",
     "How the key that encrypts is derived from the secret: sha256 (MetalLB "
     "0.16.2 and later) or legacy (earlier MetalLB and lbd); both decrypt.",
     false,
     [](Values v, Options* o) {
       return SetEnum(v[0], KeyDerivation::kLegacy, &o->gossip.key_derivation);
     },
     [](const Options& o) {
       return std::string(ToString(o.gossip.key_derivation));
     }},
    {"gossip-label", "LABEL",
     "Label of memberlist: take part only in gossip that has it; the same on "
     "all nodes.",
     false, SetGossipLabel, [](const Options& o) { return o.gossip.label; }},
    {"gossip-allowed-networks", "NETWORK",
     "Take only members whose addresses are in one of these (\"10.0.0.0/8\"); "
     "default: all.",
     true, SetAllowedNetworks,
     [](const Options& o) { return ShowEach(o.gossip.allowed_networks); }},
    {"gossip-profile", "PROFILE",
     "Speed of failure detection: fast, turbo, lan, wan or local.", false,
     [](Values v, Options* o) {
       return SetEnum(v[0], GossipProfile::kLocal, &o->gossip.profile);
     },
     [](const Options& o) { return std::string(ToString(o.gossip.profile)); }},
    {"election-policy", "POLICY",
     "Which node announces an address: compat (as in MetalLB), sticky (its "
     "holder keeps it) or balanced (sticky, and evenly distributed).",
     false,
     [](Values v, Options* o) { return SetPolicy(v[0], &o->election_policy); },
     [](const Options& o) {
       return std::string(election::ToString(o.election_policy));
     }},
    {"hold-down", "DURATION",
     "With sticky and balanced: for this long (\"60s\") after its return a "
     "node takes only services that no other node can announce; 0: no wait.",
     false,
     [](Values v, Options* o) {
       return SetDuration(v[0], absl::Hours(1), &o->hold_down);
     },
     [](const Options& o) { return absl::FormatDuration(o.hold_down); }},
    {"bgp-listen", "ADDRESS[:PORT]",
     "Let BGP peers dial this node, too (\"[::]:1790\"); a port below 1024 "
     "needs CAP_NET_BIND_SERVICE; default: only this node dials.",
     false,
     [](Values v, Options* o) {
       net::Endpoint endpoint;
       LB_RETURN_IF_ERROR(SetEndpoint(v[0], kBgpPort, &endpoint));
       o->bgp_listen = endpoint;
       return absl::OkStatus();
     },
     [](const Options& o) {
       return o.bgp_listen ? o.bgp_listen->ToString() : "";
     }},
    {"drain-wait", "DURATION",
     "A node that drains asks BGP routers to prefer others, and withdraws its "
     "routes this long (\"5s\") later, when routers have moved their flows.",
     false,
     [](Values v, Options* o) {
       return SetDuration(v[0], absl::Hours(1), &o->drain.wait);
     },
     [](const Options& o) { return absl::FormatDuration(o.drain.wait); }},
    {"drain-on", "MARK",
     "Drain while this node's Node object has one of these: cordon, deletion, "
     "shutdown (taints of autoscalers and of a machine that is off), or the "
     "key "
     "of a taint; default: none, as MetalLB.",
     true, SetDrainOn,
     [](const Options& o) {
       return fmt::format("{}", fmt::join(o.drain.on, ","));
     }},
    {"ignore-exclude-lb", "",
     "Announce also from nodes that have the label "
     "node.kubernetes.io/exclude-from-external-load-balancers; set it on all "
     "nodes.",
     false,
     [](Values v, Options* o) { return SetBool(v[0], &o->ignore_exclude_lb); },
     [](const Options& o) { return ShowBool(o.ignore_exclude_lb); }},
    {"interfaces", "PATTERN",
     "Announce on interfaces that match (\"eth*\", \"bond?\"); default: all.",
     true, [](Values v, Options* o) { return SetPatterns(v, &o->interfaces); },
     [](const Options& o) {
       return fmt::format("{}", fmt::join(o.interfaces, ","));
     }},
    {"exclude-interfaces", "PATTERN", "Skip interfaces that match.", true,
     [](Values v, Options* o) {
       return SetPatterns(v, &o->exclude_interfaces);
     },
     [](const Options& o) {
       return fmt::format("{}", fmt::join(o.exclude_interfaces, ","));
     }},
    {"status-listen", "unix:PATH|ADDRESS:PORT",
     "Socket of the status service; TCP needs TLS.", true, SetStatusListen,
     [](const Options& o) {
       return fmt::format("{}", fmt::join(o.status.listen, ","));
     }},
    {"status-group", "GROUP",
     "Group that may use the unix sockets; default: the process's group.",
     false,
     [](Values v, Options* o) {
       o->status.group = v[0];
       return absl::OkStatus();
     },
     [](const Options& o) { return o.status.group; }},
    {"status-tls-cert", "PATH",
     "PEM file of the certificate (chain) for status over TCP.", false,
     [](Values v, Options* o) { return SetPath(v[0], &o->status.tls.cert); },
     [](const Options& o) { return o.status.tls.cert; }},
    {"status-tls-key", "PATH", "PEM file of its private key.", false,
     [](Values v, Options* o) { return SetPath(v[0], &o->status.tls.key); },
     [](const Options& o) { return o.status.tls.key; }},
    {"status-tls-client-ca", "PATH",
     "PEM file of authorities; only clients with their certificates are "
     "served.",
     false,
     [](Values v, Options* o) {
       return SetPath(v[0], &o->status.tls.client_ca);
     },
     [](const Options& o) { return o.status.tls.client_ca; }},
    {"status-tls-anonymous", "",
     "Serve every client over TLS without a certificate, from other hosts too.",
     false,
     [](Values v, Options* o) {
       return SetBool(v[0], &o->status.tls.anonymous);
     },
     [](const Options& o) { return ShowBool(o.status.tls.anonymous); }},
    {"status-tls-readers", "NAME",
     "Serve only clients with this subject alternative name.", true,
     [](Values v, Options* o) { return SetNames(v, &o->status.tls.readers); },
     [](const Options& o) {
       return fmt::format("{}", fmt::join(o.status.tls.readers, ","));
     }},
    {"status-tls-admins", "NAME",
     "Only clients with this name may change the node over TLS.", true,
     [](Values v, Options* o) { return SetNames(v, &o->status.tls.admins); },
     [](const Options& o) {
       return fmt::format("{}", fmt::join(o.status.tls.admins, ","));
     }},
    {"admin-over-tls", "",
     "Clients over TLS may drain, reload and the like, as on the unix sockets.",
     false,
     [](Values v, Options* o) {
       return SetBool(v[0], &o->status.admin_over_tls);
     },
     [](const Options& o) { return ShowBool(o.status.admin_over_tls); }},
    {"insecure-status", "",
     "Allow status over TCP without TLS, on loopback addresses only.", false,
     [](Values v, Options* o) { return SetBool(v[0], &o->status.insecure); },
     [](const Options& o) { return ShowBool(o.status.insecure); }},
    {"metrics-listen", "ADDRESS:PORT",
     "Address of /metrics for Prometheus, without TLS; default: none.", false,
     SetMetricsListen, [](const Options& o) { return o.metrics_listen; }},
    {"busy-poll", "DURATION",
     "Spin for this long after each event instead of sleeping (\"1ms\"): lbd "
     "answers sooner, at the cost of a core; 0: never.",
     false,
     [](Values v, Options* o) {
       return SetDuration(v[0], absl::Hours(1), &o->busy_poll);
     },
     [](const Options& o) { return absl::FormatDuration(o.busy_poll); }},
    {"deliver", "HOW",
     "none, or loopback: put addresses on lo while they are announced.", false,
     [](Values v, Options* o) {
       return SetEnum(v[0], Deliver::kLoopback, &o->deliver);
     },
     [](const Options& o) { return std::string(ToString(o.deliver)); }},
    {"user", "NAME",
     "User to become when started as root; default: lbd if there is one.",
     false, [](Values v, Options* o) { return SetUser(v[0], o); },
     [](const Options& o) { return o.user; }},
    {"log-level", "LEVEL", "debug, info, warning or error.", false,
     [](Values v, Options* o) {
       return SetEnum(v[0], LogLevel::kError, &o->log_level);
     },
     [](const Options& o) { return std::string(ToString(o.log_level)); }},
    {"log-format", "FORMAT", "text or json.", false,
     [](Values v, Options* o) {
       return SetEnum(v[0], LogFormat::kJson, &o->log_format);
     },
     [](const Options& o) { return std::string(ToString(o.log_format)); }},
}};

}  // namespace

absl::Span<const OptionSpec> AllOptions() {
  static const auto& all = *[] {
    auto* const options = new std::vector<OptionSpec>();
    for (const OptionSpec& option : kOptions) {
      options->push_back(option);
      // They say where objects come from, as manifests do.
      if (option.name != "manifests") continue;
      const absl::Span<const OptionSpec> more = KubernetesOptions();
      options->insert(options->end(), more.begin(), more.end());
    }
    return options;
  }();
  return all;
}

}  // namespace lb
