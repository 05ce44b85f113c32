#include "daemon/options/kubernetes_options.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/time/time.h"
#include "daemon/options/set_option.h"
#include "fmt/format.h"
#include "lb/config/printable.h"

namespace lb {
namespace {

using Values = absl::Span<const std::string>;

// An empty text stands for the server that the kubeconfig or the pod names.
// What makes a URL is checked by what dials it.
absl::Status SetApiServer(Values values, Options* options) {
  const std::string& url = values[0];
  if (!url.empty() && !url.starts_with("https://")) {
    return WrongOption(url, "a URL, https://HOST[:PORT]");
  }
  options->kubernetes.api_server = url;
  return absl::OkStatus();
}

// As the API takes it. An empty one would select the controllers' pods, too.
absl::Status SetSpeakerPods(Values values, Options* options) {
  if (values[0].empty() || config::Printable(values[0]) != values[0]) {
    return WrongOption(values[0],
                       "a label selector, such as component=speaker");
  }
  options->kubernetes.speaker_pods = values[0];
  return absl::OkStatus();
}

// An empty text stands for the default. RFC 1123, as Kubernetes has it.
absl::Status SetNamespace(Values values, Options* options) {
  const std::string& name = values[0];
  const bool is_name =
      name.size() <= 63 && !name.starts_with('-') && !name.ends_with('-') &&
      std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
      });
  if (!is_name) {
    return WrongOption(name, "up to 63 lower-case letters, digits and '-'");
  }
  options->kubernetes.name_space = name;
  return absl::OkStatus();
}

absl::Status SetLimit(Values values, Options* options) {
  int limit = 0;
  if (!absl::SimpleAtoi(values[0], &limit) || limit < 2 || limit > 1000) {
    return WrongOption(values[0], "a number from 2 to 1000");
  }
  options->kubernetes.fast_node_failure_limit = limit;
  return absl::OkStatus();
}

constexpr std::array<OptionSpec, 13> kOptions = {{
    {"kubernetes", "",
     "Take services, pools and nodes from the Kubernetes API, in place of "
     "manifests.",
     false,
     [](Values v, Options* o) { return SetBool(v[0], &o->kubernetes.enabled); },
     [](const Options& o) { return ShowBool(o.kubernetes.enabled); }},
    {"role", "ROLE",
     "With kubernetes: controller gives services addresses, speaker announces "
     "them, all does both.",
     false,
     [](Values v, Options* o) {
       return SetEnum(v[0], Role::kSpeaker, &o->kubernetes.role);
     },
     [](const Options& o) { return std::string(ToString(o.kubernetes.role)); }},
    {"pools-from", "SOURCE",
     "With kubernetes: where IPAddressPools and L2Advertisements come from: "
     "api, or manifests, which have no other objects then.",
     false,
     [](Values v, Options* o) {
       return SetEnum(v[0], PoolsFrom::kManifests, &o->kubernetes.pools_from);
     },
     [](const Options& o) {
       return std::string(ToString(o.kubernetes.pools_from));
     }},
    {"kubeconfig", "PATH",
     "File that says where the API server is; default: as in a pod.", false,
     [](Values v, Options* o) {
       o->kubernetes.kubeconfig = v[0];
       return absl::OkStatus();
     },
     [](const Options& o) { return o.kubernetes.kubeconfig; }},
    {"kube-api-server", "URL",
     "Address of the API server in place of the one that the kubeconfig or the "
     "pod names (\"https://10.0.0.1:6443\"), to reach it without kube-proxy.",
     false, SetApiServer,
     [](const Options& o) { return o.kubernetes.api_server; }},
    {"kubernetes-namespace", "NAME",
     "Namespace whose metallb.io objects count; default: the pod's, else "
     "metallb-system.",
     false, SetNamespace,
     [](const Options& o) { return o.kubernetes.name_space; }},
    {"speaker-pods", "SELECTOR",
     "Labels of the speakers' pods in that namespace, which gossip with this "
     "one.",
     false, SetSpeakerPods,
     [](const Options& o) { return o.kubernetes.speaker_pods; }},
    {"lease-duration", "DURATION",
     "How long another controller waits for one that is silent, in whole "
     "seconds.",
     false,
     [](Values v, Options* o) {
       return SetDuration(v[0], absl::Hours(1), &o->kubernetes.lease_duration);
     },
     [](const Options& o) {
       return absl::FormatDuration(o.kubernetes.lease_duration);
     }},
    {"lease-renew-deadline", "DURATION",
     "How long a controller acts without having renewed its Lease.", false,
     [](Values v, Options* o) {
       return SetDuration(v[0], absl::Hours(1),
                          &o->kubernetes.lease_renew_deadline);
     },
     [](const Options& o) {
       return absl::FormatDuration(o.kubernetes.lease_renew_deadline);
     }},
    {"lease-retry-period", "DURATION",
     "How often a controller renews its Lease.", false,
     [](Values v, Options* o) {
       return SetDuration(v[0], absl::Hours(1),
                          &o->kubernetes.lease_retry_period);
     },
     [](const Options& o) {
       return absl::FormatDuration(o.kubernetes.lease_retry_period);
     }},
    {"fast-node-failure", "",
     "Mark the pods of a dead node NotReady some 40 s before Kubernetes does, "
     "so that no request goes to them. Give it to controllers and speakers.",
     false,
     [](Values v, Options* o) {
       return SetBool(v[0], &o->kubernetes.fast_node_failure);
     },
     [](const Options& o) { return ShowBool(o.kubernetes.fast_node_failure); }},
    {"fast-node-failure-grace", "DURATION",
     "For how long half of the nodes must have lost a node before that.", false,
     [](Values v, Options* o) {
       return SetDuration(v[0], absl::Seconds(20),
                          &o->kubernetes.fast_node_failure_grace);
     },
     [](const Options& o) {
       return absl::FormatDuration(o.kubernetes.fast_node_failure_grace);
     }},
    {"fast-node-failure-limit", "N",
     "At most one node in N is out when that is done.", false, SetLimit,
     [](const Options& o) {
       return fmt::format("{}", o.kubernetes.fast_node_failure_limit);
     }},
}};

