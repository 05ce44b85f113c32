// Resolver: the addresses of a host name, asked for beside the loop.
#ifndef LB_IO_RESOLVER_H_
#define LB_IO_RESOLVER_H_

#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "lb/net/ip_address.h"

namespace lb::io {

class Resolver {
 public:
  // All addresses of both families, without repetition, in ascending order; at
  // least one. NotFound: there is no such name, or it has none. Unavailable: no
  // server could tell just now.
  using OnResolved =
      absl::AnyInvocable<void(absl::StatusOr<std::vector<net::IpAddress>>)>;

  virtual ~Resolver() = default;

  // Each call asks again. `on_resolved` comes once, on a later turn of the
  // loop, unless the resolver is destroyed before. Loop thread only.
  virtual void Resolve(const std::string& name, OnResolved on_resolved) = 0;
};

}  // namespace lb::io

#endif  // LB_IO_RESOLVER_H_
