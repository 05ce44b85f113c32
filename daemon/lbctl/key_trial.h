// TryKeys: finds out whether a peer understands gossip under this host's
// secret.
//
// Sends each endpoint one ping over TCP, encrypted as lbd would, or in the
// clear without a secret, and reads what comes back. A peer with another key
// says so, since memberlist answers bytes that it cannot read with an error.
// Needs no running lbd and changes nothing. Takes at most two seconds.
#ifndef LB_DAEMON_LBCTL_KEY_TRIAL_H_
#define LB_DAEMON_LBCTL_KEY_TRIAL_H_

#include <string>
#include <vector>

#include "lb/gossip/wire/keyring.h"
#include "lb/io/posix/posix_loop.h"
#include "lb/net/endpoint.h"

namespace lb::lbctl {

enum class KeyVerdict {
  kUntried,
  kUnderstood,
  kOtherDerivation,  // It understands the secret's other key only.
  kOtherKey,
  kTheirsClear,  // It is in the clear; this host has a secret.
  kOursClear,    // It encrypts; this host has no secret.
  kClosed,       // It ended the connection without an answer.
  kSilent,       // No answer in time.
};

// One verdict for each endpoint, in their order. The first key of `keyring`
// encrypts; empty: in the clear. `label` is the gossip's. Runs `loop`.
std::vector<KeyVerdict> TryKeys(io::PosixLoop* loop,
                                const std::vector<net::Endpoint>& endpoints,
                                const gossip::wire::Keyring& keyring,
                                const std::string& label = {});

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_KEY_TRIAL_H_
