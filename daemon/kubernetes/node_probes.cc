#include "daemon/kubernetes/node_probes.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "daemon/kubernetes/status_fields.h"
#include "lb/kubernetes/tree_path.h"
#include "lb/net/ip_address.h"

namespace lb {
namespace {

using config::YamlNode;
using kubernetes::NodeAt;
using kubernetes::TextAt;

constexpr uint32_t kKubeletPort = 10250;

// Its own address in the cluster, of the first that can be read.
std::optional<net::IpAddress> AddressOf(const YamlNode& object) {
  const YamlNode* const addresses = NodeAt(object, "status.addresses");
  if (addresses == nullptr) return std::nullopt;
  for (const YamlNode& entry : addresses->children) {
    if (TextAt(entry, "type") != "InternalIP") continue;
    const auto address =
        net::ParseIpAddress(std::string(TextAt(entry, "address")));
    if (address.ok()) return *address;
  }
  return std::nullopt;
}

}  // namespace

NodeEntry ReadNodeEntry(const kubernetes::ObjectMeta& meta,
                        const YamlNode& object) {
  NodeEntry node = {.name = meta.key.name, .is_ready = IsReady(object)};
  uint32_t port = 0;
  const std::string told(
      TextAt(object, "status.daemonEndpoints.kubeletEndpoint.Port"));
  if (!absl::SimpleAtoi(told, &port) || port == 0 || port > 65535) {
    port = kKubeletPort;
  }
  if (const auto address = AddressOf(object)) {
    node.kubelet = {*address, static_cast<uint16_t>(port)};
  }
  return node;
}

NodeProbes::NodeProbes(io::Loop* loop, io::StreamFactory* streams,
                       OnProbed on_probed)
    : loop_(loop), on_probed_(std::move(on_probed)) {
  auto dialer = streams->MakeDialer(*net::ParseIpAddress("::"), {});
  if (dialer.ok()) dialer_ = *std::move(dialer);
}

void NodeProbes::Probe(const std::string& node, const net::Endpoint& kubelet) {
  if (dialer_ == nullptr || !under_way_.insert(node).second) return;
  dialer_->Connect(
      kubelet, loop_->Now() + kTimeout,
      [this, node](const absl::StatusOr<std::unique_ptr<io::Stream>>& stream) {
        under_way_.erase(node);
        on_probed_(node, stream.ok() || io::IsRefused(stream.status()));
      });
}

}  // namespace lb
