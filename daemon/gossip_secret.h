// ReadGossipSecret: reads the keyring of a gossip-secret-file.
// FindGossipWeakness says what is weak about it.
#ifndef LB_DAEMON_GOSSIP_SECRET_H_
#define LB_DAEMON_GOSSIP_SECRET_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "daemon/options/options.h"
#include "lb/gossip/wire/keyring.h"

namespace lb {

// Both keys of the secret in the file, as MetalLB makes them; the one by
// `derivation` encrypts. Errors are ReadTextFile()'s, of at most 4 KiB;
// InvalidArgument: it is empty.
absl::StatusOr<gossip::wire::Keyring> ReadGossipSecret(
    const std::string& path, gossip::wire::KeyDerivation derivation);

// Bytes; an attacker with recorded packets can try all shorter secrets.
inline constexpr size_t kSecretSizeWanted = 16;

struct GossipWeakness {
  std::string_view reason;  // An event's.
  std::string message;
};

// Nullopt: there is a secret, and it is long enough. A file that cannot be read
// does not count as weak here.
std::optional<GossipWeakness> FindGossipWeakness(const Options& options);

}  // namespace lb

#endif  // LB_DAEMON_GOSSIP_SECRET_H_
