#include "daemon/kubernetes/member_pods.h"

#include <string_view>
#include <utility>

#include "lb/kubernetes/tree_path.h"

namespace lb {

using kubernetes::Change;
using kubernetes::TextAt;

MemberPods::MemberPods(io::Loop* loop, http::Client* client, Which which,
                       const Prng& prng, std::function<void()> on_change)
    : on_change_(std::move(on_change)),
      reflector_(loop, client, this,
                 {.resource = {"", "v1", "pods"},
                  .name_space = std::move(which.name_space),
                  .label_selector = std::move(which.labels),
                  .objects_max = kPodsMax},
                 prng.Fork("pods")) {}

std::vector<net::IpAddress> MemberPods::addresses() const {
  std::vector<net::IpAddress> addresses;
  for (const auto& [name, pod] : pods_) addresses.push_back(pod.address);
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
  const Pod pod = {*address, change.meta.uid};
  if (known != pods_.end() && known->second == pod) return;
  pods_.insert_or_assign(name, pod);
  on_change_();
}

}  // namespace lb
