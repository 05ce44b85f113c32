#include "lb/bfd/demultiplexer.h"

#include <optional>
#include <string>

#include "lb/base/check.h"

namespace lb::bfd {

void Demultiplexer::Add(const SessionKey& key, uint32_t discriminator) {
  LB_CHECK(discriminators_.emplace(key, discriminator).second);
}

uint32_t Demultiplexer::Of(const SessionKey& key) const {
  const auto found = discriminators_.find(key);
  return found == discriminators_.end() ? 0 : found->second;
}

uint32_t Demultiplexer::Find(const PacketWay& way) const {
  for (const std::string_view interface : {way.interface, {}}) {
    for (const bool has_local : {true, false}) {
      const uint32_t found =
          Of({.hops = way.hops,
              .remote = way.from,
              .local = has_local ? std::optional(way.to) : std::nullopt,
              .interface = std::string(interface)});
      if (found != 0) return found;
    }
  }
  return 0;
}

}  // namespace lb::bfd
