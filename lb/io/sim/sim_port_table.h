// SimPortTable: the sockets of one protocol that a simulated host has open, by
// address and port.
//
// Internal to lb/io/sim. Socket is a shared_ptr. 0.0.0.0 is all IPv4 addresses
// of the host, [::] all of both families, as in Linux.
#ifndef LB_IO_SIM_SIM_PORT_TABLE_H_
#define LB_IO_SIM_SIM_PORT_TABLE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/btree_map.h"
#include "lb/net/endpoint.h"
#include "lb/net/ip_address.h"

namespace lb::io {

template <typename Socket>
class SimPortTable {
 public:
  // Does a packet to one of the addresses of `a` have two receivers with a
  // socket at `b`, on the same port?
  static bool Overlap(const net::IpAddress& a, const net::IpAddress& b) {
    return a == b || Covers(a, b) || Covers(b, a);
  }

  bool IsFree(const net::Endpoint& at) const {
    for (const auto& [other, socket] : sockets_) {
      if (other.port == at.port && Overlap(other.address, at.address)) {
        return false;
      }
    }
    return true;
  }

  // `at`, or for port 0 the lowest port from kFirstFreePort on that is free.
  // Nullopt: it is in use.
  std::optional<net::Endpoint> Choose(const net::Endpoint& at) const {
    if (at.port != 0) {
      return IsFree(at) ? std::optional(at) : std::nullopt;
    }
    for (int port = kFirstFreePort; port <= UINT16_MAX; ++port) {
      const net::Endpoint there = {at.address, static_cast<uint16_t>(port)};
      if (IsFree(there)) return there;
    }
    return std::nullopt;
  }

  // REQUIRES: IsFree(at).
  void Add(const net::Endpoint& at, Socket socket) {
    sockets_.emplace(at, std::move(socket));
  }
  void Remove(const net::Endpoint& at) { sockets_.erase(at); }

  // The socket to which a packet goes. Null: none.
  Socket Find(const net::Endpoint& to) const {
    for (const auto& [at, socket] : sockets_) {
      if (at.port == to.port && (at == to || Covers(at.address, to.address))) {
        return socket;
      }
    }
    return nullptr;
  }

  std::vector<Socket> All() const {
    std::vector<Socket> all;
    for (const auto& [at, socket] : sockets_) all.push_back(socket);
    return all;
  }

 private:
  static constexpr int kFirstFreePort = 49152;

  static bool Covers(const net::IpAddress& any, const net::IpAddress& one) {
    return any.is_unspecified() && (any.is_ipv6() || one.is_ipv4());
  }

  absl::btree_map<net::Endpoint, Socket> sockets_;
};

}  // namespace lb::io

#endif  // LB_IO_SIM_SIM_PORT_TABLE_H_