absl::Status Refuse(std::string_view option, std::string_view why) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", option, why));
}

// As client-go has them.
absl::Status ValidateLease(const KubernetesSettings& settings) {
  const absl::Duration duration = settings.lease_duration;
  const absl::Duration renew = settings.lease_renew_deadline;
  const absl::Duration retry = settings.lease_retry_period;
  if (duration != absl::Trunc(duration, absl::Seconds(1)) ||
      duration <= renew) {
    return Refuse("lease-duration",
                  fmt::format("{}, want whole seconds and more than "
                              "lease-renew-deadline ({})",
                              absl::FormatDuration(duration),
                              absl::FormatDuration(renew)));
  }
  if (retry <= absl::ZeroDuration() || renew <= retry * 1.2) {
    return Refuse(
        "lease-renew-deadline",
        fmt::format("{}, want more than 1.2 times "
                    "lease-retry-period ({}), which is more than 0",
                    absl::FormatDuration(renew), absl::FormatDuration(retry)));
  }
  return absl::OkStatus();
}

}  // namespace

std::string_view ToString(Role role) {
  switch (role) {
    case Role::kAll:
      return "all";
    case Role::kController:
      return "controller";
    case Role::kSpeaker:
      return "speaker";
  }
  return "all";
}

std::string_view ToString(PoolsFrom from) {
  return from == PoolsFrom::kApi ? "api" : "manifests";
}

absl::Span<const OptionSpec> KubernetesOptions() { return kOptions; }

absl::Status ValidateKubernetes(const Options& options) {
  const KubernetesSettings& settings = options.kubernetes;
  if (settings.enabled) {
    const bool wants_files = settings.pools_from == PoolsFrom::kManifests;
    if (!options.manifests.empty() && !wants_files) {
      return Refuse("manifests",
                    "given besides kubernetes, want one of the two, as objects "
                    "come from files, or from the API server; or pools-from: "
                    "manifests, for pools and advertisements alone");
    }
    if (options.manifests.empty() && wants_files) {
      return Refuse("pools-from", "manifests, and none are given");
    }
    return ValidateLease(settings);
  }
  for (const auto& [is_given, option] :
       {std::pair(settings.role != Role::kAll, "role"),
        std::pair(settings.pools_from != PoolsFrom::kApi, "pools-from"),
        std::pair(settings.fast_node_failure, "fast-node-failure"),
        std::pair(!settings.kubeconfig.empty(), "kubeconfig"),
        std::pair(!settings.api_server.empty(), "kube-api-server"),
        std::pair(!settings.name_space.empty(), "kubernetes-namespace"),
        std::pair(settings.speaker_pods != kSpeakerPods, "speaker-pods")}) {
    if (!is_given) continue;
    return Refuse("kubernetes", fmt::format("not given, {} wants it", option));
  }
  return absl::OkStatus();
}

}  // namespace lb
