// LeaseElector: makes one of several processes the holder of a Lease.
//
// It watches the Lease by a Reflector of its own, so a Lease that was given up
// is taken within half a `retry_period`. lease_election.h has the rules.
//
//   LeaseElector elector(&loop, &client, &elections,
//                        {.key = {"lb-system", "lbd"}, .identity = "n1-7"},
//                        prng);
//   elector.Start();
//   if (elector.IsHolder()) Apply();
//
// Rights: get, list, watch, create and patch of leases in that namespace. List
// and watch are asked for with the field selector metadata.name.
//
// Loop thread only. The loop, the client and the observer outlive it; the
// observer may destroy it. Without Stop() others wait for `lease_duration`.
#ifndef LB_KUBERNETES_LEASE_ELECTOR_H_
#define LB_KUBERNETES_LEASE_ELECTOR_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "lb/base/prng.h"
#include "lb/http/client.h"
#include "lb/io/loop.h"
#include "lb/kubernetes/lease_election.h"
#include "lb/kubernetes/reflector.h"

namespace lb::kubernetes {

class LeaseElector : private Reflector::Observer {
 public:
  class Observer {
   public:
    virtual ~Observer() = default;
    // IsHolder() or holder() is another than at the last call. A loop that was
    // late calls late: IsHolder() itself is always right.
    virtual void OnElection() = 0;
  };

  // REQUIRES: Validate(options) is OK.
  LeaseElector(io::Loop* loop, http::Client* client, Observer* observer,
               const LeaseOptions& options, const Prng& prng);
  LeaseElector(const LeaseElector&) = delete;
  LeaseElector& operator=(const LeaseElector&) = delete;
  ~LeaseElector() override;

  // To be called once.
  void Start() { reflector_.Start(); }

  // Gives the Lease up, so that another takes it at once. The process must not
  // act as the holder any more.
  void Stop();
  // True once the Lease was given up, or that failed; after Stop().
  bool is_stopped() const { return core_.is_stopped(); }

  // May this process act now?
  bool IsHolder() const { return core_.IsHolder(loop_->Now()); }
  std::string holder() const { return core_.holder(); }
  // The last failure of a request for the Lease itself; empty if there was
  // none. What hinders the watch, and with it any election, is in watch().
  const std::string& last_error() const { return core_.last_error(); }
  const ListWatch& watch() const { return reflector_.state(); }

 private:
  void OnChange(const Change& change) override;
  // Carries out what the core asks for, then tells the observer, which may
  // destroy this object.
  void Drain();

  io::Loop* const loop_;
  http::Client* const client_;
  Observer* const observer_;
  LeaseElection core_;
  Reflector reflector_;
  bool is_there_ = false;  // The Lease, as the watch says.
  bool was_holder_ = false;
  std::string told_holder_;
  std::optional<http::RequestId> request_;
  std::unique_ptr<io::Timer> timer_;
};

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_LEASE_ELECTOR_H_
