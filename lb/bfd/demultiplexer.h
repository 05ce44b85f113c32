// Demultiplexer: finds the session that a packet without a discriminator is for
// (RFC 5881 section 3, RFC 5883 section 4.1).
//
//   Demultiplexer sessions;
//   sessions.Add(key, discriminator);
//   sessions.Find({.hops = Hops::kSingle, .from = router, .to = own_address,
//                  .interface = "eth0"});
//
// The remote address and the kind must be the session's, and so must be the
// interface and the local address if it has them. Among several sessions the
// one with the interface goes first, then the one with the local address. Pure
// bookkeeping.
#ifndef LB_BFD_DEMULTIPLEXER_H_
#define LB_BFD_DEMULTIPLEXER_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/container/btree_map.h"
#include "lb/bfd/session_options.h"
#include "lb/net/ip_address.h"

namespace lb::bfd {

// The way that a packet came.
struct PacketWay {
  Hops hops = Hops::kSingle;  // By its port.
  net::IpAddress from;
  net::IpAddress to;
  std::string_view interface;
};

class Demultiplexer {
 public:
  // REQUIRES: the key is not there yet.
  void Add(const SessionKey& key, uint32_t discriminator);
  void Remove(const SessionKey& key) { discriminators_.erase(key); }

  // The discriminator of the session with exactly that key; 0: there is none.
  uint32_t Of(const SessionKey& key) const;
  // The discriminator of the session; 0: no session is for it.
  uint32_t Find(const PacketWay& way) const;

  // All keys, in their order, with the discriminators.
  const absl::btree_map<SessionKey, uint32_t>& all() const {
    return discriminators_;
  }

 private:
  absl::btree_map<SessionKey, uint32_t> discriminators_;
};

}  // namespace lb::bfd

#endif  // LB_BFD_DEMULTIPLEXER_H_
