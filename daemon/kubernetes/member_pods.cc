#include "daemon/kubernetes/member_pods.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "daemon/kubernetes/status_fields.h"
#include "lb/config/yaml_tree.h"
#include "lb/kubernetes/tree_path.h"

namespace lb {

using kubernetes::Change;
using kubernetes::TextAt;

namespace {

// By the label that the chart and the manifests give it.
bool IsLbd(const config::YamlNode& pod) {
  return LabelOf(pod, "app.kubernetes.io/name") == "lbd";
}

}  // namespace

MemberPods::MemberPods(io::Loop* loop, http::Client* client, Which which,
                       const Prng& prng, std::function<void()> on_change)
    : loop_(loop),
      on_change_(std::move(on_change)),
      timer_(loop->NewTimer([this] {
        on_change_();
        Arm();
      })),
      reflector_(loop, client, this,
                 {.resource = {"", "v1", "pods"},
                  .name_space = std::move(which.name_space),
                  .label_selector = std::move(which.labels),
                  .objects_max = kPodsMax},
                 prng.Fork("pods")) {}

std::vector<net::IpAddress> MemberPods::addresses() const {
  std::vector<net::IpAddress> addresses;
  for (const auto& [name, pod] : pods_) {
    if (pod.counts_from <= loop_->Now()) addresses.push_back(pod.address);
  }
  return addresses;
}

std::string MemberPods::UidOf(const std::string& pod) const {
  const auto known = pods_.find(pod);
  return known == pods_.end() ? "" : known->second.uid;
}

void MemberPods::OnChange(const Change& change) {
  if (change.kind == Change::Kind::kListed) return on_change_();
  const std::string& name = change.meta.key.name;
  const std::string_view phase = TextAt(change.object, "status.phase");
  const auto address =
      net::ParseIpAddress(std::string(TextAt(change.object, "status.podIP")));
  const bool counts = change.kind == Change::Kind::kSet && address.ok() &&
                      phase != "Succeeded" && phase != "Failed";
  const auto known = pods_.find(name);
  if (!counts) {
    if (known != pods_.end()) pods_.erase(known);
    return;
  }
  Pod pod = {.address = *address, .uid = change.meta.uid};
  if (!IsLbd(change.object) && !IsReady(change.object)) {
    const bool is_new = known == pods_.end() || known->second.uid != pod.uid;
    pod.counts_from =
        is_new ? loop_->Now() + kSpeakerStart : known->second.counts_from;
  }
  if (known != pods_.end() && known->second == pod) return;
  pods_.insert_or_assign(name, pod);
  on_change_();
  Arm();
}

void MemberPods::Arm() {
  const absl::Time now = loop_->Now();
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [name, pod] : pods_) {
    if (pod.counts_from > now) next = std::min(next, pod.counts_from);
  }
  timer_->Arm(next);
}

}  // namespace lb
