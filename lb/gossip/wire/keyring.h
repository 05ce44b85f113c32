// Keyring: the AES keys of a cluster; the first one encrypts, all decrypt.
//
// Rotation without loss: Add the new key on all nodes, Use it on all, Remove
// the old one on all.
#ifndef LB_GOSSIP_WIRE_KEYRING_H_
#define LB_GOSSIP_WIRE_KEYRING_H_

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "lb/gossip/wire/messages.h"

namespace lb::gossip::wire {

class Keyring {
 public:
  // Appends; OK if present. InvalidArgument unless 16, 24 or 32 bytes.
  absl::Status Add(Bytes key);
  // Makes it the primary key. NotFound: not in the ring.
  absl::Status Use(const Bytes& key);
  // OK if absent. FailedPrecondition: it is the primary key.
  absl::Status Remove(const Bytes& key);

  bool empty() const { return keys_.empty(); }
  // Primary first.
  const std::vector<Bytes>& keys() const { return keys_; }

 private:
  std::vector<Bytes> keys_;
};

// The key that MetalLB (0.13.13 and later) makes of its secret: the first 32
// bytes of the secret followed by SHA-256 of nothing. A secret of 22
// characters thus gives AES-256 with the entropy of the 22. The secret is taken
// as it is: a trailing newline belongs to it.
Bytes MetallbKey(std::string_view secret);

}  // namespace lb::gossip::wire

#endif  // LB_GOSSIP_WIRE_KEYRING_H_
