#include "lb/bgp/router_id.h"

#include <algorithm>

#include "lb/base/sha256.h"

namespace lb::bgp {

uint32_t ChooseIdentifier(const PeerOptions& options,
                          const LocalAddresses& local,
                          std::string_view node_name) {
  if (options.identifier) return *options.identifier;
  if (local.session.is_ipv4()) {
    return static_cast<uint32_t>(local.session.number());
  }
  if (local.ipv4) return static_cast<uint32_t>(local.ipv4->number());
  const Sha256::Digest digest = Sha256::Of(node_name);
  uint32_t number = 0;
  for (int n = 0; n < 4; ++n) number = number << 8 | digest[n];
  return std::max<uint32_t>(number, 1);
}

}  // namespace lb::bgp
