// RestartRecord: whether this process follows another one of the same boot,
// whose routes peers may have kept (RFC 4724).
//
// A record in the state folder names the boot. Packets were forwarded all the
// time if the kernel is the same one; after a reboot they were not. Loop thread
// only; the ports outlive it.
//
//   RestartRecord record(boot_id, io::StatePorts::From(environment));
//   options.restart = record.TakeUp(restart_time);
//   record.Keep();  // Once a peer is promised a restart.
#ifndef LB_DAEMON_ROUTING_RESTART_RECORD_H_
#define LB_DAEMON_ROUTING_RESTART_RECORD_H_

#include <string>
#include <utility>

#include "absl/time/time.h"
#include "lb/bgp/session.h"
#include "lb/io/state_ports.h"

namespace lb {

class RestartRecord {
 public:
  // `boot_id`: the kernel's; empty: it is not known, and nothing is claimed.
  RestartRecord(std::string boot_id, const io::StatePorts& ports)
      : boot_id_(std::move(boot_id)), ports_(ports) {}

  // What peers are told for `restart_time` from now on. Blocks; call it once,
  // before Keep().
  bgp::RestartState TakeUp(absl::Duration restart_time);
  // Leaves the record for the next process. Once; a later call does nothing.
  void Keep();

 private:
  const std::string boot_id_;
  const io::StatePorts ports_;
  bool kept_ = false;  // The record is of this boot.
};

}  // namespace lb

#endif  // LB_DAEMON_ROUTING_RESTART_RECORD_H_
