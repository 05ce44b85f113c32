#include "lb/config/peer_on_node.h"

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/config/printable.h"
#include "lb/net/address_text.h"
#include "lb/net/ip_address.h"

namespace lb::config {
namespace {

using election::NodeAttributes;

// Nullptr: the node has neither a label nor an annotation of that name.
const std::string* ValueOf(const NodeAttributes& node, const std::string& key) {
  if (key.empty()) return nullptr;
  for (const Labels* values : {&node.labels, &node.bgp_annotations}) {
    const auto found = values->find(key);
    if (found != values->end()) return &found->second;
  }
  return nullptr;
}

absl::Status Unfit(const NodeAttributes& node, const std::string& key,
                   const std::string& value, std::string_view want) {
  return absl::InvalidArgumentError(
      fmt::format("Node/{}: {} is \"{}\", want {}", node.name, key,
                  Printable(value), want));
}

// Nullopt: the node does not have it.
absl::StatusOr<std::optional<bgp::Asn>> AsnOf(const NodeAttributes& node,
                                              const std::string& key) {
  const std::string* const value = ValueOf(node, key);
  if (value == nullptr) return std::nullopt;
  const auto asn = bgp::ParseAsn(*value);
  if (!asn.ok()) {
    return Unfit(node, key, *value, "an AS number, 1 to 4294967295");
  }
  return *asn;
}

absl::Status SetAddress(const NodeAttributes& node, BgpPeer& peer) {
  const std::string& key = peer.from_node.address;
  const std::string* const value = ValueOf(node, key);
  if (value == nullptr) return absl::OkStatus();
  const auto address = net::ParseIpAddress(*value);
  if (!address.ok() || address->is_unspecified() || address->is_multicast() ||
      address->is_link_local()) {
    return Unfit(node, key, *value, "the address of a router");
  }
  const auto& source = peer.source_address;
  if (source && source->family() != address->family()) {
    return Unfit(node, key, *value,
                 fmt::format("an {} address, as sourceAddress is one",
                             net::ToString(source->family())));
  }
  peer.address = *address;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<BgpPeer> PeerOnNode(const BgpPeer& peer,
                                   const NodeAttributes& node) {
  BgpPeer here = peer;
  LB_ASSIGN_OR_RETURN(const auto my_as, AsnOf(node, peer.from_node.my_as));
  if (my_as) here.my_as = *my_as;
  LB_ASSIGN_OR_RETURN(const auto peer_as, AsnOf(node, peer.from_node.peer_as));
  if (peer_as) {
    here.peer_as = *peer_as;
    here.dynamic_as = BgpPeer::DynamicAs::kNone;
  }
  LB_RETURN_IF_ERROR(SetAddress(node, here));
  return here;
}

}  // namespace lb::config
