// SimResolver: host names of a simulation, as its scripts say.
//
//   n1->resolver().Set("n2", {n2->address()});
//   n1->resolver().Fail("n2", absl::UnavailableError("no name server"));
//
// A name that was never set is NotFound. An answer comes after the delay, and
// is what the table has by then.
#ifndef LB_IO_SIM_SIM_RESOLVER_H_
#define LB_IO_SIM_SIM_RESOLVER_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lb/io/resolver.h"
#include "lb/io/sim/sim_process.h"
#include "lb/net/ip_address.h"

namespace lb::io {

class SimResolver final : public Resolver {
 public:
  explicit SimResolver(SimProcess* process) : process_(process) {}
  SimResolver(const SimResolver&) = delete;
  SimResolver& operator=(const SimResolver&) = delete;

  void Set(const std::string& name, std::vector<net::IpAddress> addresses) {
    names_.insert_or_assign(name, std::move(addresses));
  }
  void Fail(const std::string& name, const absl::Status& why) {
    names_.insert_or_assign(name, why);
  }
  void SetDelay(absl::Duration delay) { delay_ = delay; }
  // Lookups so far.
  uint64_t lookups() const { return lookups_; }

  void Resolve(const std::string& name, OnResolved on_resolved) override;

 private:
  SimProcess* const process_;
  absl::Duration delay_ = absl::Milliseconds(1);
  uint64_t lookups_ = 0;
  std::map<std::string, absl::StatusOr<std::vector<net::IpAddress>>> names_;
};

}  // namespace lb::io

#endif  // LB_IO_SIM_SIM_RESOLVER_H_
