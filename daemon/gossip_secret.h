// ReadGossipSecret: the keyring of a gossip-secret-file.
#ifndef LB_DAEMON_GOSSIP_SECRET_H_
#define LB_DAEMON_GOSSIP_SECRET_H_

#include <string>

#include "absl/status/statusor.h"
#include "lb/gossip/wire/keyring.h"

namespace lb {

// Both keys of the secret in the file, as MetalLB makes them; the one by
// `derivation` encrypts. Errors are ReadTextFile()'s, of at most 4 KiB;
// InvalidArgument: it is empty.
absl::StatusOr<gossip::wire::Keyring> ReadGossipSecret(
    const std::string& path, gossip::wire::KeyDerivation derivation);

}  // namespace lb

#endif  // LB_DAEMON_GOSSIP_SECRET_H_
